SELECT 0 AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_id") AS "measured", CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN "user_id" IS NOT NULL THEN CAST("n" AS double precision) END) AS text) AS "value"
FROM (SELECT COALESCE(g."group", CASE WHEN r."key" IS NULL THEN -1 ELSE -2 END) AS "group", r."bucket" AS "bucket", r."user_id", COUNT(*) AS "n"
FROM (SELECT (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket", e."user_id", u."key" AS "key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE('s' || (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END), 's' || (CASE WHEN CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END = 0 THEN '0' WHEN abs(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END) >= 1e21 OR abs(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END) < 1e-6 THEN regexp_replace(CAST(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END AS text), 'e([+-])0', 'e\1') ELSE CAST(CAST(CAST(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END AS text) AS numeric) AS text) END), CASE WHEN CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END THEN 'strue' WHEN NOT CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END THEN 'sfalse' END, 'j' || (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) IN ('object', 'array') THEN a."attributes" ->> CAST($1 AS text) END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)) AS r
LEFT JOIN (SELECT CAST($3 AS text) AS "key", 0 AS "group" UNION ALL SELECT CAST($4 AS text), 1) AS g ON g."key" = r."key"
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3
-- $1 = string plan
-- $2 = string a
-- $3 = string sx
-- $4 = string s10
