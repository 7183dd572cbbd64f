SET enable_case_sensitive_identifier TO true;

LOCK TABLE "loaf_lock";

SELECT "user_id", "created_at", "updated_at", JSON_SERIALIZE("attributes"), JSON_SERIALIZE("attribute_times") FROM "users" WHERE "user_id" IN ($1, $2);

CREATE TEMP TABLE "loaf_user_stage" ("user_id" VARCHAR(256), "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "attributes" SUPER, "attribute_times" SUPER);

INSERT INTO "loaf_user_stage"
SELECT CAST($1 AS VARCHAR(256)), CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP), JSON_PARSE($4), JSON_PARSE($5)
UNION ALL SELECT CAST($6 AS VARCHAR(256)), CAST($7 AS TIMESTAMP), CAST($8 AS TIMESTAMP), JSON_PARSE($9), JSON_PARSE($10);

DELETE FROM "users" USING "loaf_user_stage" WHERE "users"."user_id" = "loaf_user_stage"."user_id";

INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT "user_id", "created_at", "updated_at", "attributes", "attribute_times" FROM "loaf_user_stage";

DROP TABLE IF EXISTS "loaf_stage", "loaf_new", "loaf_new_properties", "loaf_user_stage";
