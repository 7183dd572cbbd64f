SELECT 0 AS "series", 0 AS "group", CASE WHEN e."timestamp" < TIMESTAMP '2024-10-27 01:00:00.000000' THEN (epoch_us(e."timestamp") - (1729893600000000)) // 3600000000 ELSE 26 + (epoch_us(e."timestamp") - (1729990800000000)) // 3600000000 END AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-10-25 22:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-28 23:00:00.000000'
GROUP BY 2, 3
