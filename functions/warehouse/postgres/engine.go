package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"net"
	"regexp"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

type engine struct {
	source warehouse.Source
}

// Lock implements writer.Engine. The table is there for this alone, so readers
// are not held up, and who merges needs no right to change events.
func (e *engine) Lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `LOCK TABLE "loaf_lock" IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// TimeType implements writer.Engine.
func (e *engine) TimeType() string { return "TIMESTAMPTZ" }

// Forget implements writer.Engine.
func (e *engine) Forget() string { return "" }

// Gone implements writer.Engine.
func (e *engine) Gone() writer.Gone {
	return writer.Gone{
		Create: `CREATE TEMP TABLE "loaf_gone" ("event" text, "properties" jsonb)`,
		Properties: `CREATE TEMP TABLE "loaf_gone_properties" AS
SELECT g."event", p."key" AS "property", jsonb_typeof(p."value") AS "type", COUNT(*) AS "count"
FROM "loaf_gone" g, jsonb_each(g."properties") AS p("key", "value")
WHERE jsonb_typeof(p."value") <> 'null' GROUP BY 1, 2, 3`,
	}
}

// StoreEvents implements writer.Engine.
func (e *engine) StoreEvents(ctx context.Context, tx *sql.Tx, loadID int64, objects []warehouse.Object) (writer.StoredEvents, error) {
	out := writer.StoredEvents{Reports: make([]warehouse.ObjectReport, len(objects))}
	for i, o := range objects {
		out.Reports[i].Object = o
	}
	_, err := tx.ExecContext(ctx, `CREATE TEMP TABLE "loaf_stage" ("seq" bigint, "object" int, "event_id" uuid, "event" text, "user_id" text, "timestamp" timestamptz, "properties" jsonb, "received_at" timestamptz) ON COMMIT DROP`)
	if err != nil {
		return out, fmt.Errorf("make the stage: %w", err)
	}
	if out.OldestArrival, err = e.copyEvents(ctx, tx, out.Reports); err != nil {
		return out, err
	}
	steps := []struct{ doing, statement string }{
		{"remove duplicates within the load", `DELETE FROM "loaf_stage" s USING (
  SELECT "event_id", "timestamp", MIN("seq") AS "seq" FROM "loaf_stage" GROUP BY "event_id", "timestamp" HAVING COUNT(*) > 1) AS first
WHERE s."event_id" = first."event_id" AND s."timestamp" = first."timestamp" AND s."seq" <> first."seq"`},
		{"remove duplicates of stored events", `DELETE FROM "loaf_stage" s USING "events" e WHERE e."event_id" = s."event_id" AND e."timestamp" = s."timestamp"`},
		{"keep the catalogue of events", `INSERT INTO "loaf_event_catalog" AS c ("event", "count", "first_seen", "last_seen")
SELECT "event", COUNT(*), MIN("timestamp"), MAX("timestamp") FROM "loaf_stage" GROUP BY "event"
ON CONFLICT ("event") DO UPDATE SET "count" = c."count" + excluded."count",
  "first_seen" = LEAST(c."first_seen", excluded."first_seen"), "last_seen" = GREATEST(c."last_seen", excluded."last_seen")`},
		{"keep the catalogue of properties", `INSERT INTO "loaf_property_catalog" AS c ("event", "property", "type", "count")
SELECT s."event", p."key", jsonb_typeof(p."value"), COUNT(*) FROM "loaf_stage" s, jsonb_each(s."properties") AS p("key", "value")
WHERE jsonb_typeof(p."value") <> 'null' GROUP BY 1, 2, 3
ON CONFLICT ("event", "property", "type") DO UPDATE SET "count" = c."count" + excluded."count"`},
	}
	for _, step := range steps {
		if _, err := tx.ExecContext(ctx, step.statement); err != nil {
			return out, fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	if err := countNew(ctx, tx, out.Reports); err != nil {
		return out, fmt.Errorf("count the new events: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT "event_id", "event", "user_id", "timestamp", "properties", "received_at", $1 FROM "loaf_stage" ORDER BY "seq"`, loadID)
	if err != nil {
		return out, fmt.Errorf("insert the events: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DROP TABLE "loaf_stage"`); err != nil {
		return out, fmt.Errorf("drop the stage: %w", err)
	}
	return out, nil
}

