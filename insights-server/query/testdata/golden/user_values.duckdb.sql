SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT a."a2_text" AS "text", a."a2_number" AS "number", a."a2_boolean" AS "boolean" FROM "users" AS a WHERE (a."a2_text" IS NOT NULL OR a."a2_number" IS NOT NULL OR a."a2_boolean" IS NOT NULL)) AS v
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
