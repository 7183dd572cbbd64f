SELECT CAST(e."event_id" AS text) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-05-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-06-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
  AND e."timestamp" >= TIMESTAMPTZ '2024-05-01 12:00:00.123456+00' AND (e."timestamp" > TIMESTAMPTZ '2024-05-01 12:00:00.123456+00' OR e."event_id" > CAST($2 AS uuid))
ORDER BY e."timestamp", e."event_id"
LIMIT 10000
-- $1 = string commit
-- $2 = string 0192f0c0-1111-7222-8333-444455556666
