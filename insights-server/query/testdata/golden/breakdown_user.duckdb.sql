SELECT 0 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_key") AS "measured", CAST(quantile_cont(CASE WHEN "user_key" IS NOT NULL THEN CAST("n" AS DOUBLE) END, 0.5) AS DOUBLE) AS "value"
FROM (SELECT COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket" AS "bucket", r."user_key", COUNT(*) AS "n"
FROM (SELECT (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", e."user_key", u."key" AS "key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."a1_text" AS "key" FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1) AS r
LEFT JOIN (SELECT $2 AS "key", 0 AS "group" UNION ALL SELECT $3, 1) AS g ON g."key" = r."key"
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
-- $1 = string a
-- $2 = string sx
-- $3 = string s10
