SELECT JSON_SERIALIZE_TO_VARBYTE(e."properties") AS "properties_text"
FROM "events" AS e
WHERE e."event" = CAST($1 AS VARCHAR(65535))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 200
-- $1 = string commit
