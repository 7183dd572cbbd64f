SELECT 0 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_id") AS "measured", CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CASE WHEN "user_id" IS NOT NULL THEN CAST("n" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM (SELECT COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket" AS "bucket", r."user_id", COUNT(*) AS "n"
FROM (SELECT (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", e."user_id", u."key" AS "key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE(CONCAT('s', CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END), CASE WHEN ABS(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) < 1e15 AND CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END = FLOOR(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) THEN CONCAT('s', CAST(CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS BIGINT) AS VARCHAR(64))) WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END IS NOT NULL THEN CONCAT('n', CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS VARCHAR(64))) END, CASE WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'strue' WHEN NOT CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'sfalse' END, CONCAT('j', CASE WHEN JSON_TYPEOF(a."attributes"."plan") IN ('object', 'array') THEN JSON_SERIALIZE(a."attributes"."plan") END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))) AS r
LEFT JOIN (SELECT CAST($2 AS VARCHAR(65535)) AS "key", 0 AS "group" UNION ALL SELECT CAST($3 AS VARCHAR(65535)), 1) AS g ON g."key" = r."key"
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
-- $1 = string a
-- $2 = string sx
-- $3 = string s10
