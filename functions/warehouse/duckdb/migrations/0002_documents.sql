-- What people save: insights, dashboards and the like, as JSON. The version goes
-- up by one with each change, so that a stale write is noticed. Without a primary
-- key: DuckDB changes a row of an index by deleting and inserting it, which its
-- index refuses within one transaction.
CREATE TABLE "loaf_documents" (
  "kind" VARCHAR NOT NULL,
  "id" VARCHAR NOT NULL,
  "version" BIGINT NOT NULL,
  "body" VARCHAR NOT NULL,
  "created_at" TIMESTAMP NOT NULL,
  "created_by" VARCHAR NOT NULL,
  "updated_at" TIMESTAMP NOT NULL,
  "updated_by" VARCHAR NOT NULL
);
