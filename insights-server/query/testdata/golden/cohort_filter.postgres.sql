SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS text) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END = CAST($2 AS text)) AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-02-29 18:30:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-04-30 18:30:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($3 AS text)
GROUP BY 1
HAVING COUNT(*) >= 5) AS k0 ON k0."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-03-09 18:30:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-03-10 18:30:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($4 AS text)
GROUP BY 1
HAVING COUNT(*) >= 1) AS k1 ON k1."user_id" = e."user_id"
LEFT JOIN (SELECT a."user_id" FROM "users" AS a WHERE jsonb_typeof(a."attributes" -> CAST($5 AS text)) <> 'null') AS k2 ON k2."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", jsonb_typeof(a."attributes" -> CAST($6 AS text)) <> 'null' AS c0 FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2023-09-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-10-28 00:00:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND e."event" = CAST($3 AS text)
  AND ((CASE WHEN jsonb_typeof(e."properties" -> CAST($6 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($6 AS text) AS double precision) END > CAST($7 AS double precision)) AND u.c0)
GROUP BY 1
HAVING COUNT(*) >= 1) AS k3 ON k3."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($8 AS text)
  AND ((e."user_id" IS NOT NULL AND (k0."user_id" IS NOT NULL AND k1."user_id" IS NULL AND k2."user_id" IS NULL)) OR NOT (e."user_id" IS NOT NULL AND (k3."user_id" IS NULL)) OR u.c0)
GROUP BY 2, 3
-- $1 = string plan
-- $2 = string pro
-- $3 = string view
-- $4 = string View
-- $5 = string files
-- $6 = string n
-- $7 = float64 300
-- $8 = string a
