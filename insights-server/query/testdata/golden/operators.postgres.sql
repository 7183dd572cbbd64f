SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-01-02 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END = CAST($3 AS text)) AND NOT COALESCE((CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END = CAST($4 AS double precision)), FALSE) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END IN (CAST($3 AS text), CAST($5 AS text)) OR CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END IN (CAST($6 AS double precision), CAST($7 AS double precision)) OR CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'boolean' THEN CAST(e."properties" ->> CAST($2 AS text) AS boolean) END = CAST($8 AS boolean)) AND NOT COALESCE((CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'boolean' THEN CAST(e."properties" ->> CAST($2 AS text) AS boolean) END = CAST($8 AS boolean)), FALSE) AND (strpos(lower(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END COLLATE "C.utf8") COLLATE "C", lower(CAST($9 AS text) COLLATE "C.utf8") COLLATE "C") > 0) AND NOT COALESCE((strpos(lower(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END COLLATE "C.utf8") COLLATE "C", lower(CAST($9 AS text) COLLATE "C.utf8") COLLATE "C") > 0), FALSE) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END IS NOT NULL) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END > CAST($6 AS double precision)) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END >= CAST($10 AS double precision)) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END < CAST($11 AS double precision)) AND (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END <= CAST($12 AS double precision)) AND jsonb_typeof(e."properties" -> CAST($2 AS text)) <> 'null' AND NOT COALESCE(jsonb_typeof(e."properties" -> CAST($2 AS text)) <> 'null', FALSE) AND FALSE AND NOT COALESCE(FALSE, FALSE))
GROUP BY 2, 3
-- $1 = string a
-- $2 = string camelKey
-- $3 = string x
-- $4 = float64 10
-- $5 = string y
-- $6 = float64 1
-- $7 = float64 2
-- $8 = bool true
-- $9 = string X
-- $10 = float64 1.5
-- $11 = float64 1e+100
-- $12 = float64 0
