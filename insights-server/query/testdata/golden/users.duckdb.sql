SELECT p."user_id", p."at"
FROM (SELECT a."user_id", a."updated_at" AS "at"
FROM "users" AS a
UNION ALL
SELECT k."user_id", k."at"
FROM (SELECT e."user_id", MIN(e."timestamp") AS "at"
FROM "events" AS e
WHERE e."user_id" IS NOT NULL
GROUP BY 1) AS k
LEFT JOIN "users" AS a ON a."user_id" = k."user_id"
WHERE a."user_id" IS NULL) AS p
ORDER BY p."at" DESC, p."user_id"
LIMIT 51
