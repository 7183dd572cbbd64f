SELECT "user_id", "time" * 1024 + "mask", "key"
FROM (SELECT "user_id", "time", "mask", "key", "event_id", MAX("mask" % 2) OVER (PARTITION BY "user_id") AS "begins"
FROM (SELECT e."user_id", CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000) AS "time", CASE WHEN e."event" = CAST($1 AS text) THEN 1 ELSE 0 END + CASE WHEN TRUE THEN 2 ELSE 0 END AS "mask", e."event_id", CASE WHEN e."event" = CAST($1 AS text) THEN COALESCE('s' || (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'string' THEN CAST(e."properties" ->> CAST($2 AS text) AS text) END), 's' || (CASE WHEN CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END = 0 THEN '0' WHEN abs(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END) >= 1e21 OR abs(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END) < 1e-6 THEN regexp_replace(CAST(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END AS text), 'e([+-])0', 'e\1') ELSE CAST(CAST(CAST(CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($2 AS text) AS double precision) END AS text) AS numeric) AS text) END), CASE WHEN CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'boolean' THEN CAST(e."properties" ->> CAST($2 AS text) AS boolean) END THEN 'strue' WHEN NOT CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) = 'boolean' THEN CAST(e."properties" ->> CAST($2 AS text) AS boolean) END THEN 'sfalse' END, 'j' || (CASE WHEN jsonb_typeof(e."properties" -> CAST($2 AS text)) IN ('object', 'array') THEN e."properties" ->> CAST($2 AS text) END)) END AS "key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."user_id" IS NOT NULL) AS r
WHERE "mask" > 0) AS r
WHERE "begins" = 1
ORDER BY "user_id" COLLATE "C", "time", "event_id"
-- $1 = string a
-- $2 = string camelKey
