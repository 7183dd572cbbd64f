SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($1 AS text) AS text) END AS "text", CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END AS "number", CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'boolean' THEN CAST(e."properties" ->> CAST($1 AS text) AS boolean) END AS "boolean" FROM "events" AS e WHERE e."event" = CAST($2 AS text) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($1 AS text) AS text) END IS NOT NULL OR CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($1 AS text) AS double precision) END IS NOT NULL OR CASE WHEN jsonb_typeof(e."properties" -> CAST($1 AS text)) = 'boolean' THEN CAST(e."properties" ->> CAST($1 AS text) AS boolean) END IS NOT NULL)) AS v
WHERE strpos(lower(v."text" COLLATE "C.utf8") COLLATE "C", lower(CAST($3 AS text) COLLATE "C.utf8") COLLATE "C") > 0
   OR strpos(lower(CAST(v."number" AS text) COLLATE "C.utf8") COLLATE "C", lower(CAST($3 AS text) COLLATE "C.utf8") COLLATE "C") > 0
   OR strpos(CASE WHEN v."boolean" THEN 'true' WHEN NOT v."boolean" THEN 'false' END COLLATE "C", lower(CAST($3 AS text) COLLATE "C.utf8") COLLATE "C") > 0
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
-- $1 = string camelKey
-- $2 = string commit
-- $3 = string ä
