SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END AS "text", CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END AS "number", CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'boolean' THEN CAST(a."attributes"."camelKey" AS BOOLEAN) END AS "boolean" FROM "users" AS a WHERE (CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'string' THEN CAST(a."attributes"."camelKey" AS VARCHAR(65535)) END IS NOT NULL OR CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'number' THEN CAST(a."attributes"."camelKey" AS DOUBLE PRECISION) END IS NOT NULL OR CASE WHEN JSON_TYPEOF(a."attributes"."camelKey") = 'boolean' THEN CAST(a."attributes"."camelKey" AS BOOLEAN) END IS NOT NULL)) AS v
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
