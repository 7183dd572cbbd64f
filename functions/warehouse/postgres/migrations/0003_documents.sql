-- What people save: insights, dashboards and the like, as JSON. The version goes
-- up by one with each change, so that a stale write is noticed.
CREATE TABLE "loaf_documents" (
  "kind" varchar(40) NOT NULL,
  "id" varchar(64) NOT NULL,
  "version" bigint NOT NULL,
  "body" text NOT NULL,
  "created_at" timestamptz NOT NULL,
  "created_by" varchar(320) NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "updated_by" varchar(320) NOT NULL,
  PRIMARY KEY ("kind", "id")
);
