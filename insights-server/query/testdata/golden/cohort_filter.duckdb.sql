SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", (CASE WHEN a."type6" = 'VARCHAR' THEN a."value6" END = $1) AS c0 FROM (SELECT a."user_id", json_type(a."attributes", $2) AS "type6", json_extract_string(a."attributes", $2) AS "value6" FROM "users" AS a) AS a) AS u ON u."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-02-29 18:30:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-04-30 18:30:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = $3
GROUP BY 1
HAVING COUNT(*) >= 5) AS k0 ON k0."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-09 18:30:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-03-10 18:30:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = $4
GROUP BY 1
HAVING COUNT(*) >= 1) AS k1 ON k1."user_id" = e."user_id"
LEFT JOIN (SELECT a."user_id" FROM (SELECT a."user_id", json_type(a."attributes", $5) AS "type3", json_extract_string(a."attributes", $5) AS "value3" FROM "users" AS a) AS a WHERE a."type3" <> 'NULL') AS k2 ON k2."user_id" = e."user_id"
LEFT JOIN (SELECT e."user_id"
FROM "events" AS e
LEFT JOIN (SELECT a."user_id", a."type4" <> 'NULL' AS c0 FROM (SELECT a."user_id", json_type(a."attributes", $6) AS "type4", json_extract_string(a."attributes", $6) AS "value4" FROM "users" AS a) AS a) AS u ON u."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2023-09-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-28 00:00:00.000000'
  AND e."user_id" IS NOT NULL
  AND e."event" = $3
  AND ((CASE WHEN json_type(e."properties", $6) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(e."properties", $6) AS DOUBLE) END > $7) AND u.c0)
GROUP BY 1
HAVING COUNT(*) >= 1) AS k3 ON k3."user_id" = e."user_id"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $8
  AND ((e."user_id" IS NOT NULL AND (k0."user_id" IS NOT NULL AND k1."user_id" IS NULL AND k2."user_id" IS NULL)) OR NOT (e."user_id" IS NOT NULL AND (k3."user_id" IS NULL)) OR u.c0)
GROUP BY 2, 3
-- $1 = string pro
-- $2 = string /plan
-- $3 = string view
-- $4 = string View
-- $5 = string /files
-- $6 = string /n
-- $7 = float64 300
-- $8 = string a
