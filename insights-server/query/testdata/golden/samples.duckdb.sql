SELECT CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 200
