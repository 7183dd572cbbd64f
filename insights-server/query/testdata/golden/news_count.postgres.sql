SELECT COUNT(*)
FROM "events" AS e
WHERE e."load_id" > 7
  AND e."load_id" <= 9
  AND e."event" = CAST($1 AS text)
-- $1 = string commit
