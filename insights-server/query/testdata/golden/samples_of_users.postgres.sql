SELECT CAST(a."attributes" AS text) AS "attributes_text"
FROM "users" AS a
ORDER BY a."updated_at" DESC, a."user_id"
LIMIT 200
