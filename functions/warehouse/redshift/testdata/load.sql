SET enable_case_sensitive_identifier TO true;

LOCK TABLE "loaf_lock";

CREATE TEMP TABLE "loaf_stage" (
  "event_id" CHAR(36),
  "event" VARCHAR(800),
  "user_id" VARCHAR(256),
  "timestamp" TIMESTAMP,
  "properties" SUPER,
  "received_at" TIMESTAMP
) DISTSTYLE KEY DISTKEY ("user_id");

COPY "loaf_stage" ("event_id", "event", "user_id", "timestamp", "properties", "received_at")
FROM 's3://stack-events/manifests/o''clock.json' IAM_ROLE 'arn:aws:iam::111122223333:role/stack-copy' REGION 'eu-central-1'
MANIFEST GZIP FORMAT AS JSON 'auto' TIMEFORMAT 'auto' MAXERROR 0 COMPUPDATE OFF STATUPDATE OFF;

SELECT COUNT(*), COUNT(DISTINCT "event_id" || ' ' || CAST("timestamp" AS VARCHAR)), MIN("received_at"), MIN("timestamp"), MAX("timestamp") FROM "loaf_stage";

CREATE TEMP TABLE "loaf_new" AS
SELECT s."event_id", s."event", s."user_id", s."timestamp", s."properties", s."received_at"
FROM (
  SELECT "event_id", "event", "user_id", "timestamp", "properties", "received_at",
    ROW_NUMBER() OVER (PARTITION BY "event_id", "timestamp" ORDER BY "received_at", "event", "user_id") AS "place"
  FROM "loaf_stage"
) AS s
LEFT JOIN (
  SELECT "event_id", "timestamp" FROM "events" WHERE "timestamp" BETWEEN $1 AND $2
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

DROP TABLE IF EXISTS "loaf_stage", "loaf_new", "loaf_new_properties", "loaf_user_stage";
