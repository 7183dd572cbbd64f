SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END = CAST($2 AS VARCHAR(65535))) AND NOT COALESCE((CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END = CAST($3 AS DOUBLE PRECISION)), FALSE) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END IN (CAST($2 AS VARCHAR(65535)), CAST($4 AS VARCHAR(65535))) OR CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END IN (CAST($5 AS DOUBLE PRECISION), CAST($6 AS DOUBLE PRECISION)) OR CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'boolean' THEN CAST(e."properties"."camelKey" AS BOOLEAN) END = CAST($7 AS BOOLEAN)) AND NOT COALESCE((CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'boolean' THEN CAST(e."properties"."camelKey" AS BOOLEAN) END = CAST($7 AS BOOLEAN)), FALSE) AND (STRPOS(LOWER(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END), LOWER(CAST($8 AS VARCHAR(65535)))) > 0) AND NOT COALESCE((STRPOS(LOWER(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END), LOWER(CAST($8 AS VARCHAR(65535)))) > 0), FALSE) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END IS NOT NULL) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END > CAST($5 AS DOUBLE PRECISION)) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END >= CAST($9 AS DOUBLE PRECISION)) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END < CAST($10 AS DOUBLE PRECISION)) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END <= CAST($11 AS DOUBLE PRECISION)) AND JSON_TYPEOF(e."properties"."camelKey") <> 'null' AND NOT COALESCE(JSON_TYPEOF(e."properties"."camelKey") <> 'null', FALSE) AND FALSE AND NOT COALESCE(FALSE, FALSE))
GROUP BY 2, 3
-- $1 = string a
-- $2 = string x
-- $3 = float64 10
-- $4 = string y
-- $5 = float64 1
-- $6 = float64 2
-- $7 = bool true
-- $8 = string X
-- $9 = float64 1.5
-- $10 = float64 1e+100
-- $11 = float64 0
