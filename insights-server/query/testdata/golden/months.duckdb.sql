SELECT 0 AS "series", 0 AS "group", CASE WHEN e."timestamp" < TIMESTAMP '2024-03-01 05:00:00.000000' THEN CASE WHEN e."timestamp" < TIMESTAMP '2024-02-01 05:00:00.000000' THEN 0 ELSE 1 END ELSE CASE WHEN e."timestamp" < TIMESTAMP '2024-04-01 04:00:00.000000' THEN 2 ELSE CASE WHEN e."timestamp" < TIMESTAMP '2024-05-01 04:00:00.000000' THEN 3 ELSE 4 + (epoch_us(e."timestamp") - (1714536000000000)) // 2678400000000 END END END AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_key") AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-15 05:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-06-16 04:00:00.000000'
  AND e."event" = $1
GROUP BY 2, 3
-- $1 = string commit
