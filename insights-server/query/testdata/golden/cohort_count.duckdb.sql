SELECT COUNT(*) FROM (SELECT "user_id" FROM "users" UNION SELECT "user_id" FROM "events" WHERE "user_id" IS NOT NULL) AS e
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-05-01 00:00:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = $1
GROUP BY 1
HAVING COUNT(*) >= 20) AS k0 ON k0."user_id" = e."user_id"
LEFT JOIN (SELECT a."user_id" FROM (SELECT a."user_id", json_type(a."attributes", $2) AS "type1", json_extract_string(a."attributes", $2) AS "value1" FROM "users" AS a) AS a WHERE (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END = $3)) AS k1 ON k1."user_id" = e."user_id"
WHERE (e."user_id" IS NOT NULL AND (k0."user_id" IS NOT NULL OR k1."user_id" IS NOT NULL))
-- $1 = string view
-- $2 = string /amount
-- $3 = float64 10
