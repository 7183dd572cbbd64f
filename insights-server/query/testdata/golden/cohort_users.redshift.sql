SELECT e."user_id" FROM (SELECT "user_id" FROM "users" UNION SELECT "user_id" FROM "events" WHERE "user_id" IS NOT NULL) AS e
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-05-01 00:00:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 1
HAVING COUNT(*) >= 20) AS k0 ON k0."user_id" = e."user_id"
LEFT JOIN (SELECT a."user_id" FROM "users" AS a WHERE (CASE WHEN JSON_TYPEOF(a."attributes"."amount") = 'number' THEN CAST(a."attributes"."amount" AS DOUBLE PRECISION) END = CAST($2 AS DOUBLE PRECISION))) AS k1 ON k1."user_id" = e."user_id"
WHERE (e."user_id" IS NOT NULL AND (k0."user_id" IS NOT NULL OR k1."user_id" IS NOT NULL))
  AND e."user_id" > CAST($3 AS VARCHAR(65535))
ORDER BY e."user_id" LIMIT 51
-- $1 = string view
-- $2 = float64 10
-- $3 = string ann
