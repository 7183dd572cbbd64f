SELECT "user_id", "time" * 1024 + "mask"
FROM (SELECT "user_id", "time", "mask", MAX("mask" % 2) OVER (PARTITION BY "user_id") AS "begins"
FROM (SELECT e."user_id", DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000) AS "time", CASE e."event" WHEN CAST($1 AS VARCHAR(65535)) THEN 1 WHEN CAST($2 AS VARCHAR(65535)) THEN CASE WHEN ((CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END > CAST($3 AS DOUBLE PRECISION))) THEN 2 ELSE 0 END ELSE 0 END AS "mask"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" IN (CAST($1 AS VARCHAR(65535)), CAST($2 AS VARCHAR(65535)))) AS r
WHERE "mask" > 0) AS r
WHERE "begins" = 1
ORDER BY "user_id", 2
-- $1 = string a
-- $2 = string b
-- $3 = float64 5
