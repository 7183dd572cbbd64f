package redshift

// The SQL by which events and users get into Redshift: the same steps as on
// the other engines, in the SQL that Redshift knows. No ON CONFLICT, no FILTER,
// no LATERAL; JSON lies in SUPER columns. What PostgreSQL knows is no proof.
//
// Statements that take values have $n placeholders, for lib/pq, and cast them
// where no column beside them gives their type: Redshift cannot run with a
// parameter of the type "unknown". COPY takes no parameters, so its words are
// quoted here.

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations holds the files of the versioned, additive migrations, in the
// folder migrations.
func Migrations() fs.FS { return migrations }

// Session is what every connection sets first.
const Session = connect.CaseSensitive

// CreateLock makes the table that Lock locks. It comes before every migration,
// in a transaction of its own, because migrations lock it, too.
const CreateLock = `CREATE TABLE IF NOT EXISTS "loaf_lock" ("nothing" INTEGER) DISTSTYLE ALL`

// Lock makes the transaction the only writer until it ends. Redshift knows one
// mode, ACCESS EXCLUSIVE, which would keep readers waiting; so writers lock a
// table that nobody reads. It must come first: a transaction sees the database
// as of its first query, not of its lock, and must see what the writer before
// it has committed.
// Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html,
// https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
const Lock = `LOCK TABLE "loaf_lock"`

// Copy says where the event objects of one load are.
type Copy struct {
	// Manifest is the s3:// URL of a COPY manifest that names the objects.
	Manifest string
	// Role is the ARN of the role that Redshift assumes to read them.
	Role string
	// Region is the buckets' region.
	Region string
}

// CreateStage makes the table into which a load's events are copied.
const CreateStage = `CREATE TEMP TABLE "loaf_stage" (
  "event_id" CHAR(36),
  "event" VARCHAR(800),
  "user_id" VARCHAR(256),
  "timestamp" TIMESTAMP,
  "properties" SUPER,
  "received_at" TIMESTAMP
) DISTSTYLE KEY DISTKEY ("user_id")`

// CopyEvents copies the objects of the manifest into the stage. One broken
// record fails the whole COPY (MAXERROR 0): the loader then finds the object.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html
func CopyEvents(c Copy) string {
	return fmt.Sprintf(`COPY "loaf_stage" ("event_id", "event", "user_id", "timestamp", "properties", "received_at")
FROM %s IAM_ROLE %s REGION %s
MANIFEST GZIP FORMAT AS JSON 'auto' TIMEFORMAT 'auto' MAXERROR 0 COMPUPDATE OFF STATUPDATE OFF`,
		literal(c.Manifest), literal(c.Role), literal(c.Region))
}

// StageBounds gives the number of staged events, the oldest arrival and the
// range of time.
const StageBounds = `SELECT COUNT(*), MIN("received_at"), MIN("timestamp"), MAX("timestamp") FROM "loaf_stage"`

// CreateNew makes the table for the events that are not yet stored, and FillNew
// puts them there, each once.
const (
	CreateNew = `CREATE TEMP TABLE "loaf_new" (LIKE "loaf_stage")`

	CountNew = `SELECT COUNT(*) FROM "loaf_new"`
)

// FillNew looks for stored events in n periods, at least one, which are bound as
// pairs of their beginnings and ends. COPY keeps no order of lines or objects, so of
// equal events in one load the one that arrived first wins, and of those that
// arrived in the same microsecond the one whose name and user come first: the
// same one every time.
//
// The periods are those of the load's own events, which the sort key prunes by, so
// that its cost follows the load and not the table. Each has its own scan, which is
// sure to be bounded by it. It is an INSERT because that surely takes parameters.
func FillNew(n int) string {
	scans := make([]string, n)
	for i := range scans {
		scans[i] = fmt.Sprintf(`SELECT "event_id", "timestamp" FROM "events" WHERE "timestamp" >= CAST($%d AS TIMESTAMP) AND "timestamp" < CAST($%d AS TIMESTAMP)`, 2*i+1, 2*i+2)
	}
	return `INSERT INTO "loaf_new" ("event_id", "event", "user_id", "timestamp", "properties", "received_at")
SELECT s."event_id", s."event", s."user_id", s."timestamp", s."properties", s."received_at"
FROM (
  SELECT LOWER("event_id") AS "event_id", "event", "user_id", "timestamp", "properties", "received_at",
    ROW_NUMBER() OVER (PARTITION BY LOWER("event_id"), "timestamp" ORDER BY "received_at", "event", "user_id") AS "place"
  FROM "loaf_stage"
) AS s
LEFT JOIN (
  ` + strings.Join(scans, "\n  UNION ALL\n  ") + `
) AS e ON e."event_id" = s."event_id" AND e."timestamp" = s."timestamp"
WHERE s."place" = 1 AND e."event_id" IS NULL`
}

