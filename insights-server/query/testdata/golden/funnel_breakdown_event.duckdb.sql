SELECT "user_key", "time" * 1024 + "mask", "key"
FROM (SELECT "user_key", "time", "mask", "key", "event_id", MAX("mask" % 2) OVER (PARTITION BY "user_key") AS "begins"
FROM (SELECT e."user_key", epoch_us(e."timestamp") - (1704067200000000) AS "time", CASE WHEN e."event" = $1 THEN 1 ELSE 0 END + CASE WHEN TRUE THEN 2 ELSE 0 END AS "mask", e."event_id", CASE WHEN e."event" = $1 THEN COALESCE('s' || (e."p3_text"), 's' || (CASE WHEN abs(e."p3_number") < 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(e."p3_number" AS BIGINT) AS VARCHAR) WHEN abs(e."p3_number") >= 1e21 OR abs(e."p3_number") < 1e-6 THEN regexp_replace(CAST(e."p3_number" AS VARCHAR), 'e([+-])0', 'e\1') WHEN abs(e."p3_number") >= 1e15 AND e."p3_number" = trunc(e."p3_number") THEN CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 0)) AS VARCHAR) WHEN abs(e."p3_number") < 1e-3 THEN rtrim(CAST(CAST(CAST(e."p3_number" AS VARCHAR) AS DECIMAL(38, 30)) AS VARCHAR), '0') ELSE CAST(e."p3_number" AS VARCHAR) END), CASE WHEN e."p3_boolean" THEN 'strue' WHEN NOT e."p3_boolean" THEN 'sfalse' END, 'j' || (e."p3_complex")) END AS "key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_key" IS NOT NULL) AS r
WHERE "mask" > 0) AS r
WHERE "begins" = 1
ORDER BY "user_key", "time", "event_id"
-- $1 = string a
