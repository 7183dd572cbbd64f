SELECT 0 AS "series", "key", "n" FROM (SELECT "key", "n", "object", ROW_NUMBER() OVER (PARTITION BY "object" ORDER BY "n" DESC, "key") AS "place"
FROM (SELECT "key", "n", CASE WHEN LEFT("key", 1) = 'j' OR LEFT("key", 2) IN ('s{', 's[') THEN 1 ELSE 0 END AS "object" FROM (SELECT COALESCE('s' || (e."p3_text"), 's' || (CASE WHEN abs(e."p3_number") < 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(e."p3_number" AS BIGINT) AS VARCHAR) WHEN abs(e."p3_number") >= 1e21 OR abs(e."p3_number") < 1e-6 THEN regexp_replace(CAST(e."p3_number" AS VARCHAR), 'e([+-])0', 'e\1') WHEN abs(e."p3_number") >= 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 0)) AS VARCHAR) WHEN abs(e."p3_number") < 1e-3 THEN rtrim(CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 30)) AS VARCHAR), '0') ELSE CAST(e."p3_number" AS VARCHAR) END), CASE WHEN e."p3_boolean" THEN 'strue' WHEN NOT e."p3_boolean" THEN 'sfalse' END, 'j' || (e."p3_complex")) AS "key", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 1) AS r
WHERE "key" IS NOT NULL) AS r) AS r
WHERE "place" <= CASE WHEN "object" = 1 THEN 100001 ELSE 3 END
UNION ALL
SELECT 1 AS "series", "key", "n" FROM (SELECT "key", "n", "object", ROW_NUMBER() OVER (PARTITION BY "object" ORDER BY "n" DESC, "key") AS "place"
FROM (SELECT "key", "n", CASE WHEN LEFT("key", 1) = 'j' OR LEFT("key", 2) IN ('s{', 's[') THEN 1 ELSE 0 END AS "object" FROM (SELECT COALESCE('s' || (e."p3_text"), 's' || (CASE WHEN abs(e."p3_number") < 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(e."p3_number" AS BIGINT) AS VARCHAR) WHEN abs(e."p3_number") >= 1e21 OR abs(e."p3_number") < 1e-6 THEN regexp_replace(CAST(e."p3_number" AS VARCHAR), 'e([+-])0', 'e\1') WHEN abs(e."p3_number") >= 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 0)) AS VARCHAR) WHEN abs(e."p3_number") < 1e-3 THEN rtrim(CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 30)) AS VARCHAR), '0') ELSE CAST(e."p3_number" AS VARCHAR) END), CASE WHEN e."p3_boolean" THEN 'strue' WHEN NOT e."p3_boolean" THEN 'sfalse' END, 'j' || (e."p3_complex")) AS "key", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
GROUP BY 1) AS r
WHERE "key" IS NOT NULL) AS r) AS r
WHERE "place" <= CASE WHEN "object" = 1 THEN 100001 ELSE 3 END
-- $1 = string a
