SELECT 0 AS "series", "key", "n" FROM (SELECT "key", "n", "object", ROW_NUMBER() OVER (PARTITION BY "object" ORDER BY "n" DESC, "key" COLLATE "C") AS "place"
FROM (SELECT "key", "n", CASE WHEN LEFT("key", 1) = 'j' OR LEFT("key", 2) IN ('s{', 's[') THEN 1 ELSE 0 END AS "object" FROM (SELECT u."key" AS "key", COUNT(*) AS "n"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", COALESCE('s' || (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'string' THEN CAST(a."attributes" ->> CAST($1 AS text) AS text) END), 's' || (CASE WHEN CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END = 0 THEN '0' WHEN abs(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END) >= 1e21 OR abs(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END) < 1e-6 THEN regexp_replace(CAST(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END AS text), 'e([+-])0', 'e\1') ELSE CAST(CAST(CAST(CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'number' THEN CAST(a."attributes" ->> CAST($1 AS text) AS double precision) END AS text) AS numeric) AS text) END), CASE WHEN CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END THEN 'strue' WHEN NOT CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) = 'boolean' THEN CAST(a."attributes" ->> CAST($1 AS text) AS boolean) END THEN 'sfalse' END, 'j' || (CASE WHEN jsonb_typeof(a."attributes" -> CAST($1 AS text)) IN ('object', 'array') THEN a."attributes" ->> CAST($1 AS text) END)) AS "key" FROM "users" AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."event" = CAST($2 AS text)
GROUP BY 1) AS r
WHERE "key" IS NOT NULL) AS r) AS r
WHERE "place" <= CASE WHEN "object" = 1 THEN 100001 ELSE 3 END
-- $1 = string plan
-- $2 = string a
