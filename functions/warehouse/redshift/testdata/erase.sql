SET enable_case_sensitive_identifier TO true;

SELECT "kind", "id", "version", "body" FROM "loaf_documents" WHERE "kind" IN ('deletion', 'deletion_pass') ORDER BY "created_at", "id";

SELECT "user_id", "created_at", "updated_at", CASE WHEN JSON_SIZE("attributes") <= 65535 AND JSON_SIZE("attribute_times") <= 65535 THEN JSON_SERIALIZE("attributes") END, CASE WHEN JSON_SIZE("attributes") <= 65535 AND JSON_SIZE("attribute_times") <= 65535 THEN JSON_SERIALIZE("attribute_times") END
FROM "users" WHERE "user_id" IN ($1);

SELECT "bucket", "key", "kind" FROM "loaf_files" WHERE "kind" IN ('users', 'updates') AND "status" = 'loaded' AND "loaded_at" >= $1;

SELECT CAST("event_id" AS VARCHAR(36)), "timestamp" FROM "events" WHERE "user_id" = $1 AND "timestamp" BETWEEN $2 AND $3;

LOCK TABLE "loaf_lock";

UPDATE "loaf_documents" SET "version" = $1, "body" = $2, "updated_at" = $3, "updated_by" = $4 WHERE "kind" = $5 AND "id" = $6 AND "version" = $7;

SELECT "version" FROM "loaf_documents" WHERE "kind" = $1 AND "id" = $2;

INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

SELECT "load_id", COUNT(*) FROM "events" WHERE "user_id" = $1 AND "received_at" <= $2 GROUP BY "load_id";

CREATE TEMP TABLE "loaf_gone" ("event" VARCHAR(800), "properties" SUPER);

INSERT INTO "loaf_gone" ("event", "properties") SELECT "event", "properties" FROM "events" WHERE "user_id" = $1 AND "received_at" <= $2;

DELETE FROM "events" WHERE "user_id" = $1 AND "received_at" <= $2;

UPDATE "loaf_event_catalog" SET "count" = "loaf_event_catalog"."count" - n."count"
FROM (SELECT "event", COUNT(*) AS "count" FROM "loaf_gone" GROUP BY "event") AS n
WHERE "loaf_event_catalog"."event" = n."event";

UPDATE "loaf_event_catalog" SET "first_seen" = n."first_seen", "last_seen" = n."last_seen"
FROM (SELECT "event", MIN("timestamp") AS "first_seen", MAX("timestamp") AS "last_seen" FROM "events" WHERE "event" IN (SELECT "event" FROM "loaf_gone") GROUP BY "event") AS n
WHERE "loaf_event_catalog"."event" = n."event";

DELETE FROM "loaf_event_catalog" WHERE "count" <= 0;

CREATE TEMP TABLE "loaf_gone_properties" AS
SELECT "event", "property", "type", COUNT(*) AS "count" FROM (
  SELECT n."event" AS "event", CAST("key" AS VARCHAR(800)) AS "property", JSON_TYPEOF("value") AS "type"
  FROM "loaf_gone" AS n, UNPIVOT n."properties" AS "value" AT "key"
) AS p
WHERE "type" <> 'null' GROUP BY "event", "property", "type";

UPDATE "loaf_property_catalog" SET "count" = "loaf_property_catalog"."count" - n."count"
FROM "loaf_gone_properties" AS n
WHERE "loaf_property_catalog"."event" = n."event" AND "loaf_property_catalog"."property" = n."property" AND "loaf_property_catalog"."type" = n."type";

DELETE FROM "loaf_property_catalog" WHERE "count" <= 0;

DROP TABLE "loaf_gone";

DROP TABLE "loaf_gone_properties";

SELECT "object_id", "kind", "status", "load_id", "lines", "inserted", "duplicates" FROM "loaf_files" WHERE "object_id" IN ($1, $2);

SELECT "object_id", "kind", "status", "load_id", "lines", "inserted", "duplicates" FROM "loaf_files" WHERE "kind" = 'events' AND "status" = 'loaded' AND "load_id" IN ($1, $2) ORDER BY "load_id", "object_id";

CREATE TEMP TABLE "loaf_counts" ("object_id" VARCHAR(1200), "lines" BIGINT, "inserted" BIGINT, "duplicates" BIGINT);

INSERT INTO "loaf_counts" VALUES
(CAST($1 AS VARCHAR(1200)), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT)),
(CAST($5 AS VARCHAR(1200)), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT));

UPDATE "loaf_files" SET "lines" = n."lines", "inserted" = n."inserted", "duplicates" = n."duplicates"
FROM "loaf_counts" AS n WHERE "loaf_files"."object_id" = n."object_id";

DROP TABLE "loaf_counts";

CREATE TEMP TABLE "loaf_sums" ("load_id" BIGINT, "lines" BIGINT, "inserted" BIGINT, "duplicates" BIGINT);

INSERT INTO "loaf_sums" VALUES
(CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT)),
(CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT));

UPDATE "loaf_loads" SET "lines" = "loaf_loads"."lines" + n."lines", "inserted" = "loaf_loads"."inserted" + n."inserted", "duplicates" = "loaf_loads"."duplicates" + n."duplicates"
FROM "loaf_sums" AS n WHERE "loaf_loads"."load_id" = n."load_id";

DROP TABLE "loaf_sums";

SELECT "object_id", "error" FROM "loaf_files" WHERE "status" = 'quarantined' AND "error" IS NOT NULL;

UPDATE "loaf_files" SET "error" = $1 WHERE "object_id" = $2 AND "status" = 'quarantined';

DELETE FROM "users" WHERE "user_id" = $1;

SELECT COALESCE(MAX("load_id"), 0) + 1 FROM "loaf_loads";

INSERT INTO "loaf_loads" ("load_id", "started_at", "finished_at", "objects", "lines", "inserted", "duplicates", "oldest_object_at") VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
