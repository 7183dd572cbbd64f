SELECT 0 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1708905600000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-03-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-04-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1706486400000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-30 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-03-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
GROUP BY 2, 3
-- $1 = string a
