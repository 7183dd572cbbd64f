SELECT CAST(e."event_id" AS VARCHAR) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-05-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-06-01 00:00:00.000000'
  AND e."event" = $1
ORDER BY e."timestamp", e."event_id"
-- $1 = string commit
