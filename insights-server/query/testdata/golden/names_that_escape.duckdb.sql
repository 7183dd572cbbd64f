SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $1
  AND ((CASE WHEN json_type(e."properties", $2) = 'VARCHAR' THEN json_extract_string(e."properties", $2) END = $3))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN json_type(e."properties", $2) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(e."properties", $2) AS DOUBLE) END) AS "measured", CAST(fsum(CASE WHEN json_type(e."properties", $2) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(e."properties", $2) AS DOUBLE) END) AS DOUBLE) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = $4
  AND ((CASE WHEN json_type(e."properties", $2) = 'VARCHAR' THEN json_extract_string(e."properties", $2) END = $3))
GROUP BY 2, 3
-- $1 = string x'";
-- $2 = string /x'".y~1z~0$1
-- $3 = string '; DROP TABLE events; --
-- $4 = string a
