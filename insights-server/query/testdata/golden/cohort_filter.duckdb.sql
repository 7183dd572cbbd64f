SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", (a."a1_text" = $1) AS c0 FROM "users" AS a) AS u ON u."user_key" = e."user_key"
LEFT JOIN (SELECT e."user_key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-02-29 18:30:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-04-30 18:30:00.000000'
  AND e."user_key" IS NOT NULL
  AND e."event" = $2
GROUP BY 1
HAVING COUNT(*) >= 5) AS k0 ON k0."user_key" = e."user_key"
LEFT JOIN (SELECT e."user_key"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-03-09 18:30:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-03-10 18:30:00.000000'
  AND e."user_key" IS NOT NULL
  AND e."event" = $3
GROUP BY 1
HAVING COUNT(*) >= 1) AS k1 ON k1."user_key" = e."user_key"
LEFT JOIN (SELECT a."user_key" FROM (SELECT a."user_key", json_type(a."attributes", $4) AS "type3", json_extract_string(a."attributes", $4) AS "value3" FROM "users" AS a) AS a WHERE a."type3" <> 'NULL') AS k2 ON k2."user_key" = e."user_key"
LEFT JOIN (SELECT e."user_key"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."type4" <> 'NULL' AS c0 FROM (SELECT a."user_key", json_type(a."attributes", $5) AS "type4", json_extract_string(a."attributes", $5) AS "value4" FROM "users" AS a) AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2023-09-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-28 00:00:00.000000'
  AND e."user_key" IS NOT NULL
  AND e."event" = $2
  AND ((CASE WHEN json_type(e."properties", $5) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(e."properties", $5) AS DOUBLE) END > $6) AND u.c0)
GROUP BY 1
HAVING COUNT(*) >= 1) AS k3 ON k3."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-02-01 00:00:00.000000'
  AND e."event" = $7
  AND ((e."user_key" IS NOT NULL AND (k0."user_key" IS NOT NULL AND k1."user_key" IS NULL AND k2."user_key" IS NULL)) OR NOT (e."user_key" IS NOT NULL AND (k3."user_key" IS NULL)) OR u.c0)
GROUP BY 2, 3
-- $1 = string pro
-- $2 = string view
-- $3 = string View
-- $4 = string /files
-- $5 = string /n
-- $6 = float64 300
-- $7 = string a
