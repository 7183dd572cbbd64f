package redshifttest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// furniture is what Redshift has and PostgreSQL has not, in a schema beside
// public that every search finds.
var furniture = []string{
	`CREATE SCHEMA redshift`,
	`GRANT USAGE ON SCHEMA redshift TO PUBLIC`,
	`ALTER DATABASE "DATABASE_NAME" SET search_path = public, redshift`,
	// On Redshift everyone may, until it is taken away.
	`GRANT CREATE ON SCHEMA public TO PUBLIC`,
	`CREATE FUNCTION redshift.json_parse(text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS 'SELECT $1::jsonb'`,
	`CREATE FUNCTION redshift.json_parse(bytea) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$SELECT convert_from($1, 'UTF8')::jsonb$$`,
	`CREATE FUNCTION redshift.json_typeof(jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT jsonb_typeof($1)'`,
	`CREATE FUNCTION redshift.json_size(jsonb) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT octet_length($1::text)'`,
	`CREATE FUNCTION redshift.json_serialize(value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
	  IF octet_length(value::text) > 65535 THEN RAISE EXCEPTION 'Result size exceeds the max size of VARCHAR'; END IF;
	  RETURN value::text;
	END $$`,
	`CREATE FUNCTION redshift.json_serialize_to_varbyte(jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT encode(convert_to($1::text, 'UTF8'), 'hex')$$`,
	`CREATE FUNCTION redshift.to_varbyte(text, text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$SELECT convert_to($1, 'UTF8')$$`,
	`CREATE TABLE redshift.sys_load_error_detail (session_id int, start_time timestamp, file_name char(256), line_number bigint, column_name char(127), error_message char(512))`,
	`GRANT SELECT ON redshift.sys_load_error_detail TO PUBLIC`,
}

// rewrites are what differs in the statements that we send.
var rewrites = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`^SET enable_case_sensitive_identifier TO true$`), `SET redshift.enable_case_sensitive_identifier TO true`},
	// Redshift's transactions see the database as of their first query: not of
	// BEGIN, and not of LOCK. So do PostgreSQL's at this level.
	{regexp.MustCompile(`^BEGIN$`), `BEGIN ISOLATION LEVEL REPEATABLE READ`},
	{regexp.MustCompile(` (DISTSTYLE (ALL|KEY)|DISTKEY \("[a-z_]+"\)|SORTKEY \([^)]*\))`), ``},
	{regexp.MustCompile(`\bSUPER\b`), `jsonb`},
	{regexp.MustCompile(`UNPIVOT ([a-z]\."[a-z_]+") AS ("[a-z]+") AT ("[a-z]+")`), `jsonb_each($1) AS unpivoted($3, $2)`},
	{regexp.MustCompile(`\bNOCREATEUSER$`), `NOSUPERUSER NOCREATEROLE`},
	{regexp.MustCompile(`^((?:CREATE|ALTER) USER "[a-z0-9_]+") PASSWORD '[^']*'`), `$1`},
}

// Statements that are none of Redshift's.
var (
	verbs   = regexp.MustCompile(`^(ALTER|BEGIN|COMMIT|CREATE|DELETE|DROP|GRANT|INSERT|LOCK|REVOKE|ROLLBACK|SELECT|SET|UPDATE|;$)`)
	foreign = regexp.MustCompile(`(?i)\b(ON CONFLICT|FILTER|LATERAL|RETURNING|JSONB\w*|ARRAY|PG_ADVISORY\w*|ON COMMIT|CREATE INDEX|PRIMARY KEY|UUID|BYTEA|CURRENT_TIMESTAMP|NOW|FOR UPDATE|MODE)\b|::|= ANY`)
	quoted  = regexp.MustCompile(`"[^"]*"|'(?:[^']|'')*'`)
	dollar  = regexp.MustCompile(`\$([0-9]+)`)
	user    = regexp.MustCompile(`^(?:CREATE|ALTER) USER "([a-z0-9_]+)" PASSWORD '([^']*)'`)
)

// The bounds of a statement
// (https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-sql.html).
const (
	maxStatement  = 16 << 20
	maxParameters = 32767
)

// rewrite turns one of Redshift's statements into one of PostgreSQL's, or gives
// the error that answers it.
func (s *Server) rewrite(statement string) (string, *Answer) {
	if m := user.FindStringSubmatch(statement); m != nil {
		s.mu.Lock()
		s.passwords[m[1]] = m[2]
		s.mu.Unlock()
	}
	bare := quoted.ReplaceAllString(statement, "''")
	if len(statement) > maxStatement {
		return "", &Answer{"54001", "Statement is too large.", fmt.Sprintf("Statement Size: %d bytes", len(statement))}
	}
	if word := foreign.FindString(bare); word != "" || !verbs.MatchString(statement) {
		return "", &Answer{"42601", fmt.Sprintf("the stand-in for Redshift does not take this: %s", word), statement}
	}
	for _, m := range dollar.FindAllStringSubmatch(bare, -1) {
		if n, err := strconv.Atoi(m[1]); err != nil || n > maxParameters {
			return "", &Answer{"42P02", "there is no parameter $" + m[1], ""}
		}
	}
	for _, r := range rewrites {
		statement = r.from.ReplaceAllString(statement, r.to)
	}
	return statement, nil
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func unquote(text string) string { return strings.ReplaceAll(text, "''", "'") }
