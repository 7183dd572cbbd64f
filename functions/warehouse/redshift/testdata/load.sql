SET enable_case_sensitive_identifier TO true;

LOCK TABLE "loaf_lock";

SELECT "object_id" FROM "loaf_files" WHERE "object_id" IN ($1, $2);

SELECT COALESCE(MAX("load_id"), 0) + 1 FROM "loaf_loads";

CREATE TEMP TABLE "loaf_stage" (
  "event_id" CHAR(36),
  "event" VARCHAR(800),
  "user_id" VARCHAR(256),
  "timestamp" TIMESTAMP,
  "properties" SUPER,
  "received_at" TIMESTAMP
) DISTSTYLE KEY DISTKEY ("user_id");

SELECT PG_BACKEND_PID();

COPY "loaf_stage" ("event_id", "event", "user_id", "timestamp", "properties", "received_at")
FROM 's3://stack-events/manifests/o''clock.json' IAM_ROLE 'arn:aws:iam::111122223333:role/stack-copy' REGION 'eu-central-1'
MANIFEST GZIP FORMAT AS JSON 'auto' TIMEFORMAT 'auto' MAXERROR 0 COMPUPDATE OFF STATUPDATE OFF;

SELECT COUNT(*), MIN("received_at"), MIN("timestamp"), MAX("timestamp") FROM "loaf_stage";

CREATE TEMP TABLE "loaf_new" (LIKE "loaf_stage");

INSERT INTO "loaf_new" ("event_id", "event", "user_id", "timestamp", "properties", "received_at")
SELECT s."event_id", s."event", s."user_id", s."timestamp", s."properties", s."received_at"
FROM (
  SELECT LOWER("event_id") AS "event_id", "event", "user_id", "timestamp", "properties", "received_at",
    ROW_NUMBER() OVER (PARTITION BY LOWER("event_id"), "timestamp" ORDER BY "received_at", "event", "user_id") AS "place"
  FROM "loaf_stage"
) AS s
LEFT JOIN (
  SELECT "event_id", "timestamp" FROM "events" WHERE "timestamp" >= CAST($1 AS TIMESTAMP) AND "timestamp" < CAST($2 AS TIMESTAMP)
  UNION ALL
  SELECT "event_id", "timestamp" FROM "events" WHERE "timestamp" >= CAST($3 AS TIMESTAMP) AND "timestamp" < CAST($4 AS TIMESTAMP)
) AS e ON e."event_id" = s."event_id" AND e."timestamp" = s."timestamp"
WHERE s."place" = 1 AND e."event_id" IS NULL;

INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT "event_id", "event", "user_id", "timestamp", "properties", "received_at", CAST($1 AS BIGINT) FROM "loaf_new";

UPDATE "loaf_event_catalog" SET
  "count" = "loaf_event_catalog"."count" + n."count",
  "first_seen" = LEAST("loaf_event_catalog"."first_seen", n."first_seen"),
  "last_seen" = GREATEST("loaf_event_catalog"."last_seen", n."last_seen")
FROM (SELECT "event", COUNT(*) AS "count", MIN("timestamp") AS "first_seen", MAX("timestamp") AS "last_seen" FROM "loaf_new" GROUP BY "event") AS n
WHERE "loaf_event_catalog"."event" = n."event";

INSERT INTO "loaf_event_catalog" ("event", "count", "first_seen", "last_seen")
SELECT n."event", COUNT(*), MIN(n."timestamp"), MAX(n."timestamp") FROM "loaf_new" AS n
LEFT JOIN "loaf_event_catalog" AS c ON c."event" = n."event"
WHERE c."event" IS NULL GROUP BY n."event";

CREATE TEMP TABLE "loaf_new_properties" AS
SELECT "event", "property", "type", COUNT(*) AS "count" FROM (
  SELECT n."event" AS "event", CAST("key" AS VARCHAR(800)) AS "property", JSON_TYPEOF("value") AS "type"
  FROM "loaf_new" AS n, UNPIVOT n."properties" AS "value" AT "key"
) AS p
WHERE "type" <> 'null' GROUP BY "event", "property", "type";

UPDATE "loaf_property_catalog" SET "count" = "loaf_property_catalog"."count" + n."count"
FROM "loaf_new_properties" AS n
WHERE "loaf_property_catalog"."event" = n."event" AND "loaf_property_catalog"."property" = n."property" AND "loaf_property_catalog"."type" = n."type";

INSERT INTO "loaf_property_catalog" ("event", "property", "type", "count")
SELECT n."event", n."property", n."type", n."count" FROM "loaf_new_properties" AS n
LEFT JOIN "loaf_property_catalog" AS c ON c."event" = n."event" AND c."property" = n."property" AND c."type" = n."type"
WHERE c."event" IS NULL;

SELECT COUNT(*) FROM "loaf_new";

SELECT s."event_id", s."timestamp", CASE WHEN n."event_id" IS NULL THEN 1 ELSE 0 END
FROM (SELECT LOWER("event_id") AS "event_id", "timestamp", COUNT(*) AS "copies" FROM "loaf_stage" GROUP BY LOWER("event_id"), "timestamp") AS s
LEFT JOIN "loaf_new" AS n ON n."event_id" = s."event_id" AND n."timestamp" = s."timestamp"
WHERE s."copies" > 1 OR n."event_id" IS NULL
LIMIT 100;

DROP TABLE IF EXISTS "loaf_stage", "loaf_new", "loaf_new_properties";

INSERT INTO "loaf_files" ("object_id", "bucket", "key", "kind", "status", "load_id", "lines", "inserted", "duplicates", "updated", "error", "size_bytes", "loaded_at") VALUES (CAST($1 AS VARCHAR(1200)), CAST($2 AS VARCHAR(63)), CAST($3 AS VARCHAR(1100)), CAST($4 AS VARCHAR(20)), CAST($5 AS VARCHAR(20)), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS VARCHAR(4000)), CAST($12 AS BIGINT), CAST($13 AS TIMESTAMP)),
(CAST($14 AS VARCHAR(1200)), CAST($15 AS VARCHAR(63)), CAST($16 AS VARCHAR(1100)), CAST($17 AS VARCHAR(20)), CAST($18 AS VARCHAR(20)), CAST($19 AS BIGINT), CAST($20 AS BIGINT), CAST($21 AS BIGINT), CAST($22 AS BIGINT), CAST($23 AS BIGINT), CAST($24 AS VARCHAR(4000)), CAST($25 AS BIGINT), CAST($26 AS TIMESTAMP));

INSERT INTO "loaf_loads" ("load_id", "started_at", "finished_at", "objects", "lines", "inserted", "duplicates", "oldest_object_at") VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
