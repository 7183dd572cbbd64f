SELECT 0 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", 0 AS "measured", CAST(NULL AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = CAST($1 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."x'"".y/z~$1") = 'string' THEN CAST(e."properties"."x'"".y/z~$1" AS VARCHAR(65535)) END = CAST($2 AS VARCHAR(65535))))
GROUP BY 2, 3
UNION ALL
SELECT 1 AS "series", 0 AS "group", 0 AS "bucket", COUNT(*) AS "events", COUNT(CASE WHEN JSON_TYPEOF(e."properties"."x'"".y/z~$1") = 'number' THEN CAST(e."properties"."x'"".y/z~$1" AS DOUBLE PRECISION) END) AS "measured", CAST(SUM(CASE WHEN JSON_TYPEOF(e."properties"."x'"".y/z~$1") = 'number' THEN CAST(e."properties"."x'"".y/z~$1" AS DOUBLE PRECISION) END) AS DOUBLE PRECISION) AS "value"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-01-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-01-02 00:00:00.000000'
  AND e."event" = CAST($3 AS VARCHAR(65535))
  AND ((CASE WHEN JSON_TYPEOF(e."properties"."x'"".y/z~$1") = 'string' THEN CAST(e."properties"."x'"".y/z~$1" AS VARCHAR(65535)) END = CAST($2 AS VARCHAR(65535))))
GROUP BY 2, 3
-- $1 = string x'";
-- $2 = string '; DROP TABLE events; --
-- $3 = string a
