package redshift

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

type engine struct {
	db     *sql.DB
	source warehouse.Source
	copy   CopyConfig
	now    func() time.Time
}

// Lock implements writer.Engine.
func (e *engine) Lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, Lock)
	return err
}

// TimeType implements writer.Engine. Redshift's times are in UTC.
func (e *engine) TimeType() string { return "TIMESTAMP" }

// Forget implements writer.Engine.
func (e *engine) Forget() string { return "" }

// Gone implements writer.Engine.
func (e *engine) Gone() writer.Gone {
	return writer.Gone{Create: CreateGone, Properties: CreateGoneProperties}
}

// lines is what reading the objects of a load told about their events.
type lines struct {
	n int64
	// oldest is the first arrival; first and last are the range of the events'
	// own times, and days those on which they were, in UTC.
	oldest, first, last time.Time
	days                map[time.Time]struct{}
}

// periods covers the days of the events.
func (l lines) periods() []writer.Period {
	return writer.Periods(slices.SortedFunc(maps.Keys(l.days), time.Time.Compare))
}

// StoreEvents implements writer.Engine. The objects are read here before
// Redshift reads them: that finds a broken line and names it, counts what COPY
// must bring, and costs seconds at most, while a COPY that fails costs the
// whole transaction.
func (e *engine) StoreEvents(ctx context.Context, tx *sql.Tx, loadID int64, objects []warehouse.Object) (writer.StoredEvents, error) {
	out := writer.StoredEvents{Reports: make([]warehouse.ObjectReport, len(objects))}
	for i, o := range objects {
		out.Reports[i].Object = o
	}
	read, err := e.read(ctx, out.Reports)
	if err != nil {
		return out, err
	}
	out.OldestArrival = read.oldest
	if read.n == 0 {
		return out, nil
	}
	if err := e.stage(ctx, tx, out.Reports); err != nil {
		return out, err
	}
	if err := checkStage(ctx, tx, read); err != nil {
		return out, err
	}
	stored, err := insertNew(ctx, tx, loadID, read)
	if err != nil {
		return out, err
	}
	if err := e.attribute(ctx, tx, out.Reports, read.n-stored); err != nil {
		return out, fmt.Errorf("tell which objects the duplicates are in: %w", err)
	}
	if _, err := tx.ExecContext(ctx, DropStages); err != nil {
		return out, fmt.Errorf("drop the stages: %w", err)
	}
	return out, nil
}

