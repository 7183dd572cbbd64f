-- Events have no primary key: its index would hold every id in memory and make
-- a load cost more as the table grows. Loads remove duplicates themselves.
CREATE TABLE "events" (
  "event_id" UUID NOT NULL,
  "event" VARCHAR NOT NULL,
  "user_id" VARCHAR,
  "timestamp" TIMESTAMP NOT NULL,
  "properties" JSON NOT NULL USING COMPRESSION zstd,
  "received_at" TIMESTAMP NOT NULL,
  "load_id" BIGINT NOT NULL
);

CREATE TABLE "users" (
  "user_id" VARCHAR PRIMARY KEY,
  "created_at" TIMESTAMP,
  "attributes" JSON NOT NULL,
  "attribute_times" JSON NOT NULL,
  "updated_at" TIMESTAMP NOT NULL
);

-- Which events and properties there are, kept by the loads.
CREATE TABLE "loaf_event_catalog" (
  "event" VARCHAR PRIMARY KEY,
  "count" BIGINT NOT NULL,
  "first_seen" TIMESTAMP NOT NULL,
  "last_seen" TIMESTAMP NOT NULL
);

CREATE TABLE "loaf_property_catalog" (
  "event" VARCHAR NOT NULL,
  "property" VARCHAR NOT NULL,
  "type" VARCHAR NOT NULL,
  "count" BIGINT NOT NULL,
  PRIMARY KEY ("event", "property", "type")
);

-- The typed columns p<property_id>_<type> that the events table has.
CREATE TABLE "loaf_property_columns" (
  "property_id" INTEGER PRIMARY KEY,
  "property" VARCHAR NOT NULL,
  "text" BOOLEAN NOT NULL,
  "number" BOOLEAN NOT NULL,
  "boolean" BOOLEAN NOT NULL,
  "complex" BOOLEAN NOT NULL
);

-- Every load, and every raw object that was loaded or set aside, written in
-- the load's own transaction.
CREATE TABLE "loaf_loads" (
  "load_id" BIGINT PRIMARY KEY,
  "started_at" TIMESTAMP NOT NULL,
  "finished_at" TIMESTAMP NOT NULL,
  "objects" BIGINT NOT NULL,
  "lines" BIGINT NOT NULL,
  "inserted" BIGINT NOT NULL,
  "duplicates" BIGINT NOT NULL,
  "oldest_object_at" TIMESTAMP
);

CREATE TABLE "loaf_files" (
  "object_id" VARCHAR PRIMARY KEY,
  "bucket" VARCHAR NOT NULL,
  "key" VARCHAR NOT NULL,
  "kind" VARCHAR NOT NULL,
  "status" VARCHAR NOT NULL,
  "load_id" BIGINT,
  "lines" BIGINT NOT NULL,
  "inserted" BIGINT NOT NULL,
  "duplicates" BIGINT NOT NULL,
  "updated" BIGINT NOT NULL,
  "error" VARCHAR,
  "size_bytes" BIGINT NOT NULL,
  "loaded_at" TIMESTAMP NOT NULL
);
