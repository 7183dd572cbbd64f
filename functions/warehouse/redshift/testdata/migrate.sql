SET enable_case_sensitive_identifier TO true;

CREATE TABLE IF NOT EXISTS "loaf_lock" ("nothing" INTEGER) DISTSTYLE ALL;

LOCK TABLE "loaf_lock";

CREATE TABLE IF NOT EXISTS "loaf_migrations" ("version" INTEGER NOT NULL, "name" VARCHAR(200) NOT NULL, "applied_at" TIMESTAMP NOT NULL);

SELECT COALESCE(MAX("version"), 0) FROM "loaf_migrations";

INSERT INTO "loaf_migrations" ("version", "name", "applied_at") VALUES ($1, $2, $3);

SELECT 1 FROM "loaf_files" LIMIT 1;
