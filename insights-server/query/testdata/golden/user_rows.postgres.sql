SELECT a."user_id", a."created_at", CAST(a."attributes" AS text) AS "attributes_text"
FROM "users" AS a
WHERE a."user_id" IN (CAST($1 AS text), CAST($2 AS text))
-- $1 = string o'hara"
-- $2 = string b
