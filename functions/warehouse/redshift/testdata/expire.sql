SET enable_case_sensitive_identifier TO true;

SELECT "load_id" FROM "loaf_files" WHERE "kind" = 'events' AND "status" = 'loaded' AND "load_id" IS NOT NULL
GROUP BY "load_id" HAVING MAX(SUBSTRING("key", 8, 10)) < $1 ORDER BY "load_id" LIMIT 101;

SELECT COUNT(*) FROM "loaf_files" WHERE "kind" = 'events' AND "status" = 'quarantined' AND SUBSTRING("key", 8, 10) < $1;

LOCK TABLE "loaf_lock";

SELECT COUNT(*) FROM "events" WHERE "load_id" IN ($1, $2);

INSERT INTO "loaf_gone" ("event", "properties") SELECT "event", "properties" FROM "events" WHERE "load_id" IN ($1, $2);

DELETE FROM "events" WHERE "load_id" IN ($1, $2);

UPDATE "loaf_files" SET "status" = 'expired' WHERE "kind" = 'events' AND "status" = 'loaded' AND "load_id" IN ($1, $2);

UPDATE "loaf_files" SET "status" = 'expired' WHERE "kind" = 'events' AND "status" = 'quarantined' AND SUBSTRING("key", 8, 10) < $1;
