SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END = CAST($1 AS VARCHAR(65535))) AS c0, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END = CAST($2 AS DOUBLE PRECISION)) AS c1, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END IN (CAST($1 AS VARCHAR(65535)), CAST($3 AS VARCHAR(65535))) OR CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END IN (CAST($4 AS DOUBLE PRECISION), CAST($5 AS DOUBLE PRECISION)) OR CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'boolean' THEN CAST(a."attributes"."camelKey" AS BOOLEAN) END = CAST($6 AS BOOLEAN)) AS c2, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'boolean' THEN CAST(a."attributes"."camelKey" AS BOOLEAN) END = CAST($6 AS BOOLEAN)) AS c3, (STRPOS(LOWER(CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END), LOWER(CAST($7 AS VARCHAR(65535)))) > 0) AS c4, (STRPOS(LOWER(CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END), LOWER(CAST($7 AS VARCHAR(65535)))) > 0) AS c5, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END IS NOT NULL) AS c6, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END > CAST($4 AS DOUBLE PRECISION)) AS c7, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END >= CAST($8 AS DOUBLE PRECISION)) AS c8, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END < CAST($9 AS DOUBLE PRECISION)) AS c9, (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END <= CAST($10 AS DOUBLE PRECISION)) AS c10, JSON_TYPEOF(a."attributes"."camelKey") <> 'null' AS c11, JSON_TYPEOF(a."attributes"."camelKey") <> 'null' AS c12, FALSE AS c13, FALSE AS c14 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = CAST($11 AS VARCHAR(65535))
  AND (u.c0 OR NOT COALESCE(u.c1, FALSE) OR u.c2 OR NOT COALESCE(u.c3, FALSE) OR u.c4 OR NOT COALESCE(u.c5, FALSE) OR u.c6 OR u.c7 OR u.c8 OR u.c9 OR u.c10 OR u.c11 OR NOT COALESCE(u.c12, FALSE) OR u.c13 OR NOT COALESCE(u.c14, FALSE))
GROUP BY 2, 3
-- $1 = string x
-- $2 = float64 10
-- $3 = string y
-- $4 = float64 1
-- $5 = float64 2
-- $6 = bool true
-- $7 = string X
-- $8 = float64 1.5
-- $9 = float64 1e+100
-- $10 = float64 0
-- $11 = string a
