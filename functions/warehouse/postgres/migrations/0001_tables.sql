CREATE TABLE "events" (
  "event_id" uuid NOT NULL,
  "event" text NOT NULL,
  "user_id" text,
  "timestamp" timestamptz NOT NULL,
  "properties" jsonb NOT NULL,
  "received_at" timestamptz NOT NULL,
  "load_id" bigint NOT NULL,
  PRIMARY KEY ("event_id", "timestamp")
);

CREATE INDEX "events_event_timestamp" ON "events" ("event", "timestamp");

CREATE INDEX "events_user_timestamp" ON "events" ("user_id", "timestamp");

CREATE TABLE "users" (
  "user_id" text PRIMARY KEY,
  "created_at" timestamptz,
  "attributes" jsonb NOT NULL,
  "attribute_times" jsonb NOT NULL,
  "updated_at" timestamptz NOT NULL
);

-- Which events and properties there are, kept by the loads.
CREATE TABLE "loaf_event_catalog" (
  "event" text PRIMARY KEY,
  "count" bigint NOT NULL,
  "first_seen" timestamptz NOT NULL,
  "last_seen" timestamptz NOT NULL
);

CREATE TABLE "loaf_property_catalog" (
  "event" text NOT NULL,
  "property" text NOT NULL,
  "type" text NOT NULL,
  "count" bigint NOT NULL,
  PRIMARY KEY ("event", "property", "type")
);

-- Every load, and every raw object that was loaded or set aside, written in
-- the load's own transaction.
CREATE TABLE "loaf_loads" (
  "load_id" bigint PRIMARY KEY,
  "started_at" timestamptz NOT NULL,
  "finished_at" timestamptz NOT NULL,
  "objects" bigint NOT NULL,
  "lines" bigint NOT NULL,
  "inserted" bigint NOT NULL,
  "duplicates" bigint NOT NULL,
  "oldest_object_at" timestamptz
);

CREATE TABLE "loaf_files" (
  "object_id" text PRIMARY KEY,
  "bucket" text NOT NULL,
  "key" text NOT NULL,
  "kind" text NOT NULL,
  "status" text NOT NULL,
  "load_id" bigint,
  "lines" bigint NOT NULL,
  "inserted" bigint NOT NULL,
  "duplicates" bigint NOT NULL,
  "updated" bigint NOT NULL,
  "error" text,
  "size_bytes" bigint NOT NULL,
  "loaded_at" timestamptz NOT NULL
);
