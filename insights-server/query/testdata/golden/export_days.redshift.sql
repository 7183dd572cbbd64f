SELECT DATE_TRUNC('day', e."timestamp") AS "day", COUNT(*) AS "count"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-05-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-06-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 1
ORDER BY 1
-- $1 = string commit
