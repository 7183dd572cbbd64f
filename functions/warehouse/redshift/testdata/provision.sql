SET enable_case_sensitive_identifier TO true;

SELECT COUNT(*) FROM pg_user WHERE usename = $1;

CREATE USER "loaf_load" PASSWORD 'md512b1d08218d6a4f39a36391dd9d857f0' NOCREATEDB NOCREATEUSER;

ALTER USER "loaf_load" PASSWORD 'md512b1d08218d6a4f39a36391dd9d857f0' NOCREATEDB NOCREATEUSER;

SELECT current_database();

REVOKE CREATE ON SCHEMA "public" FROM PUBLIC;

REVOKE TEMP ON DATABASE "dataloaf" FROM PUBLIC;

GRANT USAGE ON SCHEMA "public" TO "loaf_load", "loaf_update", "loaf_insights";

GRANT CREATE ON SCHEMA "public" TO "loaf_load";

GRANT TEMP ON DATABASE "dataloaf" TO "loaf_load", "loaf_update";

REVOKE ALL ON TABLE "events", "users", "loaf_event_catalog", "loaf_property_catalog", "loaf_loads", "loaf_files", "loaf_migrations", "loaf_documents", "loaf_lock" FROM "loaf_update", "loaf_insights";

GRANT SELECT ON TABLE "events", "users", "loaf_event_catalog", "loaf_property_catalog", "loaf_loads", "loaf_files", "loaf_migrations", "loaf_documents" TO "loaf_insights";

ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT ON TABLES TO "loaf_insights";

GRANT SELECT, INSERT, DELETE ON TABLE "users" TO "loaf_update";

GRANT SELECT, INSERT ON TABLE "loaf_files" TO "loaf_update";

GRANT SELECT, UPDATE, DELETE ON TABLE "loaf_lock" TO "loaf_update";

GRANT INSERT, UPDATE, DELETE ON TABLE "loaf_documents" TO "loaf_insights";
