SELECT l."load_id", l."started_at", l."finished_at", l."objects", l."lines", l."inserted", l."duplicates", CAST(EXTRACT(EPOCH FROM l."finished_at") * 1000000 AS bigint) - CAST(EXTRACT(EPOCH FROM l."oldest_object_at") * 1000000 AS bigint) AS "lag"
FROM "loaf_loads" l
WHERE l."finished_at" >= TIMESTAMPTZ '2024-02-28 00:00:00.000000+00' AND l."finished_at" < TIMESTAMPTZ '2024-03-02 00:00:00.000000+00'
ORDER BY l."load_id" DESC
LIMIT 50
