SELECT CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
WHERE e."event" = CAST($1 AS text)
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 200
-- $1 = string commit
