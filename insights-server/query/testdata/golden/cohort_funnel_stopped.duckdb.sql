SELECT COUNT(*) FROM (SELECT "user_id", "user_key" FROM "users" UNION SELECT "user_id", "user_key" FROM "events" WHERE "user_id" IS NOT NULL) AS e
LEFT JOIN (SELECT "user_key" FROM (SELECT "user_key", "time", "a0", "a1", "a2", "p1", "p2", CASE WHEN CASE WHEN "a0" >= 3 THEN "time" WHEN "a1" >= 3 AND "time" - "p1" <= 60000000 THEN "p1" WHEN "a2" >= 3 AND "time" - "p2" <= 60000000 THEN "p2" END IS NOT NULL THEN 3 ELSE "reached" END AS "reached"
FROM (SELECT "user_key", "time", "a0", "a1", "a2", "p1", MAX(CASE WHEN "a0" >= 2 THEN "time" WHEN "a1" >= 2 AND "time" - "p1" <= 60000000 THEN "p1" END) OVER (PARTITION BY "user_key" ORDER BY "time" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "p2", CASE WHEN CASE WHEN "a0" >= 2 THEN "time" WHEN "a1" >= 2 AND "time" - "p1" <= 60000000 THEN "p1" END IS NOT NULL THEN 2 ELSE "reached" END AS "reached"
FROM (SELECT "user_key", "time", "a0", "a1", "a2", MAX(CASE WHEN "a0" >= 1 THEN "time" END) OVER (PARTITION BY "user_key" ORDER BY "time" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "p1", CASE WHEN CASE WHEN "a0" >= 1 THEN "time" END IS NOT NULL THEN 1 ELSE 0 END AS "reached"
FROM (SELECT "user_key", "time", CASE WHEN "n1" < 1 THEN 0 WHEN "n1" < 2 THEN 1 WHEN "n1" < 3 THEN 2 ELSE 3 END AS "a0", CASE WHEN "n1" < 1 THEN 1 WHEN "n1" < 2 THEN 2 ELSE 3 END AS "a1", CASE WHEN "n1" < 1 THEN 2 ELSE 3 END AS "a2"
FROM (SELECT "user_key", "time", COUNT(CASE WHEN ("mask" & 1) > 0 THEN 1 END) AS "n1"
FROM (SELECT e."user_key", epoch_us(e."timestamp") - (1293876000000000) AS "time", CASE e."event" WHEN $1 THEN 1 + 2 + 4 ELSE 0 END AS "mask"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2011-01-01 10:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2025-12-31 11:00:00.000000'
  AND e."user_key" IS NOT NULL
  AND e."event" IN ($1)) AS r
WHERE "mask" > 0
GROUP BY 1, 2) AS n) AS s) AS s) AS s) AS g
GROUP BY 1
HAVING MAX("reached") = 2) AS k0 ON k0."user_key" = e."user_key"
WHERE (e."user_key" IS NOT NULL AND (k0."user_key" IS NOT NULL))
-- $1 = string view
