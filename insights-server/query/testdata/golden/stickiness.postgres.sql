SELECT 0 AS "series", "n" AS "intervals", COUNT(*) AS "users"
FROM (SELECT "user_id", COUNT(DISTINCT "bucket") AS "n"
FROM (SELECT e."user_id", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($1 AS text)
  AND e."user_id" IS NOT NULL) AS r
GROUP BY 1) AS p
GROUP BY 2
UNION ALL
SELECT 1 AS "series", "n" AS "intervals", COUNT(*) AS "users"
FROM (SELECT "user_id", COUNT(DISTINCT "bucket") AS "n"
FROM (SELECT e."user_id", (CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000)) / 604800000000 AS "bucket"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", jsonb_typeof(a."attributes" -> CAST($2 AS text)) <> 'null' AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND (u.c0)
  AND e."user_id" IS NOT NULL) AS r
GROUP BY 1) AS p
GROUP BY 2
-- $1 = string a
-- $2 = string plan
