SELECT a."user_id", a."created_at", CAST(a."attributes" AS VARCHAR) AS "attributes_text"
FROM "users" AS a
WHERE a."user_id" IN ($1, $2)
-- $1 = string o'hara"
-- $2 = string b
