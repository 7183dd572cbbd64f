SELECT CAST(e."event_id" AS VARCHAR) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END = $2) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."event" = $3
  AND ((e."p3_text" = $4) OR NOT COALESCE(u.c0, FALSE))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string /plan
-- $2 = string pro
-- $3 = string commit
-- $4 = string x
