-- A small number for each user that the tables know: to count and join users by it
-- takes a fraction of what their ids take. Where user_id is not null user_key is
-- neither; a user whom no row names any more has none.
CREATE TABLE "loaf_user_keys" (
  "user_id" VARCHAR NOT NULL,
  "user_key" INTEGER NOT NULL
);

ALTER TABLE "events" ADD COLUMN "user_key" INTEGER;
ALTER TABLE "users" ADD COLUMN "user_key" INTEGER;

INSERT INTO "loaf_user_keys" ("user_id", "user_key")
SELECT "user_id", row_number() OVER () FROM (SELECT "user_id" FROM "users" UNION SELECT "user_id" FROM "events" WHERE "user_id" IS NOT NULL) AS k;
UPDATE "events" SET "user_key" = k."user_key" FROM "loaf_user_keys" AS k WHERE k."user_id" = "events"."user_id";
UPDATE "users" SET "user_key" = k."user_key" FROM "loaf_user_keys" AS k WHERE k."user_id" = "users"."user_id";
