SELECT 0 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_key") AS "measured", CAST(COUNT(e."user_key") AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_key") AS "measured", CAST(quantile_cont(CASE WHEN "user_key" IS NOT NULL THEN CAST("n" AS DOUBLE) END, 0.5) AS DOUBLE) AS "value"
FROM (SELECT 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", e."user_key", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
UNION ALL
SELECT 2 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_key") AS "measured", CAST(MIN(CASE WHEN "user_key" IS NOT NULL THEN CAST("n" AS DOUBLE) END) AS DOUBLE) AS "value"
FROM (SELECT 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", e."user_key", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
UNION ALL
SELECT 3 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_key") AS "measured", CAST(MAX(CASE WHEN "user_key" IS NOT NULL THEN CAST("n" AS DOUBLE) END) AS DOUBLE) AS "value"
FROM (SELECT 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", e."user_key", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
-- $1 = string a
