SELECT JSON_SERIALIZE_TO_VARBYTE(a."attributes") AS "attributes_text"
FROM "users" AS a
ORDER BY a."updated_at" DESC, a."user_id"
LIMIT 200
