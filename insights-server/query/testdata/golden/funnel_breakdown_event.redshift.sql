SELECT "user_id", "time" * 1024 + "mask", "key"
FROM (SELECT "user_id", "time", "mask", "key", "event_id", MAX("mask" % 2) OVER (PARTITION BY "user_id") AS "begins"
FROM (SELECT e."user_id", DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', e."timestamp") - (1704067200000000) AS "time", CASE WHEN e."event" = CAST($1 AS VARCHAR(65535)) THEN 1 ELSE 0 END + CASE WHEN TRUE THEN 2 ELSE 0 END AS "mask", e."event_id", CASE WHEN e."event" = CAST($1 AS VARCHAR(65535)) THEN COALESCE(CONCAT('s', CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'string' THEN CAST(e."properties"."camelKey" AS VARCHAR(65535)) END), CASE WHEN ABS(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END) < 1e15 AND CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END = FLOOR(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END) THEN CONCAT('s', CAST(CAST(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END AS BIGINT) AS VARCHAR(64))) WHEN CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END IS NOT NULL THEN CONCAT('n', CAST(CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'number' THEN CAST(e."properties"."camelKey" AS DOUBLE PRECISION) END AS VARCHAR(64))) END, CASE WHEN CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'boolean' THEN CAST(e."properties"."camelKey" AS BOOLEAN) END THEN 'strue' WHEN NOT CASE WHEN JSON_TYPEOF(e."properties"."camelKey") = 'boolean' THEN CAST(e."properties"."camelKey" AS BOOLEAN) END THEN 'sfalse' END, CONCAT('j', CASE WHEN JSON_TYPEOF(e."properties"."camelKey") IN ('object', 'array') THEN JSON_SERIALIZE(e."properties"."camelKey") END)) END AS "key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."user_id" IS NOT NULL) AS r
WHERE "mask" > 0) AS r
WHERE "begins" = 1
ORDER BY "user_id", "time", "event_id"
-- $1 = string a
