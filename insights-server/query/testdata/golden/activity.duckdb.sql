SELECT CAST(e."event_id" AS VARCHAR) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
