WITH n AS (
SELECT e."user_key", e."event", epoch_us(e."timestamp") AS "time", ROW_NUMBER() OVER (PARTITION BY e."user_key" ORDER BY e."timestamp", e."event_id") AS "place"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" IS NOT NULL) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_key" IS NOT NULL
  AND ((e."p1_number" > $1) AND u.c0)
), a AS (
SELECT "user_key", MIN("place") AS "place", MIN("time") AS "time"
FROM n
WHERE "event" = $2
GROUP BY 1
)
SELECT "step", "from", "event", COUNT(*) AS "users"
FROM (SELECT "step", LAG("event") OVER (PARTITION BY "user_key" ORDER BY "step") AS "from", "event"
FROM (SELECT n."user_key", n."place" - a."place" AS "step", n."event"
FROM a JOIN n ON n."user_key" = a."user_key"
WHERE n."place" - a."place" >= 0 AND n."place" - a."place" <= 3 AND n."time" - a."time" <= 604800000000) AS s) AS r
GROUP BY 1, 2, 3
-- $1 = float64 5
-- $2 = string a
