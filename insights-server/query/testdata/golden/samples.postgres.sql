SELECT CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 200
