SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END = $2) AS c0, (CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END = $3) AS c1, (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END IN ($2, $4) OR CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END IN ($5, $6) OR CASE WHEN json_type(a."attributes", $1) = 'BOOLEAN' THEN json_extract_string(a."attributes", $1) = 'true' END = $7) AS c2, (CASE WHEN json_type(a."attributes", $1) = 'BOOLEAN' THEN json_extract_string(a."attributes", $1) = 'true' END = $7) AS c3, (contains(lower(CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END), lower($8))) AS c4, (contains(lower(CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END), lower($8))) AS c5, (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END IS NOT NULL) AS c6, (CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END > $5) AS c7, (CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END >= $9) AS c8, (CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END < $10) AS c9, (CASE WHEN json_type(a."attributes", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(a."attributes", $1) AS DOUBLE) END <= $11) AS c10, json_type(a."attributes", $1) <> 'NULL' AS c11, json_type(a."attributes", $1) <> 'NULL' AS c12, FALSE AS c13, FALSE AS c14 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $12
  AND (u.c0 OR NOT COALESCE(u.c1, FALSE) OR u.c2 OR NOT COALESCE(u.c3, FALSE) OR u.c4 OR NOT COALESCE(u.c5, FALSE) OR u.c6 OR u.c7 OR u.c8 OR u.c9 OR u.c10 OR u.c11 OR NOT COALESCE(u.c12, FALSE) OR u.c13 OR NOT COALESCE(u.c14, FALSE))
GROUP BY 2, 3
-- $1 = string /camelKey
-- $2 = string x
-- $3 = float64 10
-- $4 = string y
-- $5 = float64 1
-- $6 = float64 2
-- $7 = bool true
-- $8 = string X
-- $9 = float64 1.5
-- $10 = float64 1e+100
-- $11 = float64 0
-- $12 = string a
