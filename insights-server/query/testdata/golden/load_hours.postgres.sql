SELECT "hour", COUNT(*), CAST(SUM("rows") AS BIGINT), CAST(SUM("lines") AS BIGINT), MAX("lag")
FROM (
  SELECT CAST(EXTRACT(EPOCH FROM l."finished_at") * 1000000 AS bigint) / 3600000000 AS "hour", l."inserted" AS "rows", l."lines" AS "lines", CAST(EXTRACT(EPOCH FROM l."finished_at") * 1000000 AS bigint) - CAST(EXTRACT(EPOCH FROM l."oldest_object_at") * 1000000 AS bigint) AS "lag"
  FROM "loaf_loads" l
  WHERE l."finished_at" >= TIMESTAMPTZ '2024-02-28 00:00:00.000000+00' AND l."finished_at" < TIMESTAMPTZ '2024-03-02 00:00:00.000000+00'
) f
GROUP BY "hour"
ORDER BY "hour"
