SELECT 0 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(SUM(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(SUM(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 2 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END) AS "measured", CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 3 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(MIN(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 4 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(MAX(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 5 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 6 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 7 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS "measured", CAST(PERCENTILE_CONT(0.99) WITHIN GROUP (ORDER BY CASE WHEN JSON_TYPEOF(e."properties"."files") = 'number' THEN CAST(e."properties"."files" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
-- $1 = string a
