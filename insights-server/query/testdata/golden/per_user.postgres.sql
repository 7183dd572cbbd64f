SELECT 0 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_id") AS "measured", CAST(COUNT(e."user_id") AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_id") AS "measured", CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN "user_id" IS NOT NULL THEN CAST("n" AS double precision) END) AS text) AS "value"
FROM (SELECT 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", e."user_id", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
UNION ALL
SELECT 2 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_id") AS "measured", CAST(MIN(CASE WHEN "user_id" IS NOT NULL THEN CAST("n" AS double precision) END) AS text) AS "value"
FROM (SELECT 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", e."user_id", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
UNION ALL
SELECT 3 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_id") AS "measured", CAST(MAX(CASE WHEN "user_id" IS NOT NULL THEN CAST("n" AS double precision) END) AS text) AS "value"
FROM (SELECT 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", e."user_id", COUNT(*) AS "n"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
-- $1 = string a
