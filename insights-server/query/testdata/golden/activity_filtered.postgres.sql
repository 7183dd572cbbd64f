SELECT CAST(e."event_id" AS text) AS "id", e."event", e."user_id", e."timestamp", CAST(e."properties" AS text) AS "properties_text"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END = CAST($2 AS text)) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."event" = CAST($3 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($4 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($4 AS text) AS text) END = CAST($5 AS text)) OR NOT COALESCE(u.c0, FALSE))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string plan
-- $2 = string pro
-- $3 = string commit
-- $4 = string camelKey
-- $5 = string x
