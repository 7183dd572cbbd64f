SELECT p."user_id", p."at"
FROM (SELECT a."user_id", a."updated_at" AS "at"
FROM "users" AS a
LEFT JOIN (SELECT DISTINCT t."user_id" FROM (SELECT "user_id", json_extract_string("attributes", '/' || replace(replace("name", '~', '~0'), '/', '~1')) AS "text"
FROM (SELECT "user_id", "attributes", unnest(json_keys("attributes")) AS "name" FROM "users") AS k
WHERE json_type("attributes", '/' || replace(replace("name", '~', '~0'), '/', '~1')) = 'VARCHAR') AS t
WHERE contains(lower(t."text"), lower($1))) AS g ON g."user_id" = a."user_id"
WHERE g."user_id" IS NOT NULL OR contains(lower(a."user_id"), lower($1))
UNION ALL
SELECT k."user_id", k."at"
FROM (SELECT e."user_id", MIN(e."timestamp") AS "at"
FROM "events" AS e
WHERE e."user_id" IS NOT NULL AND contains(lower(e."user_id"), lower($1))
GROUP BY 1) AS k
LEFT JOIN "users" AS a ON a."user_id" = k."user_id"
WHERE a."user_id" IS NULL) AS p
WHERE p."at" <= TIMESTAMP '2024-05-01 12:00:00.123456' AND (p."at" < TIMESTAMP '2024-05-01 12:00:00.123456' OR p."user_id" > $2)
ORDER BY p."at" DESC, p."user_id"
LIMIT 51
-- $1 = string Ä%
-- $2 = string o'hara"
