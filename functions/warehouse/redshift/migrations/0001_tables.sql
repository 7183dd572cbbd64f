-- Sorted by time, because every question has a range; spread by user, because
-- funnels, retention and the join to users go by user. Redshift does not
-- enforce keys, so none of them is relied upon.
CREATE TABLE "events" (
  "event_id" CHAR(36) NOT NULL,
  "event" VARCHAR(800) NOT NULL,
  "user_id" VARCHAR(256),
  "timestamp" TIMESTAMP NOT NULL,
  "properties" SUPER NOT NULL,
  "received_at" TIMESTAMP NOT NULL,
  "load_id" BIGINT NOT NULL
) DISTSTYLE KEY DISTKEY ("user_id") SORTKEY ("timestamp");

CREATE TABLE "users" (
  "user_id" VARCHAR(256) NOT NULL,
  "created_at" TIMESTAMP,
  "attributes" SUPER NOT NULL,
  "attribute_times" SUPER NOT NULL,
  "updated_at" TIMESTAMP NOT NULL
) DISTSTYLE KEY DISTKEY ("user_id") SORTKEY ("user_id");

CREATE TABLE "loaf_event_catalog" (
  "event" VARCHAR(800) NOT NULL,
  "count" BIGINT NOT NULL,
  "first_seen" TIMESTAMP NOT NULL,
  "last_seen" TIMESTAMP NOT NULL
) DISTSTYLE ALL SORTKEY ("event");

CREATE TABLE "loaf_property_catalog" (
  "event" VARCHAR(800) NOT NULL,
  "property" VARCHAR(800) NOT NULL,
  "type" VARCHAR(10) NOT NULL,
  "count" BIGINT NOT NULL
) DISTSTYLE ALL SORTKEY ("event", "property");

CREATE TABLE "loaf_loads" (
  "load_id" BIGINT NOT NULL,
  "started_at" TIMESTAMP NOT NULL,
  "finished_at" TIMESTAMP NOT NULL,
  "objects" BIGINT NOT NULL,
  "lines" BIGINT NOT NULL,
  "inserted" BIGINT NOT NULL,
  "duplicates" BIGINT NOT NULL,
  "oldest_object_at" TIMESTAMP
) DISTSTYLE ALL SORTKEY ("load_id");

CREATE TABLE "loaf_files" (
  "object_id" VARCHAR(1200) NOT NULL,
  "bucket" VARCHAR(63) NOT NULL,
  "key" VARCHAR(1100) NOT NULL,
  "kind" VARCHAR(20) NOT NULL,
  "status" VARCHAR(20) NOT NULL,
  "load_id" BIGINT,
  "lines" BIGINT NOT NULL,
  "inserted" BIGINT NOT NULL,
  "duplicates" BIGINT NOT NULL,
  "updated" BIGINT NOT NULL,
  "error" VARCHAR(4000),
  "size_bytes" BIGINT NOT NULL,
  "loaded_at" TIMESTAMP NOT NULL
) DISTSTYLE ALL SORTKEY ("object_id");
