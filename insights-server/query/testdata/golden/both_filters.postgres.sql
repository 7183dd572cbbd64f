SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END = CAST($2 AS text)) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-01-02 00:00:00.000000+00'
  AND e."event" = CAST($3 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($4 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($4 AS text) AS text) END = CAST($5 AS text)) OR u.c0)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($6 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($6 AS text) AS double precision) END > CAST($7 AS double precision)))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(DISTINCT e."user_id") AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END = CAST($2 AS text)) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-01-02 00:00:00.000000+00'
  AND e."event" = CAST($8 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($4 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($4 AS text) AS text) END = CAST($5 AS text)) OR u.c0)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($6 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($6 AS text) AS double precision) END > CAST($7 AS double precision)))
GROUP BY 2, 3
-- $1 = string plan
-- $2 = string pro
-- $3 = string a
-- $4 = string area
-- $5 = string x
-- $6 = string files
-- $7 = float64 5
-- $8 = string b
