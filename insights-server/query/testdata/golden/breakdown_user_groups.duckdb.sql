SELECT "series", "key", "n" FROM (SELECT 0 AS "series", "key", "n" FROM (SELECT u."key" AS "key", COUNT(*) AS "n"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."a1_text" AS "key" FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 1) AS r
WHERE "key" IS NOT NULL
ORDER BY "n" DESC, "key" LIMIT 3) AS r0
-- $1 = string a
