-- What people save: insights, dashboards and the like, as JSON. The version goes
-- up by one with each change, so that a stale write is noticed.
CREATE TABLE "loaf_documents" (
  "kind" VARCHAR(40) NOT NULL,
  "id" VARCHAR(64) NOT NULL,
  "version" BIGINT NOT NULL,
  "body" VARCHAR(65535) NOT NULL,
  "created_at" TIMESTAMP NOT NULL,
  "created_by" VARCHAR(1280) NOT NULL,
  "updated_at" TIMESTAMP NOT NULL,
  "updated_by" VARCHAR(1280) NOT NULL
) DISTSTYLE ALL SORTKEY ("kind", "id");
