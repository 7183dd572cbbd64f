SELECT CAST(e."event_id" AS VARCHAR) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" = $1) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."event" = $2
  AND ((e."p3_text" = $3) OR NOT COALESCE(u.c0, FALSE))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string pro
-- $2 = string commit
-- $3 = string x
