SELECT e."event_id" AS "id", e."event", e."user_id", e."timestamp", JSON_SERIALIZE_TO_VARBYTE(e."properties") AS "properties_text"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-05-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-06-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
  AND e."timestamp" >= TIMESTAMP '2024-05-01 12:00:00.123456' AND (e."timestamp" > TIMESTAMP '2024-05-01 12:00:00.123456' OR e."event_id" > CAST($2 AS VARCHAR(36)))
ORDER BY e."timestamp", e."event_id"
LIMIT 10000
-- $1 = string commit
-- $2 = string 0192f0c0-1111-7222-8333-444455556666
