SET enable_case_sensitive_identifier TO true;

SELECT "object_id", "bucket", "key", "status", "load_id", "lines", "inserted", "duplicates", "error"
FROM "loaf_files" WHERE "kind" = $1 AND LEFT("key", 21) IN ($2, $3);

SELECT "load_id", COUNT(*), CAST(SUM("lines") AS BIGINT), CAST(SUM("inserted") AS BIGINT), CAST(SUM("duplicates") AS BIGINT), CAST(SUM(CASE WHEN "kind" = 'events' AND "status" = 'loaded' THEN "inserted" ELSE 0 END) AS BIGINT)
FROM "loaf_files" WHERE "status" IN ('loaded', 'expired') AND "load_id" BETWEEN $1 AND $2 GROUP BY "load_id";

SELECT "load_id", "objects", "lines", "inserted", "duplicates" FROM "loaf_loads" WHERE "load_id" BETWEEN $1 AND $2;

SELECT "load_id", COUNT(*) FROM "events" WHERE "load_id" BETWEEN $1 AND $2 GROUP BY "load_id";

SELECT CAST("event_id" AS VARCHAR(36)), "timestamp", COUNT(*) FROM "events"
WHERE "timestamp" BETWEEN $1 AND $2 AND "event_id" IN ($3, $4) GROUP BY "event_id", "timestamp";

SELECT "id", "body" FROM "loaf_documents" WHERE "kind" = $1 ORDER BY "created_at" DESC, "id" DESC;

DELETE FROM "loaf_documents" WHERE "kind" = $1 AND "id" IN ($2, $3);

INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ($1, $2, 1, $3, $4, $5, $6, $7);
