SET enable_case_sensitive_identifier TO true;

LOCK TABLE "loaf_lock";

SELECT "object_id" FROM "loaf_files" WHERE "object_id" IN ($1);

SELECT "user_id", "created_at", "updated_at", CASE WHEN JSON_SIZE("attributes") <= 65535 AND JSON_SIZE("attribute_times") <= 65535 THEN JSON_SERIALIZE("attributes") END, CASE WHEN JSON_SIZE("attributes") <= 65535 AND JSON_SIZE("attribute_times") <= 65535 THEN JSON_SERIALIZE("attribute_times") END
FROM "users" WHERE "user_id" IN ($1, $2);

SELECT "user_id", JSON_SERIALIZE_TO_VARBYTE("attributes"), JSON_SERIALIZE_TO_VARBYTE("attribute_times") FROM "users" WHERE "user_id" IN ($1);

CREATE TEMP TABLE "loaf_user_stage" ("user_id" VARCHAR(256), "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "attributes" VARCHAR(65535), "attribute_times" VARCHAR(65535));

INSERT INTO "loaf_user_stage" VALUES
(CAST($1 AS VARCHAR(256)), CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP), CAST($4 AS VARCHAR(65535)), CAST($5 AS VARCHAR(65535))),
(CAST($6 AS VARCHAR(256)), CAST($7 AS TIMESTAMP), CAST($8 AS TIMESTAMP), CAST($9 AS VARCHAR(65535)), CAST($10 AS VARCHAR(65535)));

DELETE FROM "users" USING "loaf_user_stage" WHERE "users"."user_id" = "loaf_user_stage"."user_id";

INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT "user_id", "created_at", "updated_at", JSON_PARSE("attributes"), JSON_PARSE("attribute_times") FROM "loaf_user_stage" WHERE "attributes" IS NOT NULL;

DROP TABLE "loaf_user_stage";

INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT CAST($1 AS VARCHAR(256)), CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP), JSON_PARSE(TO_VARBYTE(CAST($4 AS VARCHAR(65535)), 'utf8') || TO_VARBYTE(CAST($5 AS VARCHAR(65535)), 'utf8')), JSON_PARSE(TO_VARBYTE(CAST($6 AS VARCHAR(65535)), 'utf8'));

INSERT INTO "loaf_files" ("object_id", "bucket", "key", "kind", "status", "load_id", "lines", "inserted", "duplicates", "updated", "error", "size_bytes", "loaded_at") VALUES (CAST($1 AS VARCHAR(1200)), CAST($2 AS VARCHAR(63)), CAST($3 AS VARCHAR(1100)), CAST($4 AS VARCHAR(20)), CAST($5 AS VARCHAR(20)), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS VARCHAR(4000)), CAST($12 AS BIGINT), CAST($13 AS TIMESTAMP));
