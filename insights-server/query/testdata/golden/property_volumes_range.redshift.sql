SELECT e."event", COUNT(*), MIN(e."timestamp"), MAX(e."timestamp")
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-10-19 22:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-27 23:00:00.000000'
  AND JSON_TYPEOF(e."properties"."camelKey") <> 'null'
GROUP BY 1
