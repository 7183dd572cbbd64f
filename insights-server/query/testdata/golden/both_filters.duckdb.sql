SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END = $2) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $3
  AND ((e."p2_text" = $4) OR u.c0)
  AND ((e."p1_number" > $5))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_id") AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN json_type(a."attributes", $1) = 'VARCHAR' THEN json_extract_string(a."attributes", $1) END = $2) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $6
  AND ((e."p2_text" = $4) OR u.c0)
  AND ((e."p1_number" > $5))
GROUP BY 2, 3
-- $1 = string /plan
-- $2 = string pro
-- $3 = string a
-- $4 = string x
-- $5 = float64 5
-- $6 = string b
