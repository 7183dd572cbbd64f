SELECT CAST(e."event_id" AS text) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
WHERE e."load_id" > 7
  AND e."load_id" <= 9
  AND e."event" = CAST($1 AS text)
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 101
-- $1 = string commit
