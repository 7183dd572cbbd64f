SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $1
  AND ((e."p3_text" = $2) AND NOT COALESCE((e."p3_number" = $3), FALSE) AND (e."p3_text" IN ($2, $4) OR e."p3_number" IN ($5, $6) OR e."p3_boolean" = $7) AND NOT COALESCE((e."p3_boolean" = $7), FALSE) AND (contains(lower(e."p3_text"), lower($8))) AND NOT COALESCE((contains(lower(e."p3_text"), lower($8))), FALSE) AND (e."p3_text" IS NOT NULL) AND (e."p3_number" > $5) AND (e."p3_number" >= $9) AND (e."p3_number" < $10) AND (e."p3_number" <= $11) AND (e."p3_text" IS NOT NULL OR e."p3_number" IS NOT NULL OR e."p3_boolean" IS NOT NULL OR e."p3_complex" IS NOT NULL) AND NOT COALESCE((e."p3_text" IS NOT NULL OR e."p3_number" IS NOT NULL OR e."p3_boolean" IS NOT NULL OR e."p3_complex" IS NOT NULL), FALSE) AND FALSE AND NOT COALESCE(FALSE, FALSE))
GROUP BY 2, 3
-- $1 = string a
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
