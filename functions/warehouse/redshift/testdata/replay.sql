SET enable_case_sensitive_identifier TO true;

SELECT "object_id" FROM "loaf_files" WHERE "object_id" IN ($1, $2) AND "status" = 'quarantined';

LOCK TABLE "loaf_lock";

DELETE FROM "loaf_files" WHERE "object_id" IN ($1, $2) AND "status" = 'quarantined';

SELECT "object_id" FROM "loaf_files" WHERE "object_id" IN ($1, $2);

INSERT INTO "loaf_files" ("object_id", "bucket", "key", "kind", "status", "load_id", "lines", "inserted", "duplicates", "updated", "error", "size_bytes", "loaded_at") VALUES (CAST($1 AS VARCHAR(1200)), CAST($2 AS VARCHAR(63)), CAST($3 AS VARCHAR(1100)), CAST($4 AS VARCHAR(20)), CAST($5 AS VARCHAR(20)), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS VARCHAR(4000)), CAST($12 AS BIGINT), CAST($13 AS TIMESTAMP));
