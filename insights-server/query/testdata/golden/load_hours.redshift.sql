SELECT "hour", COUNT(*), CAST(SUM("rows") AS BIGINT), CAST(SUM("lines") AS BIGINT), MAX("lag")
FROM (
  SELECT DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', l."finished_at") / 3600000000 AS "hour", l."inserted" AS "rows", l."lines" AS "lines", DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', l."finished_at") - DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', l."oldest_object_at") AS "lag"
  FROM "loaf_loads" l
  WHERE l."finished_at" >= TIMESTAMP '2024-02-28 00:00:00.000000' AND l."finished_at" < TIMESTAMP '2024-03-02 00:00:00.000000'
) f
GROUP BY "hour"
ORDER BY "hour"
