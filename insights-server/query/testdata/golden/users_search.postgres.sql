SELECT p."user_id", p."at"
FROM (SELECT a."user_id", a."updated_at" AS "at"
FROM "users" AS a
LEFT JOIN (SELECT DISTINCT t."user_id" FROM (SELECT a."user_id", t.value #>> '{}' AS "text"
FROM "users" AS a CROSS JOIN LATERAL jsonb_each(a."attributes") AS t
WHERE jsonb_typeof(t.value) = 'string') AS t
WHERE strpos(lower(t."text" COLLATE "C.utf8") COLLATE "C", lower(CAST($1 AS text) COLLATE "C.utf8") COLLATE "C") > 0) AS g ON g."user_id" = a."user_id"
WHERE g."user_id" IS NOT NULL OR strpos(lower(a."user_id" COLLATE "C.utf8") COLLATE "C", lower(CAST($1 AS text) COLLATE "C.utf8") COLLATE "C") > 0
UNION ALL
SELECT k."user_id", k."at"
FROM (SELECT e."user_id", MIN(e."timestamp") AS "at"
FROM "events" AS e
WHERE e."user_id" IS NOT NULL AND strpos(lower(e."user_id" COLLATE "C.utf8") COLLATE "C", lower(CAST($1 AS text) COLLATE "C.utf8") COLLATE "C") > 0
GROUP BY 1) AS k
LEFT JOIN "users" AS a ON a."user_id" = k."user_id"
WHERE a."user_id" IS NULL) AS p
WHERE p."at" <= TIMESTAMPTZ '2024-05-01 12:00:00.123456+00' AND (p."at" < TIMESTAMPTZ '2024-05-01 12:00:00.123456+00' OR p."user_id" COLLATE "C" > CAST($2 AS text))
ORDER BY p."at" DESC, p."user_id" COLLATE "C"
LIMIT 51
-- $1 = string Ä%
-- $2 = string o'hara"
