WITH r0 AS MATERIALIZED (SELECT u."key" AS "key", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "n"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."a1_text" AS "key" FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 1, 2),
g0 AS (SELECT "key", ROW_NUMBER() OVER (ORDER BY "n" DESC, "key") - 1 AS "group"
FROM (SELECT "key", SUM("n") AS "n" FROM r0 WHERE "key" IS NOT NULL GROUP BY 1 ORDER BY "n" DESC, "key" LIMIT 3) AS r),
r1 AS MATERIALIZED (SELECT u."key" AS "key", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "n"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."a1_text" AS "key" FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
GROUP BY 1, 2),
g1 AS (SELECT "key", ROW_NUMBER() OVER (ORDER BY "n" DESC, "key") - 1 AS "group"
FROM (SELECT "key", SUM("n") AS "n" FROM r1 WHERE "key" IS NOT NULL GROUP BY 1 ORDER BY "n" DESC, "key" LIMIT 3) AS r)
SELECT 0 AS "series", COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket", CAST(SUM(r."n") AS BIGINT) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value", MIN(g."key") AS "key"
FROM r0 AS r LEFT JOIN g0 AS g ON g."key" = r."key"
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket", CAST(SUM(r."n") AS BIGINT) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value", MIN(g."key") AS "key"
FROM r1 AS r LEFT JOIN g1 AS g ON g."key" = r."key"
GROUP BY 2, 3
-- $1 = string a
