SELECT 0 AS "series", COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket" AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM (SELECT (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", e."user_key", COALESCE('s' || (e."p3_text"), 's' || (CASE WHEN abs(e."p3_number") < 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(e."p3_number" AS BIGINT) AS VARCHAR) WHEN abs(e."p3_number") >= 1e21 OR abs(e."p3_number") < 1e-6 THEN regexp_replace(CAST(e."p3_number" AS VARCHAR), 'e([+-])0', 'e\1') WHEN abs(e."p3_number") >= 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 0)) AS VARCHAR) WHEN abs(e."p3_number") < 1e-3 THEN rtrim(CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 30)) AS VARCHAR), '0') ELSE CAST(e."p3_number" AS VARCHAR) END), CASE WHEN e."p3_boolean" THEN 'strue' WHEN NOT e."p3_boolean" THEN 'sfalse' END, 'j' || (e."p3_complex")) AS "key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1) AS r
LEFT JOIN (SELECT $2 AS "key", 0 AS "group" UNION ALL SELECT $3, 1) AS g ON g."key" = r."key"
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket" AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT r."user_key") AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM (SELECT (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", e."user_key", COALESCE('s' || (e."p3_text"), 's' || (CASE WHEN abs(e."p3_number") < 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(e."p3_number" AS BIGINT) AS VARCHAR) WHEN abs(e."p3_number") >= 1e21 OR abs(e."p3_number") < 1e-6 THEN regexp_replace(CAST(e."p3_number" AS VARCHAR), 'e([+-])0', 'e\1') WHEN abs(e."p3_number") >= 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 0)) AS VARCHAR) WHEN abs(e."p3_number") < 1e-3 THEN rtrim(CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 30)) AS VARCHAR), '0') ELSE CAST(e."p3_number" AS VARCHAR) END), CASE WHEN e."p3_boolean" THEN 'strue' WHEN NOT e."p3_boolean" THEN 'sfalse' END, 'j' || (e."p3_complex")) AS "key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000') AS r
LEFT JOIN (SELECT $2 AS "key", 0 AS "group" UNION ALL SELECT $3, 1) AS g ON g."key" = r."key"
GROUP BY 2, 3
-- $1 = string a
-- $2 = string sx
-- $3 = string s10
