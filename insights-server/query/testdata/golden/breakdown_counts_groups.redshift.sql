SELECT 0 AS "series", "key", "n" FROM (SELECT "key", "n", "object", ROW_NUMBER() OVER (PARTITION BY "object" ORDER BY "n" DESC, "key") AS "place"
FROM (SELECT "key", "n", CASE WHEN LEFT("key", 1) = 'j' OR LEFT("key", 2) IN ('s{', 's[') THEN 1 ELSE 0 END AS "object" FROM (SELECT u."key" AS "key", COUNT(*) AS "n"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE(CONCAT('s', CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END), CASE WHEN ABS(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) < 1e15 AND CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END = FLOOR(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) THEN CONCAT('s', CAST(CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS BIGINT) AS VARCHAR(64))) WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END IS NOT NULL THEN CONCAT('n', CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS VARCHAR(64))) END, CASE WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'strue' WHEN NOT CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'sfalse' END, CONCAT('j', CASE WHEN JSON_TYPEOF(a."attributes"."plan") IN ('object', 'array') THEN JSON_SERIALIZE(a."attributes"."plan") END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 1) AS r
WHERE "key" IS NOT NULL) AS r) AS r
WHERE "place" <= CASE WHEN "object" = 1 THEN 100001 ELSE 3 END
UNION ALL
SELECT 1 AS "series", "key", "n" FROM (SELECT "key", "n", "object", ROW_NUMBER() OVER (PARTITION BY "object" ORDER BY "n" DESC, "key") AS "place"
FROM (SELECT "key", "n", CASE WHEN LEFT("key", 1) = 'j' OR LEFT("key", 2) IN ('s{', 's[') THEN 1 ELSE 0 END AS "object" FROM (SELECT u."key" AS "key", COUNT(*) AS "n"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE(CONCAT('s', CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END), CASE WHEN ABS(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) < 1e15 AND CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END = FLOOR(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) THEN CONCAT('s', CAST(CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS BIGINT) AS VARCHAR(64))) WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END IS NOT NULL THEN CONCAT('n', CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS VARCHAR(64))) END, CASE WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'strue' WHEN NOT CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'sfalse' END, CONCAT('j', CASE WHEN JSON_TYPEOF(a."attributes"."plan") IN ('object', 'array') THEN JSON_SERIALIZE(a."attributes"."plan") END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
GROUP BY 1) AS r
WHERE "key" IS NOT NULL) AS r) AS r
WHERE "place" <= CASE WHEN "object" = 1 THEN 100001 ELSE 3 END
-- $1 = string a
