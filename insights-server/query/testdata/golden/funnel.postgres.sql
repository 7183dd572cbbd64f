SELECT array_agg("time" * 1024 + "mask" ORDER BY "time" * 1024 + "mask")
FROM (SELECT e."user_id", CAST(EXTRACT(EPOCH FROM e."timestamp") * 1000000 AS bigint) - (1704067200000000) AS "time", CASE e."event" WHEN CAST($1 AS text) THEN 1 WHEN CAST($2 AS text) THEN CASE WHEN ((CASE WHEN jsonb_typeof(e."properties" -> CAST($3 AS text)) = 'number' THEN CAST(e."properties" ->> CAST($3 AS text) AS double precision) END > CAST($4 AS double precision))) THEN 2 ELSE 0 END ELSE 0 END AS "mask"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMPTZ '2024-01-01 00:00:00.000000+00'
  AND e."timestamp" < TIMESTAMPTZ '2024-02-01 00:00:00.000000+00'
  AND e."user_id" IS NOT NULL
  AND e."event" IN (CAST($1 AS text), CAST($2 AS text))) AS r
WHERE "mask" > 0
GROUP BY "user_id"
HAVING MAX("mask" % 2) = 1
-- $1 = string a
-- $2 = string b
-- $3 = string files
-- $4 = float64 5
