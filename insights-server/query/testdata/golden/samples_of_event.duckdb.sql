SELECT CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
WHERE e."event" = $1
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 200
-- $1 = string commit
