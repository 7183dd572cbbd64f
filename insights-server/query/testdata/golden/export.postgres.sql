SELECT CAST(e."event_id" AS text) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-05-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-06-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
ORDER BY e."timestamp", e."event_id"
-- $1 = string commit
