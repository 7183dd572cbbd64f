SELECT "user_id", "time" * 1024 + "mask", "key"
FROM (SELECT "user_id", "time", "mask", "key", MAX("mask" % 2) OVER (PARTITION BY "user_id") AS "begins"
FROM (SELECT e."user_id", DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000) AS "time", CASE e."event" WHEN CAST($1 AS VARCHAR(65535)) THEN 1 WHEN CAST($2 AS VARCHAR(65535)) THEN 2 ELSE 0 END AS "mask", u."key" AS "key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE(CONCAT('s', CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END), CASE WHEN ABS(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) < 1e15 AND CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END = FLOOR(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END) THEN CONCAT('s', CAST(CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS BIGINT) AS VARCHAR(64))) WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END IS NOT NULL THEN CONCAT('n', CAST(CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'number' THEN CAST(a."attributes"."plan" AS DOUBLE PRECISION) END AS VARCHAR(64))) END, CASE WHEN CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'strue' WHEN NOT CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'boolean' THEN CAST(a."attributes"."plan" AS BOOLEAN) END THEN 'sfalse' END, CONCAT('j', CASE WHEN JSON_TYPEOF(a."attributes"."plan") IN ('object', 'array') THEN JSON_SERIALIZE(a."attributes"."plan") END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" IN (CAST($1 AS VARCHAR(65535)), CAST($2 AS VARCHAR(65535)))) AS r
WHERE "mask" > 0) AS r
WHERE "begins" = 1
ORDER BY "user_id", 2
-- $1 = string a
-- $2 = string b
