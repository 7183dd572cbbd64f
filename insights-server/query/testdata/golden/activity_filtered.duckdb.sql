SELECT CAST(e."event_id" AS VARCHAR) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS VARCHAR) AS "properties_text"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN a."type2" = 'VARCHAR' THEN a."value2" END = $1) AS c0 FROM (SELECT a."user_id", json_type(a."attributes", $2) AS "type2", json_extract_string(a."attributes", $2) AS "value2" FROM "users" AS a) AS a) AS u ON u."user_id" = e."user_id"
WHERE e."event" = $3
  AND ((e."p3_text" = $4) OR NOT COALESCE(u.c0, FALSE))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string pro
-- $2 = string /plan
-- $3 = string commit
-- $4 = string x
