SELECT p."user_id", p."at"
FROM (SELECT a."user_id", a."updated_at" AS "at"
FROM "users" AS a
LEFT JOIN (SELECT DISTINCT t."user_id" FROM (SELECT a."user_id", CASE WHEN JSON_TYPEOF("value") = 'string' THEN CAST("value" AS VARCHAR(65535)) END AS "text"
FROM "users" AS a, UNPIVOT a."attributes" AS "value" AT "name"
WHERE JSON_TYPEOF("value") = 'string') AS t
WHERE STRPOS(LOWER(t."text"), LOWER(CAST($1 AS VARCHAR(65535)))) > 0) AS g ON g."user_id" = a."user_id"
WHERE g."user_id" IS NOT NULL OR STRPOS(LOWER(a."user_id"), LOWER(CAST($1 AS VARCHAR(65535)))) > 0
UNION ALL
SELECT k."user_id", k."at"
FROM (SELECT e."user_id", MIN(e."timestamp") AS "at"
FROM "events" AS e
WHERE e."user_id" IS NOT NULL AND STRPOS(LOWER(e."user_id"), LOWER(CAST($1 AS VARCHAR(65535)))) > 0
GROUP BY 1) AS k
LEFT JOIN "users" AS a ON a."user_id" = k."user_id"
WHERE a."user_id" IS NULL) AS p
WHERE p."at" <= TIMESTAMP '2024-05-01 12:00:00.123456' AND (p."at" < TIMESTAMP '2024-05-01 12:00:00.123456' OR p."user_id" > CAST($2 AS VARCHAR(65535)))
ORDER BY p."at" DESC, p."user_id"
LIMIT 51
-- $1 = string Ä%
-- $2 = string o'hara"
