SELECT 0 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(sum(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS numeric) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(sum(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS numeric) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 2 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($3 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($3 AS text) AS double precision) END) AS "measured", CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN jsonb_typeof(e."properties" -> CAST($3 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($3 AS text) AS double precision) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 3 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(MIN(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 4 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(MAX(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 5 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 6 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(percentile_cont(0.95) WITHIN GROUP (ORDER BY CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 7 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS "measured", CAST(percentile_cont(0.99) WITHIN GROUP (ORDER BY CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 2, 3
-- $1 = string files
-- $2 = string a
-- $3 = string camelKey
