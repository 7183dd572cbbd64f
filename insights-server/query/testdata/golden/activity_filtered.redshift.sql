SELECT e."event_id" AS "id", e."event", e."user_id", e."timestamp", JSON_SERIALIZE_TO_VARBYTE(e."properties") AS "properties_text"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END = CAST($1 AS VARCHAR(65535))) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."event" = CAST($2 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END = CAST($3 AS VARCHAR(65535))) OR NOT COALESCE(u.c0, FALSE))
ORDER BY e."timestamp" DESC, e."event_id" DESC
LIMIT 51
-- $1 = string pro
-- $2 = string commit
-- $3 = string x
