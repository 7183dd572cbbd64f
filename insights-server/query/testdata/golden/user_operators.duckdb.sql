SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a2_text" = $1) AS c0, (a."a2_number" = $2) AS c1, (a."a2_text" IN ($1, $3) OR a."a2_number" IN ($4, $5) OR a."a2_boolean" = $6) AS c2, (a."a2_boolean" = $6) AS c3, (contains(lower(a."a2_text"), lower($7))) AS c4, (contains(lower(a."a2_text"), lower($7))) AS c5, (a."a2_text" IS NOT NULL) AS c6, (a."a2_number" > $4) AS c7, (a."a2_number" >= $8) AS c8, (a."a2_number" < $9) AS c9, (a."a2_number" <= $10) AS c10, (a."a2_text" IS NOT NULL OR a."a2_number" IS NOT NULL OR a."a2_boolean" IS NOT NULL OR a."a2_complex" IS NOT NULL) AS c11, (a."a2_text" IS NOT NULL OR a."a2_number" IS NOT NULL OR a."a2_boolean" IS NOT NULL OR a."a2_complex" IS NOT NULL) AS c12, FALSE AS c13, FALSE AS c14 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $11
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
-- $11 = string a
