WITH s AS (
SELECT "bucket", LAG("bucket") OVER (PARTITION BY "user_id" ORDER BY "bucket") AS "before", LEAD("bucket") OVER (PARTITION BY "user_id" ORDER BY "bucket") AS "after"
FROM (SELECT DISTINCT e."user_id", CASE WHEN e."timestamp" < TIMESTAMPTZ '2023-12-25 00:00:00.000000+00' THEN -1 ELSE (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1703462400000000)) / 604800000000 END AS "bucket"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", jsonb_typeof(a."attributes" -> CAST($1 AS text)) <> 'null' AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."user_id" IS NOT NULL
  AND e."event" = CAST($2 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($3 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($3 AS text) AS double precision) END > CAST($4 AS double precision)) AND u.c0)
  AND e."timestamp" < TIMESTAMPTZ '2024-02-05 00:00:00.000000+00') AS r
)
SELECT "bucket", CASE WHEN "before" IS NULL THEN 0 WHEN "before" = "bucket" - 1 THEN 1 ELSE 2 END AS "state", COUNT(*) AS "users"
FROM s
WHERE "bucket" > 0
GROUP BY 1, 2
UNION ALL
SELECT "bucket" + 1, 3, COUNT(*)
FROM s
WHERE "bucket" >= 0 AND "bucket" < 5 AND ("after" IS NULL OR "after" > "bucket" + 1)
GROUP BY 1
-- $1 = string plan
-- $2 = string a
-- $3 = string files
-- $4 = float64 5