// Duplicates gives the events that are in the stage more than once, or were
// stored before, and which of the two it is; at most limit of them.
func Duplicates(limit int) string {
	return `SELECT s."event_id", s."timestamp", CASE WHEN n."event_id" IS NULL THEN 1 ELSE 0 END
FROM (SELECT LOWER("event_id") AS "event_id", "timestamp", COUNT(*) AS "copies" FROM "loaf_stage" GROUP BY LOWER("event_id"), "timestamp") AS s
LEFT JOIN "loaf_new" AS n ON n."event_id" = s."event_id" AND n."timestamp" = s."timestamp"
WHERE s."copies" > 1 OR n."event_id" IS NULL
LIMIT ` + strconv.Itoa(limit)
}

// SessionID names the session in LoadError, which tells what a COPY of the
// session $1 has refused last. The view holds the user's own loads, on
// Serverless and on clusters alike.
// Sources: https://docs.aws.amazon.com/redshift/latest/dg/PG_BACKEND_PID.html,
// https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_ERROR_DETAIL.html
const (
	SessionID = `SELECT PG_BACKEND_PID()`

	LoadError = `SELECT "file_name", "line_number", "column_name", "error_message" FROM sys_load_error_detail
WHERE "session_id" = CAST($1 AS INTEGER) ORDER BY "start_time" DESC, "file_name", "line_number" LIMIT 1`
)

// InsertEvents stores the new events as load $1.
const InsertEvents = `INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT "event_id", "event", "user_id", "timestamp", "properties", "received_at", CAST($1 AS BIGINT) FROM "loaf_new"`

// UpdateEventCatalog and InsertEventCatalog add the new events to the
// catalogue of events, in this order.
const (
	UpdateEventCatalog = `UPDATE "loaf_event_catalog" SET
  "count" = "loaf_event_catalog"."count" + n."count",
  "first_seen" = LEAST("loaf_event_catalog"."first_seen", n."first_seen"),
  "last_seen" = GREATEST("loaf_event_catalog"."last_seen", n."last_seen")
FROM (SELECT "event", COUNT(*) AS "count", MIN("timestamp") AS "first_seen", MAX("timestamp") AS "last_seen" FROM "loaf_new" GROUP BY "event") AS n
WHERE "loaf_event_catalog"."event" = n."event"`

	InsertEventCatalog = `INSERT INTO "loaf_event_catalog" ("event", "count", "first_seen", "last_seen")
SELECT n."event", COUNT(*), MIN(n."timestamp"), MAX(n."timestamp") FROM "loaf_new" AS n
LEFT JOIN "loaf_event_catalog" AS c ON c."event" = n."event"
WHERE c."event" IS NULL GROUP BY n."event"`
)

// CreateNewProperties unpivots the new events' properties; the two statements
// after it add them to the catalogue of properties, in this order.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/query-super.html#unpivoting
const (
	CreateNewProperties = `CREATE TEMP TABLE "loaf_new_properties" AS
SELECT "event", "property", "type", COUNT(*) AS "count" FROM (
  SELECT n."event" AS "event", CAST("key" AS VARCHAR(800)) AS "property", JSON_TYPEOF("value") AS "type"
  FROM "loaf_new" AS n, UNPIVOT n."properties" AS "value" AT "key"
) AS p
WHERE "type" <> 'null' GROUP BY "event", "property", "type"`

	UpdatePropertyCatalog = `UPDATE "loaf_property_catalog" SET "count" = "loaf_property_catalog"."count" + n."count"
FROM "loaf_new_properties" AS n
WHERE "loaf_property_catalog"."event" = n."event" AND "loaf_property_catalog"."property" = n."property" AND "loaf_property_catalog"."type" = n."type"`

	InsertPropertyCatalog = `INSERT INTO "loaf_property_catalog" ("event", "property", "type", "count")
SELECT n."event", n."property", n."type", n."count" FROM "loaf_new_properties" AS n
LEFT JOIN "loaf_property_catalog" AS c ON c."event" = n."event" AND c."property" = n."property" AND c."type" = n."type"
WHERE c."event" IS NULL`
)

