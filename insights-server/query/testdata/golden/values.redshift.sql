SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END AS "text", CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END AS "number", CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'boolean' THEN CAST(e."properties"."camelKey" AS BOOLEAN) END AS "boolean" FROM "events" AS e WHERE e."event" = CAST($1 AS VARCHAR(65535)) AND (CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END IS NOT NULL OR CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END IS NOT NULL OR CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'boolean' THEN CAST(e."properties"."camelKey" AS BOOLEAN) END IS NOT NULL)) AS v
WHERE STRPOS(LOWER(v."text"), LOWER(CAST($2 AS VARCHAR(65535)))) > 0
   OR STRPOS(LOWER(CAST(v."number" AS VARCHAR(64))), LOWER(CAST($2 AS VARCHAR(65535)))) > 0
   OR STRPOS(CASE WHEN v."boolean" THEN 'true' WHEN NOT v."boolean" THEN 'false' END, LOWER(CAST($2 AS VARCHAR(65535)))) > 0
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
-- $1 = string commit
-- $2 = string ä
