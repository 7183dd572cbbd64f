SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END AS "text", CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END AS "number", CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END AS "boolean" FROM "users" AS a WHERE (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END IS NOT NULL OR CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END IS NOT NULL OR CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END IS NOT NULL)) AS v
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
-- $1 = string camelKey
