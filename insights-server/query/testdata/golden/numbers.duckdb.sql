SELECT 0 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(fsum(e."p1_number") AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(fsum(e."p1_number") AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 2 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p3_number") AS "measured", CAST(quantile_cont(e."p3_number", 0.5) AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 3 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(MIN(e."p1_number") AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 4 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(MAX(e."p1_number") AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 5 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(quantile_cont(e."p1_number", 0.9) AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 6 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(quantile_cont(e."p1_number", 0.95) AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
UNION ALL
SELECT 7 AS "series", 0 AS "group", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket", COUNT(*) AS "events", COUNT(e."p1_number") AS "measured", CAST(quantile_cont(e."p1_number", 0.99) AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
-- $1 = string a
