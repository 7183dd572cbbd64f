SELECT e."user_id" FROM (SELECT "user_id", "user_key" FROM "users" UNION SELECT "user_id", "user_key" FROM "events" WHERE "user_id" IS NOT NULL) AS e
LEFT JOIN (SELECT e."user_key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-05-01 00:00:00.000000'
  AND e."user_key" IS NOT NULL
  AND e."event" = $1
GROUP BY 1
HAVING COUNT(*) >= 20) AS k0 ON k0."user_key" = e."user_key"
LEFT JOIN (SELECT a."user_key" FROM (SELECT a."user_key", json_type(a."attributes", $2) AS "type1", json_extract_string(a."attributes", $2) AS "value1" FROM "users" AS a) AS a WHERE (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END = $3)) AS k1 ON k1."user_key" = e."user_key"
WHERE (e."user_key" IS NOT NULL AND (k0."user_key" IS NOT NULL OR k1."user_key" IS NOT NULL))
  AND e."user_id" > $4
ORDER BY e."user_id" LIMIT 51
-- $1 = string view
-- $2 = string /amount
-- $3 = float64 10
-- $4 = string ann
