SELECT e."event", COUNT(*), MIN(e."timestamp"), MAX(e."timestamp")
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-10-19 22:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-10-27 23:00:00.000000+00'
  AND jsonb_typeof(e."properties" -> CAST($1 AS text)) <> 'null'
GROUP BY 1
-- $1 = string camelKey
