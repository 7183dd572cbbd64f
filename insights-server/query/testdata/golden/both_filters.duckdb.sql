SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN a."type2" = 'VARCHAR' THEN a."value2" END = $1) AS c0 FROM (SELECT a."user_id", json_type(a."attributes", $2) AS "type2", json_extract_string(a."attributes", $2) AS "value2" FROM "users" AS a) AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $3
  AND ((e."p2_text" = $4) OR u.c0)
  AND ((e."p1_number" > $5))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_id") AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN a."type2" = 'VARCHAR' THEN a."value2" END = $1) AS c0 FROM (SELECT a."user_id", json_type(a."attributes", $2) AS "type2", json_extract_string(a."attributes", $2) AS "value2" FROM "users" AS a) AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $6
  AND ((e."p2_text" = $4) OR u.c0)
  AND ((e."p1_number" > $5))
GROUP BY 2, 3
-- $1 = string pro
-- $2 = string /plan
-- $3 = string a
-- $4 = string x
-- $5 = float64 5
-- $6 = string b
