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