// copyEvents streams the objects into the stage, counting lines.
func (e *engine) copyEvents(ctx context.Context, tx *sql.Tx, reports []warehouse.ObjectReport) (oldest time.Time, err error) {
	in, err := tx.PrepareContext(ctx, `COPY "loaf_stage" ("seq", "object", "event_id", "event", "user_id", "timestamp", "properties", "received_at") FROM STDIN`)
	if err != nil {
		return oldest, fmt.Errorf("start the copy: %w", err)
	}
	// ends are the numbers of the first row after each object: COPY names a row
	// it refuses by its number in the whole stream.
	ends := make([]int64, len(reports))
	var seq int64
	for i := range reports {
		var refused error
		err := writer.Lines(ctx, e.source, reports[i].Object, func(line []byte) error {
			event, arrival, err := wire.ParseEventRecord(line)
			if err != nil {
				return err
			}
			if oldest.IsZero() || arrival.Before(oldest) {
				oldest = arrival
			}
			seq++
			reports[i].Lines++
			_, refused = in.ExecContext(ctx, seq, i, event.EventID, event.Event, event.UserID, event.Timestamp, string(event.Properties), arrival)
			return refused
		})
		ends[i] = seq
		if err == nil {
			continue
		}
		// The server's word and the connection's come out of ExecContext, too;
		// they are not the fault of the line that happened to be sent.
		if refused != nil {
			err = blame(refused, reports, ends[:i+1])
		}
		return oldest, errors.Join(err, in.Close())
	}
	if _, err := in.ExecContext(ctx); err != nil {
		return oldest, errors.Join(blame(fmt.Errorf("finish the copy: %w", err), reports, ends), in.Close())
	}
	if err := in.Close(); err != nil {
		return oldest, fmt.Errorf("finish the copy: %w", err)
	}
	return oldest, nil
}

var copyLine = regexp.MustCompile(`^COPY loaf_stage, line (\d+)`)

// blame names the object and line of the row that COPY refused.
func blame(err error, reports []warehouse.ObjectReport, ends []int64) error {
	var server *pq.Error
	if !errors.As(err, &server) {
		return err
	}
	match := copyLine.FindStringSubmatch(server.Where)
	if match == nil {
		return err
	}
	row, convErr := strconv.ParseInt(match[1], 10, 64)
	if convErr != nil {
		return err
	}
	var start int64
	for i, end := range ends {
		if row <= end {
			return &warehouse.DataError{Object: &reports[i].Object, Line: int(row - start), Err: err}
		}
		start = end
	}
	return err
}

func countNew(ctx context.Context, tx *sql.Tx, reports []warehouse.ObjectReport) error {
	rows, err := tx.QueryContext(ctx, `SELECT "object", COUNT(*) FROM "loaf_stage" GROUP BY "object"`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var n int64
		if err := rows.Scan(&i, &n); err != nil {
			return err
		}
		reports[i].Inserted = n
	}
	for i := range reports {
		reports[i].Duplicates = reports[i].Lines - reports[i].Inserted
	}
	return rows.Err()
}

// ReadUsers implements writer.Engine.
func (e *engine) ReadUsers(ctx context.Context, tx *sql.Tx, ids []string) ([]warehouse.User, error) {
	rows, err := tx.QueryContext(ctx, `SELECT "user_id", "created_at", "updated_at", "attributes"::text, "attribute_times"::text FROM "users" WHERE "user_id" = ANY($1)`, pq.Array(ids))
	if err != nil {
		return nil, err
	}
	return writer.ScanUsers(rows)
}

// PrepareUsers implements writer.Engine: attributes lie in one column.
func (e *engine) PrepareUsers(context.Context, *sql.Tx, iter.Seq[warehouse.User]) error { return nil }

// WriteUsers implements writer.Engine.
func (e *engine) WriteUsers(ctx context.Context, tx *sql.Tx, users []warehouse.User) error {
	rows, err := writer.EncodeUsers(users)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO "users" ("user_id", "created_at", "updated_at", "attributes", "attribute_times")
SELECT "user_id", "created_at", "updated_at", "attributes"::jsonb, "attribute_times"::jsonb
FROM jsonb_to_recordset($1::jsonb) AS u("user_id" text, "created_at" timestamptz, "updated_at" timestamptz, "attributes" text, "attribute_times" text)
ON CONFLICT ("user_id") DO UPDATE SET "created_at" = excluded."created_at", "updated_at" = excluded."updated_at",
  "attributes" = excluded."attributes", "attribute_times" = excluded."attribute_times"`, rows)
	return err
}

// Classify implements writer.Engine, by SQLSTATE
// (https://www.postgresql.org/docs/15/errcodes-appendix.html).
func (e *engine) Classify(err error) error {
	var data *warehouse.DataError
	if err == nil || errors.As(err, &data) || errors.Is(err, warehouse.ErrUnavailable) {
		return err
	}
	var server *pq.Error
	if errors.As(err, &server) {
		switch class := string(server.Code.Class()); {
		case server.Code == "40001", server.Code == "40P01":
			return fmt.Errorf("%w: %w", writer.ErrConflict, err)
		case class == "22", class == "23", class == "54":
			return &warehouse.DataError{Err: err}
		case class == "08", class == "53", class == "57", class == "55", class == "28", class == "3D":
			return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
		}
		return err
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
	}
	return err
}
