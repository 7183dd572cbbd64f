SELECT "file_name", "line_number", "column_name", "error_message" FROM sys_load_error_detail
WHERE "session_id" = CAST($1 AS INTEGER) ORDER BY "start_time" DESC, "file_name", "line_number" LIMIT 1;
