SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT CASE WHEN a."type0" = 'VARCHAR' THEN a."value0" END AS "text", CASE WHEN a."type0" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value0" AS DOUBLE) END AS "number", CASE WHEN a."type0" = 'BOOLEAN' THEN a."value0" = 'true' END AS "boolean" FROM (SELECT a."user_id", json_type(a."attributes", $1) AS "type0", json_extract_string(a."attributes", $1) AS "value0" FROM "users" AS a) AS a WHERE (CASE WHEN a."type0" = 'VARCHAR' THEN a."value0" END IS NOT NULL OR CASE WHEN a."type0" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value0" AS DOUBLE) END IS NOT NULL OR CASE WHEN a."type0" = 'BOOLEAN' THEN a."value0" = 'true' END IS NOT NULL)) AS v
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
-- $1 = string /camelKey
