SELECT CAST(e."event_id" AS text) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
WHERE e."user_id" = CAST($1 AS text)
  AND e."timestamp" <= TIMESTAMPTZ '2024-05-01 12:00:00.123456+00' AND (e."timestamp" < TIMESTAMPTZ '2024-05-01 12:00:00.123456+00' OR e."event_id" < CAST($2 AS uuid))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string o'hara"
-- $2 = string 0192f0c0-1111-7222-8333-444455556666
