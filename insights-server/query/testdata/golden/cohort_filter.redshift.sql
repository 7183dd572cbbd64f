SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN JSON_TYPEOF(a."attributes"."plan") = 'string' THEN CAST(a."attributes"."plan" AS VARCHAR(65535)) END = CAST($1 AS VARCHAR(65535))) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-02-29 18:30:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-04-30 18:30:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($2 AS VARCHAR(65535))
GROUP BY 1
HAVING COUNT(*) >= 5) AS k0 ON k0."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-09 18:30:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-03-10 18:30:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($3 AS VARCHAR(65535))
GROUP BY 1
HAVING COUNT(*) >= 1) AS k1 ON k1."user_id" = e."user_id"
LEFT JOIN (SELECT a."user_id" FROM "users" AS a WHERE JSON_TYPEOF(a."attributes"."files") <> 'null') AS k2 ON k2."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", JSON_TYPEOF(a."attributes"."n") <> 'null' AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2023-09-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-28 00:00:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($2 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."n") = 'number' THEN CAST(e."properties"."n" AS DOUBLE PRECISION) END > CAST($4 AS DOUBLE PRECISION)) AND u.c0)
GROUP BY 1
HAVING COUNT(*) >= 1) AS k3 ON k3."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = CAST($5 AS VARCHAR(65535))
  AND ((e."user_id" IS NOT NULL AND (k0."user_id" IS NOT NULL AND k1."user_id" IS NULL AND k2."user_id" IS NULL)) OR NOT (e."user_id" IS NOT NULL AND (k3."user_id" IS NULL)) OR u.c0)
GROUP BY 2, 3
-- $1 = string pro
-- $2 = string view
-- $3 = string View
-- $4 = float64 300
-- $5 = string a
