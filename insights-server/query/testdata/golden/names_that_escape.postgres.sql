SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-01-02 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END = CAST($3 AS text)))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END) AS "measured", CAST(sum(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS numeric) END) AS text) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-01-02 00:00:00.000000+00'
  AND e."event" = CAST($4 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END = CAST($3 AS text)))
GROUP BY 2, 3
-- $1 = string x'";
-- $2 = string x'".y/z~$1
-- $3 = string '; DROP TABLE events; --
-- $4 = string a
