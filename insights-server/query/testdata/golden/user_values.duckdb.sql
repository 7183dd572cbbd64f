SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END AS "text", CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END AS "number", CASE WHEN json_type(a."attributes", $1) = 'BOOLEAN' THEN json_extract_string(a."attributes", $1) = 'true' END AS "boolean" FROM "users" AS a WHERE (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END IS NOT NULL OR CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END IS NOT NULL OR CASE WHEN json_type(a."attributes", $1) = 'BOOLEAN' THEN json_extract_string(a."attributes", $1) = 'true' END IS NOT NULL)) AS v
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
-- $1 = string /camelKey
