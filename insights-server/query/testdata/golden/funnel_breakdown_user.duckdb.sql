SELECT MIN("key"), list("time" * 1024 + "mask")
FROM (SELECT e."user_key", epoch_us(e."timestamp") - (1704067200000000) AS "time", CASE e."event" WHEN $1 THEN 1 WHEN $2 THEN 2 ELSE 0 END AS "mask", u."key" AS "key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."a1_text" AS "key" FROM "users" AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_key" IS NOT NULL
  AND e."event" IN ($1, $2)) AS r
WHERE "mask" > 0
GROUP BY "user_key"
HAVING MAX("mask" % 2) = 1
-- $1 = string a
-- $2 = string b
