WITH s AS (
SELECT "bucket", LAG("bucket") OVER (PARTITION BY "user_key" ORDER BY "bucket") AS "before", LEAD("bucket") OVER (PARTITION BY "user_key" ORDER BY "bucket") AS "after"
FROM (SELECT DISTINCT e."user_key", CASE WHEN e."timestamp" < TIMESTAMP '2023-12-25 00:00:00.000000' THEN -1 ELSE (epoch_us(e."timestamp") - (1703462400000000)) // 604800000000 END AS "bucket"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" IS NOT NULL) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."user_key" IS NOT NULL
  AND e."event" = $1
  AND ((e."p1_number" > $2) AND u.c0)
  AND e."timestamp" < TIMESTAMP '2024-02-05 00:00:00.000000') AS r
)
SELECT "bucket", CASE WHEN "before" IS NULL THEN 0 WHEN "before" = "bucket" - 1 THEN 1 ELSE 2 END AS "state", COUNT(*) AS "users"
FROM s
WHERE "bucket" > 0
GROUP BY 1, 2
UNION ALL
SELECT "bucket" + 1, 3, COUNT(*)
FROM s
WHERE "bucket" >= 0 AND "bucket" < 5 AND ("after" IS NULL OR "after" > "bucket" + 1)
GROUP BY 1
-- $1 = string a
-- $2 = float64 5
