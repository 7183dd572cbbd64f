SELECT 0 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1708905600000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-04-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", (DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1706486400000000)) / 604800000000 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-30 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-03-01 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
GROUP BY 2, 3
-- $1 = string a
