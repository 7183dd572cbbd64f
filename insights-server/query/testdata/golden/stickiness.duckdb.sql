SELECT 0 AS "series", "n" AS "intervals", COUNT(*) AS "users"
FROM (SELECT "user_key", COUNT(DISTINCT "bucket") AS "n"
FROM (SELECT e."user_key", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
  AND e."user_key" IS NOT NULL) AS r
GROUP BY 1) AS p
GROUP BY 2
UNION ALL
SELECT 1 AS "series", "n" AS "intervals", COUNT(*) AS "users"
FROM (SELECT "user_key", COUNT(DISTINCT "bucket") AS "n"
FROM (SELECT e."user_key", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" IS NOT NULL) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND (u.c0)
  AND e."user_key" IS NOT NULL) AS r
GROUP BY 1) AS p
GROUP BY 2
-- $1 = string a
