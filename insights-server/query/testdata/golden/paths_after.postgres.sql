WITH n AS (
SELECT e."user_id", e."event", CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) AS "time", ROW_NUMBER() OVER (PARTITION BY e."user_id" ORDER BY e."timestamp", e."event_id") AS "place"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", jsonb_typeof(a."attributes" -> CAST($1 AS text)) <> 'null' AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END > CAST($3 AS double precision)) AND u.c0)
), a AS (
SELECT "user_id", MIN("place") AS "place", MIN("time") AS "time"
FROM n
WHERE "event" = CAST($4 AS text)
GROUP BY 1
)
SELECT "step", "from", "event", COUNT(*) AS "users"
FROM (SELECT "step", LAG("event") OVER (PARTITION BY "user_id" ORDER BY "step") AS "from", "event"
FROM (SELECT n."user_id", n."place" - a."place" AS "step", n."event"
FROM a JOIN n ON n."user_id" = a."user_id"
WHERE n."place" - a."place" >= 0 AND n."place" - a."place" <= 3 AND n."time" - a."time" <= 604800000000) AS s) AS r
GROUP BY 1, 2, 3
-- $1 = string plan
-- $2 = string files
-- $3 = float64 5
-- $4 = string a
