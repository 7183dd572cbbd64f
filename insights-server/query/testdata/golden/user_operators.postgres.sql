SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END = CAST($2 AS text)) AS c0, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END = CAST($3 AS double precision)) AS c1, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END IN (CAST($2 AS text), CAST($4 AS text)) OR CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END IN (CAST($5 AS double precision), CAST($6 AS double precision)) OR CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END = CAST($7 AS boolean)) AS c2, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END = CAST($7 AS boolean)) AS c3, (strpos(lower(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END COLLATE "C.utf8") COLLATE "C", lower(CAST($8 AS text) COLLATE "C.utf8") COLLATE "C") > 0) AS c4, (strpos(lower(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END COLLATE "C.utf8") COLLATE "C", lower(CAST($8 AS text) COLLATE "C.utf8") COLLATE "C") > 0) AS c5, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END IS NOT NULL) AS c6, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END > CAST($5 AS double precision)) AS c7, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END >= CAST($9 AS double precision)) AS c8, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END < CAST($10 AS double precision)) AS c9, (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END <= CAST($11 AS double precision)) AS c10, jsonb_typeof(a."attributes" -> CAST($1 AS text)) <> 'null' AS c11, jsonb_typeof(a."attributes" -> CAST($1 AS text)) <> 'null' AS c12, FALSE AS c13, FALSE AS c14 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-01-02 00:00:00.000000+00'
  AND e."event" = CAST($12 AS text)
  AND (u.c0 OR NOT COALESCE(u.c1, FALSE) OR u.c2 OR NOT COALESCE(u.c3, FALSE) OR u.c4 OR NOT COALESCE(u.c5, FALSE) OR u.c6 OR u.c7 OR u.c8 OR u.c9 OR u.c10 OR u.c11 OR NOT COALESCE(u.c12, FALSE) OR u.c13 OR NOT COALESCE(u.c14, FALSE))
GROUP BY 2, 3
-- $1 = string camelKey
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
