SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" = $1) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $2
  AND ((e."p2_text" = $3) OR u.c0)
  AND ((e."p1_number" > $4))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_key") AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" = $1) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $5
  AND ((e."p2_text" = $3) OR u.c0)
  AND ((e."p1_number" > $4))
GROUP BY 2, 3
-- $1 = string pro
-- $2 = string a
-- $3 = string x
-- $4 = float64 5
-- $5 = string b
