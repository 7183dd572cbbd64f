SELECT CAST(e."event_id" AS VARCHAR) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
WHERE e."user_id" = $1
  AND e."timestamp" <= TIMESTAMP '2024-05-01 12:00:00.123456' AND (e."timestamp" < TIMESTAMP '2024-05-01 12:00:00.123456' OR e."event_id" < CAST($2 AS UUID))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string o'hara"
-- $2 = string 0192f0c0-1111-7222-8333-444455556666
