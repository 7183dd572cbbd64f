SELECT e."event_id" AS "id", e."event", e."user_id", e."timestamp", JSON_SERIALIZE_TO_VARBYTE(e."properties") AS "properties_text"
FROM "events" AS e
WHERE e."load_id" > 7
  AND e."load_id" <= 9
  AND e."event" = CAST($1 AS VARCHAR(65535))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 101
-- $1 = string commit
