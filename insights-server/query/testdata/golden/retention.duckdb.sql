WITH c AS (
SELECT "user_key", (epoch_us("first") - (1704067200000000)) // 604800000000 AS "bucket"
FROM (SELECT e."user_key", MIN(e."timestamp") AS "first"
FROM "events" AS e
WHERE e."user_key" IS NOT NULL
  AND e."event" = $1
GROUP BY 1) AS f
WHERE "first" >= TIMESTAMP '2024-01-01 00:00:00.000000' AND "first" < TIMESTAMP '2024-02-01 00:00:00.000000'
), r AS (
SELECT e."user_key", (epoch_us(e."timestamp") - (1704067200000000)) // 604800000000 AS "bucket"
FROM "events" AS e
WHERE e."user_key" IS NOT NULL
  AND e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-26 00:00:00.000000'
GROUP BY 1, 2
)
SELECT c."bucket", -1 AS "period", COUNT(*) AS "users" FROM c GROUP BY 1
UNION ALL
SELECT c."bucket", r."bucket" - c."bucket", COUNT(*)
FROM c JOIN r ON r."user_key" = c."user_key"
WHERE r."bucket" >= c."bucket" AND r."bucket" < c."bucket" + 4
GROUP BY 1, 2
-- $1 = string a