// read reads every line once, counting them in the reports.
func (e *engine) read(ctx context.Context, reports []warehouse.ObjectReport) (lines, error) {
	all := lines{days: map[time.Time]struct{}{}}
	for i := range reports {
		r := &reports[i]
		err := writer.Lines(ctx, e.source, r.Object, func(line []byte) error {
			event, arrival, err := wire.ParseEventRecord(line)
			if err != nil {
				return err
			}
			r.Lines++
			all.days[event.Timestamp.UTC().Truncate(24*time.Hour)] = struct{}{}
			if all.n++; all.n == 1 {
				all.oldest, all.first, all.last = arrival, event.Timestamp, event.Timestamp
				return nil
			}
			if arrival.Before(all.oldest) {
				all.oldest = arrival
			}
			if event.Timestamp.Before(all.first) {
				all.first = event.Timestamp
			}
			if event.Timestamp.After(all.last) {
				all.last = event.Timestamp
			}
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// manifest is the file that tells COPY what to read. Each object must be there:
// without "mandatory" COPY passes over a missing one
// (https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html).
type manifest struct {
	Entries []manifestEntry `json:"entries"`
}

type manifestEntry struct {
	URL       string `json:"url"`
	Mandatory bool   `json:"mandatory"`
}

func url(bucket, key string) string { return "s3://" + bucket + "/" + key }

// stage copies the objects that have lines into the stage.
func (e *engine) stage(ctx context.Context, tx *sql.Tx, reports []warehouse.ObjectReport) error {
	if e.copy.Manifests == nil {
		return errors.New("load events: this program was set up without a place for manifests")
	}
	var m manifest
	for _, r := range reports {
		if r.Lines > 0 {
			m.Entries = append(m.Entries, manifestEntry{URL: url(r.Object.Bucket, r.Object.Key), Mandatory: true})
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	key := "manifests/" + e.now().UTC().Format("2006/01/02") + "/" + e.copy.NewID() + ".json"
	if err := e.copy.Manifests.Put(ctx, e.copy.Bucket, key, body); err != nil {
		return fmt.Errorf("write the manifest %s: %w", url(e.copy.Bucket, key), err)
	}
	if _, err := tx.ExecContext(ctx, CreateStage); err != nil {
		return fmt.Errorf("make the stage: %w", err)
	}
	var session int64
	if err := tx.QueryRowContext(ctx, SessionID).Scan(&session); err != nil {
		return fmt.Errorf("ask for the session's number: %w", err)
	}
	if _, err := tx.ExecContext(ctx, CopyEvents(Copy{Manifest: url(e.copy.Bucket, key), Role: e.copy.Role, Region: e.copy.Region})); err != nil {
		return e.explain(ctx, fmt.Errorf("copy %d objects by %s: %w", len(m.Entries), url(e.copy.Bucket, key), err), session, reports)
	}
	return nil
}

// loadFailed is how Redshift says that COPY met data that it cannot load, and
// where it wrote down more
// (https://docs.aws.amazon.com/redshift/latest/dg/t_Troubleshooting_load_errors.html).
var loadFailed = regexp.MustCompile(`(?i)^load into table .* failed|(stl_load_errors|sys_load_error_detail)`)

// explain turns a failed COPY into an error that names the object at fault. The
// transaction is lost, so another connection is asked.
func (e *engine) explain(ctx context.Context, err error, session int64, reports []warehouse.ObjectReport) error {
	var server *pq.Error
	if !errors.As(err, &server) || !loadFailed.MatchString(server.Message) {
		return err
	}
	data := &warehouse.DataError{Err: err}
	var file, column, message sql.NullString
	var line sql.NullInt64
	ask := e.db.QueryRowContext(ctx, LoadError, session).Scan(&file, &line, &column, &message)
	if ask != nil {
		// Without an object at fault the load is halved until one is left.
		data.Err = errors.Join(err, fmt.Errorf("ask what COPY refused: %w", ask))
		return data
	}
	text := strings.TrimSpace(message.String)
	if c := strings.TrimSpace(column.String); c != "" {
		text = c + ": " + text
	}
	data.Err, data.Line = fmt.Errorf("redshift refuses the record: %s", text), int(line.Int64)
	name := strings.TrimSpace(file.String)
	for i := range reports {
		// The view cuts names off.
		if full := url(reports[i].Object.Bucket, reports[i].Object.Key); name != "" && (full == name || len(name) >= maxFileName && strings.HasPrefix(full, name)) {
			data.Object = &reports[i].Object
			return data
		}
	}
	data.Line = 0
	data.Err = fmt.Errorf("%w: %w", err, data.Err)
	return data
}

// maxFileName is the length of the names in SYS_LOAD_ERROR_DETAIL.
const maxFileName = 256

// checkStage compares what COPY brought with what was read here. Too few or too
// many rows say that Redshift read other bytes than we did, which trying again
// may cure; other times, that it reads the same records differently, which it
// will not.
func checkStage(ctx context.Context, tx *sql.Tx, read lines) error {
	var n int64
	var oldest, first, last sql.NullTime
	if err := tx.QueryRowContext(ctx, StageBounds).Scan(&n, &oldest, &first, &last); err != nil {
		return fmt.Errorf("read the bounds of the stage: %w", err)
	}
	if n != read.n {
		return fmt.Errorf("COPY brought %d rows of %d lines; nothing of this load is kept", n, read.n)
	}
	for _, pair := range []struct {
		what string
		got  sql.NullTime
		want time.Time
	}{{"oldest arrival", oldest, read.oldest}, {"earliest event", first, read.first}, {"latest event", last, read.last}} {
		if !pair.got.Time.Equal(pair.want) {
			return &warehouse.DataError{Err: fmt.Errorf("COPY read %v as the %s, which is %v: is a time of another zone than UTC in a record?", pair.got.Time.UTC(), pair.what, pair.want.UTC())}
		}
	}
	return nil
}

// insertNew stores the staged events that are new and gives their number.
func insertNew(ctx context.Context, tx *sql.Tx, loadID int64, read lines) (stored int64, err error) {
	periods := read.periods()
	bounds := make([]any, 0, 2*len(periods))
	for _, p := range periods {
		bounds = append(bounds, p.From, p.To)
	}
	steps := []struct {
		doing, statement string
		args             []any
	}{
		{"make the table of new events", CreateNew, nil},
		{"remove duplicates", FillNew(len(periods)), bounds},
		{"insert the events", InsertEvents, []any{loadID}},
		{"keep the catalogue of events", UpdateEventCatalog, nil},
		{"add to the catalogue of events", InsertEventCatalog, nil},
		{"gather the properties", CreateNewProperties, nil},
		{"keep the catalogue of properties", UpdatePropertyCatalog, nil},
		{"add to the catalogue of properties", InsertPropertyCatalog, nil},
	}
	for _, step := range steps {
		if _, err := tx.ExecContext(ctx, step.statement, step.args...); err != nil {
			return 0, fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	if err := tx.QueryRowContext(ctx, CountNew).Scan(&stored); err != nil {
		return 0, fmt.Errorf("count the new events: %w", err)
	}
	return stored, nil
}

// conflict tells whether a transaction lost a race: Redshift's error 1023, whose
// SQLSTATE says nothing, or what PostgreSQL calls it.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
func conflict(server *pq.Error) bool {
	switch server.Code {
	case "40001", "40P01":
		return true
	}
	return strings.TrimSpace(server.Message) == "1023" ||
		strings.Contains(server.Message+server.Detail, "Serializable isolation violation")
}

// refusals are the beginnings of messages by which Redshift refuses data under
// an SQLSTATE that says nothing.
var refusals = []string{"JSON parsing error", "String value exceeds the max size", "Invalid JSON", "Value too long"}

// Classify implements writer.Engine, by SQLSTATE where Redshift gives one
// (https://www.postgresql.org/docs/15/errcodes-appendix.html).
func (e *engine) Classify(err error) error {
	var data *warehouse.DataError
	if err == nil || errors.As(err, &data) || errors.Is(err, warehouse.ErrUnavailable) {
		return err
	}
	var server *pq.Error
	if errors.As(err, &server) {
		if conflict(server) {
			return fmt.Errorf("%w: %w", writer.ErrConflict, err)
		}
		switch server.Code.Class() {
		case "22", "23":
			return &warehouse.DataError{Err: err}
		case "08", "28", "3D", "53", "55", "57":
			return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
		}
		for _, beginning := range refusals {
			if strings.HasPrefix(server.Message, beginning) {
				return &warehouse.DataError{Err: err}
			}
		}
		return err
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
	}
	return err
}
