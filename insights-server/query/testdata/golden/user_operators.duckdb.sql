SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN a."type1" = 'VARCHAR' THEN a."value1" END = $1) AS c0, (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END = $2) AS c1, (CASE WHEN a."type1" = 'VARCHAR' THEN a."value1" END IN ($1, $3) OR CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END IN ($4, $5) OR CASE WHEN a."type1" = 'BOOLEAN' THEN a."value1" = 'true' END = $6) AS c2, (CASE WHEN a."type1" = 'BOOLEAN' THEN a."value1" = 'true' END = $6) AS c3, (contains(lower(CASE WHEN a."type1" = 'VARCHAR' THEN a."value1" END), lower($7))) AS c4, (contains(lower(CASE WHEN a."type1" = 'VARCHAR' THEN a."value1" END), lower($7))) AS c5, (CASE WHEN a."type1" = 'VARCHAR' THEN a."value1" END IS NOT NULL) AS c6, (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END > $4) AS c7, (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END >= $8) AS c8, (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END < $9) AS c9, (CASE WHEN a."type1" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value1" AS DOUBLE) END <= $10) AS c10, a."type1" <> 'NULL' AS c11, a."type1" <> 'NULL' AS c12, FALSE AS c13, FALSE AS c14 FROM (SELECT a."user_id", json_type(a."attributes", $11) AS "type1", json_extract_string(a."attributes", $11) AS "value1" FROM "users" AS a) AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $12
  AND (u.c0 OR NOT COALESCE(u.c1, FALSE) OR u.c2 OR NOT COALESCE(u.c3, FALSE) OR u.c4 OR NOT COALESCE(u.c5, FALSE) OR u.c6 OR u.c7 OR u.c8 OR u.c9 OR u.c10 OR u.c11 OR NOT COALESCE(u.c12, FALSE) OR u.c13 OR NOT COALESCE(u.c14, FALSE))
GROUP BY 2, 3
-- $1 = string x
-- $2 = float64 10
-- $3 = string y
-- $4 = float64 1
-- $5 = float64 2
-- $6 = bool true
-- $7 = string X
-- $8 = float64 1.5
-- $9 = float64 1e+100
-- $10 = float64 0
-- $11 = string /camelKey
-- $12 = string a