// CreateGone and CreateGoneProperties hold what events that are being deleted
// had in the catalogues.
const (
	CreateGone = `CREATE TEMP TABLE "loaf_gone" ("event" VARCHAR(800), "properties" SUPER)`

	CreateGoneProperties = `CREATE TEMP TABLE "loaf_gone_properties" AS
SELECT "event", "property", "type", COUNT(*) AS "count" FROM (
  SELECT n."event" AS "event", CAST("key" AS VARCHAR(800)) AS "property", JSON_TYPEOF("value") AS "type"
  FROM "loaf_gone" AS n, UNPIVOT n."properties" AS "value" AT "key"
) AS p
WHERE "type" <> 'null' GROUP BY "event", "property", "type"`
)

// maxText is the longest text, in bytes, that a parameter or the result of
// JSON_SERIALIZE can be.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
const maxText = 65535

// ReadUsers reads the stored rows of n ids, bound as $1 to $n. JSON that is too
// long for text is NULL here and for ReadLargeUsers.
// Sources: https://docs.aws.amazon.com/redshift/latest/dg/JSON_SERIALIZE.html,
// https://docs.aws.amazon.com/redshift/latest/dg/r_json_size.html
func ReadUsers(n int) string {
	short := fmt.Sprintf(`JSON_SIZE("attributes") <= %d AND JSON_SIZE("attribute_times") <= %[1]d`, maxText)
	return `SELECT "user_id", "created_at", "updated_at", CASE WHEN ` + short + ` THEN JSON_SERIALIZE("attributes") END, CASE WHEN ` + short + ` THEN JSON_SERIALIZE("attribute_times") END
FROM "users" WHERE "user_id" IN (` + writer.Placeholders(1, n) + `)`
}

// ReadLargeUsers reads the JSON of n users as VARBYTE, which holds all that
// SUPER does and comes in hexadecimal.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/JSON_SERIALIZE_TO_VARBYTE.html
func ReadLargeUsers(n int) string {
	return `SELECT "user_id", JSON_SERIALIZE_TO_VARBYTE("attributes"), JSON_SERIALIZE_TO_VARBYTE("attribute_times") FROM "users" WHERE "user_id" IN (` + writer.Placeholders(1, n) + `)`
}

// The steps that write merged users: a stage, its rows, and the replacement of
// the rows that exist. JSON is text in the stage, since JSON_PARSE may not
// stand in VALUES.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/parse_json.html
const (
	CreateUserStage = `CREATE TEMP TABLE "loaf_user_stage" ("user_id" VARCHAR(256), "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "attributes" VARCHAR(65535), "attribute_times" VARCHAR(65535))`

	DeleteUsers = `DELETE FROM "users" USING "loaf_user_stage" WHERE "users"."user_id" = "loaf_user_stage"."user_id"`

	InsertUsers = `INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT "user_id", "created_at", "updated_at", JSON_PARSE("attributes"), JSON_PARSE("attribute_times") FROM "loaf_user_stage" WHERE "attributes" IS NOT NULL`

	DropUserStage = `DROP TABLE "loaf_user_stage"`
)

// StageUsers inserts n users, five values each, into the stage.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_30.html
func StageUsers(n int) string {
	rows := make([]string, n)
	for i := range n {
		at := 5 * i
		rows[i] = fmt.Sprintf(`(CAST($%d AS VARCHAR(256)), CAST($%d AS TIMESTAMP), CAST($%d AS TIMESTAMP), CAST($%d AS VARCHAR(65535)), CAST($%d AS VARCHAR(65535)))`, at+1, at+2, at+3, at+4, at+5)
	}
	return "INSERT INTO \"loaf_user_stage\" VALUES\n" + strings.Join(rows, ",\n")
}

// InsertLargeUser inserts one user whose JSON comes in pieces, of which each
// fits a parameter: id, times, then the pieces of either JSON.
// Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_TO_VARBYTE.html,
// https://docs.aws.amazon.com/redshift/latest/dg/varbyte-functions.html,
// https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html
func InsertLargeUser(attributes, times int) string {
	joined := func(first, n int) string {
		pieces := make([]string, n)
		for i := range pieces {
			pieces[i] = fmt.Sprintf(`TO_VARBYTE(CAST($%d AS VARCHAR(65535)), 'utf8')`, first+i)
		}
		return "JSON_PARSE(" + strings.Join(pieces, " || ") + ")"
	}
	return `INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT CAST($1 AS VARCHAR(256)), CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP), ` + joined(4, attributes) + ", " + joined(4+attributes, times)
}

// DropStages ends the storing of events, so that the connection can do it
// again.
const DropStages = `DROP TABLE IF EXISTS "loaf_stage", "loaf_new", "loaf_new_properties"`

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
