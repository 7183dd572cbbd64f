SELECT MIN("key"), array_agg("time" * 1024 + "mask" ORDER BY "time" * 1024 + "mask")
FROM (SELECT e."user_id", CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000) AS "time", CASE e."event" WHEN CAST($1 AS text) THEN 1 WHEN CAST($2 AS text) THEN 2 ELSE 0 END AS "mask", u."key" AS "key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE('s' || (CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($3 AS text) AS text) END), 's' || (CASE WHEN CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($3 AS text) AS double precision) END = 0 THEN '0' WHEN abs(CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($3 AS text) AS double precision) END) >= 1e21 OR abs(CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($3 AS text) AS double precision) END) < 1e-6 THEN regexp_replace(CAST(CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($3 AS text) AS double precision) END AS text), 'e([+-])0', 'e\1') ELSE CAST(CAST(CAST(CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($3 AS text) AS double precision) END AS text) AS numeric) AS text) END), CASE WHEN CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($3 AS text) AS boolean) END THEN 'strue' WHEN NOT CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($3 AS text) AS boolean) END THEN 'sfalse' END, 'j' || (CASE WHEN jsonb_typeof(a."attributes" -> CAST($3 AS text)) IN ('object', 'array') THEN a."attributes" ->> CAST($3 AS text) END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND e."event" IN (CAST($1 AS text), CAST($2 AS text))) AS r
WHERE "mask" > 0
GROUP BY "user_id"
HAVING MAX("mask" % 2) = 1
-- $1 = string a
-- $2 = string b
-- $3 = string plan
