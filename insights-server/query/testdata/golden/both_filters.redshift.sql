SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END = CAST($1 AS VARCHAR(65535))) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = CAST($2 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."area") = 'string' THEN CAST(e."properties"."area" AS VARCHAR(65535)) END = CAST($3 AS VARCHAR(65535))) OR u.c0)
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END > CAST($4 AS DOUBLE PRECISION)))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_id") AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END = CAST($1 AS VARCHAR(65535))) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = CAST($5 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."area") = 'string' THEN CAST(e."properties"."area" AS VARCHAR(65535)) END = CAST($3 AS VARCHAR(65535))) OR u.c0)
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END > CAST($4 AS DOUBLE PRECISION)))
GROUP BY 2, 3
-- $1 = string pro
-- $2 = string a
-- $3 = string x
-- $4 = float64 5
-- $5 = string b
