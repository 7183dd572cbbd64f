// Package redshift holds the SQL by which events and users get into Amazon
// Redshift: the same steps as on the other engines, in the SQL that Redshift
// knows. No ON CONFLICT, no FILTER, no LATERAL; JSON lies in SUPER columns.
//
// Statements that take values have $n placeholders, for lib/pq. COPY takes no
// parameters, so its words are quoted here.
package redshift

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations holds the files of the versioned, additive migrations, in the
// folder migrations.
func Migrations() fs.FS { return migrations }

// Session is what every connection sets first: without it Redshift lower-cases
// the names in SUPER paths, and camelCase properties would never be found.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
const Session = `SET enable_case_sensitive_identifier TO true`

// Lock makes the transaction the only writer until it ends. Redshift knows one
// mode, ACCESS EXCLUSIVE, which would keep readers waiting; so writers lock a
// table that nobody reads.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html
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

// StageBounds gives the number of staged events and of distinct ones, the
// oldest arrival and the range of time.
const StageBounds = `SELECT COUNT(*), COUNT(DISTINCT "event_id" || ' ' || CAST("timestamp" AS VARCHAR)), MIN("received_at"), MIN("timestamp"), MAX("timestamp") FROM "loaf_stage"`

// CreateNew makes the table of the events that are not yet stored, each once:
// of equal ones the first to arrive. The join with stored events is bounded by
// the load's own range of time ($1 to $2), which the sort key prunes by, so
// that its cost follows the load and not the table.
const CreateNew = `CREATE TEMP TABLE "loaf_new" AS
SELECT s."event_id", s."event", s."user_id", s."timestamp", s."properties", s."received_at"
FROM (
  SELECT "event_id", "event", "user_id", "timestamp", "properties", "received_at",
    ROW_NUMBER() OVER (PARTITION BY "event_id", "timestamp" ORDER BY "received_at", "event", "user_id") AS "place"
  FROM "loaf_stage"
) AS s
LEFT JOIN (
  SELECT "event_id", "timestamp" FROM "events" WHERE "timestamp" BETWEEN $1 AND $2
) AS e ON e."event_id" = s."event_id" AND e."timestamp" = s."timestamp"
WHERE s."place" = 1 AND e."event_id" IS NULL`

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

// ReadUsers reads the stored rows of n ids, bound as $1 to $n.
func ReadUsers(n int) string {
	return `SELECT "user_id", "created_at", "updated_at", JSON_SERIALIZE("attributes"), JSON_SERIALIZE("attribute_times") FROM "users" WHERE "user_id" IN (` + placeholders(1, n) + `)`
}

// The steps that write n merged users: a stage, its rows, and the replacement
// of the rows that exist.
const (
	CreateUserStage = `CREATE TEMP TABLE "loaf_user_stage" ("user_id" VARCHAR(256), "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "attributes" SUPER, "attribute_times" SUPER)`

	DeleteUsers = `DELETE FROM "users" USING "loaf_user_stage" WHERE "users"."user_id" = "loaf_user_stage"."user_id"`

	InsertUsers = `INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT "user_id", "created_at", "updated_at", "attributes", "attribute_times" FROM "loaf_user_stage"`
)

// StageUsers inserts n users, five values each, into the stage. A row is a
// SELECT, so that JSON_PARSE, which text needs to become SUPER, may stand in it.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/parse_json.html
func StageUsers(n int) string {
	rows := make([]string, n)
	for i := range n {
		at := 5 * i
		rows[i] = fmt.Sprintf(`SELECT CAST($%d AS VARCHAR(256)), CAST($%d AS TIMESTAMP), CAST($%d AS TIMESTAMP), JSON_PARSE($%d), JSON_PARSE($%d)`, at+1, at+2, at+3, at+4, at+5)
	}
	return "INSERT INTO \"loaf_user_stage\"\n" + strings.Join(rows, "\nUNION ALL ")
}

// DropStages ends a load.
const DropStages = `DROP TABLE IF EXISTS "loaf_stage", "loaf_new", "loaf_new_properties", "loaf_user_stage"`

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func placeholders(first, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(names, ", ")
}
