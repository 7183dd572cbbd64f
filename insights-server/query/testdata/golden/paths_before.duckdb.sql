WITH n AS (
SELECT e."user_key", e."event", epoch_us(e."timestamp") AS "time", ROW_NUMBER() OVER (PARTITION BY e."user_key" ORDER BY e."timestamp", e."event_id") AS "place"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_key" IS NOT NULL
), a AS (
SELECT "user_key", MIN("place") AS "place", MIN("time") AS "time"
FROM n
GROUP BY 1
)
SELECT "step", "from", "event", COUNT(*) AS "users"
FROM (SELECT "step", LAG("event") OVER (PARTITION BY "user_key" ORDER BY "step") AS "from", "event"
FROM (SELECT n."user_key", a."place" - n."place" AS "step", n."event"
FROM a JOIN n ON n."user_key" = a."user_key"
WHERE a."place" - n."place" >= 0 AND a."place" - n."place" <= 1 AND a."time" - n."time" <= 1800000000) AS s) AS r
GROUP BY 1, 2, 3
