SELECT a."user_id", a."created_at", JSON_SERIALIZE_TO_VARBYTE(a."attributes") AS "attributes_text"
FROM "users" AS a
WHERE a."user_id" IN (CAST($1 AS VARCHAR(65535)), CAST($2 AS VARCHAR(65535)))
-- $1 = string o'hara"
-- $2 = string b
