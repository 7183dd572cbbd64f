SET enable_case_sensitive_identifier TO true;

SELECT "object_id", "bucket", "key", "status", "load_id", "lines", "inserted", "duplicates", "error"
FROM "loaf_files" WHERE "kind" = $1 AND LEFT("key", 21) IN ($2, $3);

SELECT "load_id", COUNT(*), CAST(SUM("lines") AS BIGINT), CAST(SUM("inserted") AS BIGINT), CAST(SUM("duplicates") AS BIGINT), CAST(SUM(CASE WHEN "kind" = 'events' AND "status" = 'loaded' THEN "inserted" ELSE 0 END) AS BIGINT)
FROM "loaf_files" WHERE "status" IN ('loaded', 'expired') AND "load_id" BETWEEN $1 AND $2 GROUP BY "load_id";

SELECT "load_id", "objects", "lines", "inserted", "duplicates" FROM "loaf_loads" WHERE "load_id" BETWEEN $1 AND $2;

SELECT "load_id", COUNT(*) FROM "events" WHERE "load_id" BETWEEN $1 AND $2 GROUP BY "load_id";

SELECT CAST("event_id" AS VARCHAR(36)), "timestamp", COUNT(*) FROM "events"
WHERE "timestamp" BETWEEN $1 AND $2 AND "event_id" IN ($3, $4) GROUP BY "event_id", "timestamp";
