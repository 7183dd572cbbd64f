SELECT e."user_id" FROM (SELECT "user_id" FROM "users" UNION SELECT "user_id" FROM "events" WHERE "user_id" IS NOT NULL) AS e
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-03-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-05-01 00:00:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($1 AS text)
GROUP BY 1
HAVING COUNT(*) >= 20) AS k0 ON k0."user_id" = e."user_id"
LEFT JOIN (SELECT a."user_id" FROM "users" AS a WHERE (CASE WHEN jsonb_typeof(a."attributes" -> CAST($2 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($2 AS text) AS double precision) END = CAST($3 AS double precision))) AS k1 ON k1."user_id" = e."user_id"
WHERE (e."user_id" IS NOT NULL AND (k0."user_id" IS NOT NULL OR k1."user_id" IS NOT NULL))
  AND e."user_id" COLLATE "C" > CAST($4 AS text)
ORDER BY e."user_id" COLLATE "C" LIMIT 51
-- $1 = string view
-- $2 = string amount
-- $3 = float64 10
-- $4 = string ann
