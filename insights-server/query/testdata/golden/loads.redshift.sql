SELECT l."load_id", l."started_at", l."finished_at", l."objects", l."lines", l."inserted", l."duplicates", DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', l."finished_at") - DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', l."oldest_object_at") AS "lag"
FROM "loaf_loads" l
WHERE l."finished_at" >= TIMESTAMP '2024-02-28 00:00:00.000000' AND l."finished_at" < TIMESTAMP '2024-03-02 00:00:00.000000'
ORDER BY l."load_id" DESC
LIMIT 50
