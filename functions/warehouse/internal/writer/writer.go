// Package writer is the part of loading and merging that all engines share:
// one transaction around what an engine stores, the ledger of raw objects
// written in that same transaction, the merge of users, and the retry of
// transactions that lost a race.
package writer

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Engine is what differs between warehouses.
type Engine interface {
	// Lock makes tx the only writer until it ends. Load and merge take the
	// same locks in the same order, first thing.
	Lock(ctx context.Context, tx *sql.Tx) error
	// StoreEvents reads the event objects and inserts the events that are not
	// yet stored, in the order of the objects and their lines: of two with the
	// same id and timestamp the first wins. It keeps the catalogues.
	StoreEvents(ctx context.Context, tx *sql.Tx, loadID int64, objects []warehouse.Object) (StoredEvents, error)
	// ReadUsers gives the stored rows of the ids that exist.
	ReadUsers(ctx context.Context, tx *sql.Tx, ids []string) ([]warehouse.User, error)
	// PrepareUsers makes room for all attributes of users that a transaction is
	// going to write, before it writes the first of them.
	PrepareUsers(ctx context.Context, tx *sql.Tx, users iter.Seq[warehouse.User]) error
	// WriteUsers inserts the users or replaces their rows.
	WriteUsers(ctx context.Context, tx *sql.Tx, users []warehouse.User) error
	// Gone is the SQL that reads the catalogues' share of events that go.
	Gone() Gone
	// Forget is a statement that removes what the engine keeps, beside the tables,
	// of users that neither an event nor a row of users names any more; "" where it
	// keeps nothing.
	Forget() string
	// TimeType is the SQL type of the columns that hold times, which a bound
	// time is cast to.
	TimeType() string
	// Classify turns an error of the driver into a *warehouse.DataError, an
	// error wrapping warehouse.ErrUnavailable, one wrapping ErrConflict, or
	// leaves it as it is.
	Classify(err error) error
}

// StoredEvents is an engine's account of what it stored.
type StoredEvents struct {
	// Reports has one element for each object, in order.
	Reports []warehouse.ObjectReport
	// OldestArrival is when the first of the events reached collection; zero
	// when there was none.
	OldestArrival time.Time
}

// ErrConflict marks a transaction that lost a race with another writer and
// may be tried again at once.
var ErrConflict = errors.New("another writer was first")

// attempts bounds how often a transaction that lost a race is tried. With
// table locks taken first a race is rare; ten losses mean something is wrong.
const attempts = 10

// Writer loads and merges.
type Writer struct {
	db     *sql.DB
	engine Engine
	source warehouse.Source
	now    func() time.Time
	// turn holds the one token that a writer of this process needs: waiting
	// here is cheaper than waiting for a table lock, and DuckDB has none.
	turn chan struct{}
	// waiting are the calls of Merge that no transaction has taken yet.
	waitingMu sync.Mutex
	waiting   []*merging
	// arrived tells who has the turn and awaits others that one has come.
	arrived chan struct{}
	// expected is how many calls of Merge there were, answered or waiting, when
	// the last transaction of one ended, and lastTook how long it took. They belong
	// to who has the turn.
	expected int
	lastTook time.Duration
}

// New makes a writer.
func New(db *sql.DB, engine Engine, source warehouse.Source, now func() time.Time) *Writer {
	w := &Writer{db: db, engine: engine, source: source, now: now, turn: make(chan struct{}, 1), arrived: make(chan struct{}, 1)}
	w.turn <- struct{}{}
	return w
}

// Load stores all objects that the ledger does not hold, in one transaction
// with their ledger rows. A *warehouse.DataError says that an object's data is
// at fault and that nothing was stored.
func (w *Writer) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	var report warehouse.LoadReport
	err := w.Transact(ctx, func(tx *sql.Tx) error {
		var err error
		report, err = w.load(ctx, tx, objects)
		return err
	})
	if err != nil {
		return warehouse.LoadReport{}, fmt.Errorf("load %d objects: %w", len(objects), err)
	}
	return report, nil
}

// Reload is Load for objects that were set aside: what the ledger says of that
// is forgotten in the same transaction, so that an object which still cannot be
// loaded stays set aside. Objects that were loaded stay as they are.
func (w *Writer) Reload(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	var report warehouse.LoadReport
	err := w.Transact(ctx, func(tx *sql.Tx) error {
		if err := forget(ctx, tx, objects); err != nil {
			return err
		}
		var err error
		report, err = w.load(ctx, tx, objects)
		return err
	})
	if err != nil {
		return warehouse.LoadReport{}, fmt.Errorf("load %d objects again: %w", len(objects), err)
	}
	return report, nil
}

// MergeObject merges the writes of an object of users or updates as Merge does,
// reading them from the store. A *warehouse.DataError says that the object's
// data is at fault; an error wrapping fs.ErrNotExist, that it is not there.
func (w *Writer) MergeObject(ctx context.Context, o warehouse.Object) error {
	err := w.Transact(ctx, func(tx *sql.Tx) error {
		known, err := w.known(ctx, tx, []warehouse.Object{o})
		if err != nil || known[o.ID()] {
			return err
		}
		stored, err := w.storeUsers(ctx, tx, []warehouse.Object{o})
		if err != nil {
			return err
		}
		return w.record(ctx, tx, nil, stored.Reports)
	})
	if err != nil {
		return fmt.Errorf("merge %s: %w", o.ID(), err)
	}
	return nil
}

// Quarantine records that the object is set aside, and why. An object that was
// loaded meanwhile stays loaded.
func (w *Writer) Quarantine(ctx context.Context, o warehouse.Object, reason string) error {
	err := w.Transact(ctx, func(tx *sql.Tx) error {
		return w.quarantine(ctx, tx, o, reason)
	})
	if err != nil {
		return fmt.Errorf("quarantine %s: %w", o.ID(), err)
	}
	return nil
}

// Requarantine is Quarantine for an object that may be set aside already: the
// newer reason takes the place of the older.
func (w *Writer) Requarantine(ctx context.Context, o warehouse.Object, reason string) error {
	err := w.Transact(ctx, func(tx *sql.Tx) error {
		if err := forget(ctx, tx, []warehouse.Object{o}); err != nil {
			return err
		}
		return w.quarantine(ctx, tx, o, reason)
	})
	if err != nil {
		return fmt.Errorf("quarantine %s again: %w", o.ID(), err)
	}
	return nil
}

func (w *Writer) quarantine(ctx context.Context, tx *sql.Tx, o warehouse.Object, reason string) error {
	known, err := w.known(ctx, tx, []warehouse.Object{o})
	if err != nil || known[o.ID()] {
		return err
	}
	_, err = tx.ExecContext(ctx, InsertLedger(1, w.engine.TimeType()), fileRow(o, "quarantined", nil, warehouse.ObjectReport{}, &reason, w.now())...)
	return err
}

// Quarantined tells which of the objects are set aside, by ID.
func (w *Writer) Quarantined(ctx context.Context, objects []warehouse.Object) (map[string]bool, error) {
	quarantined := make(map[string]bool)
	for chunk := range slices.Chunk(objects, lookup) {
		if err := scanIDs(ctx, w.db, SelectQuarantined(len(chunk)), ids(chunk), quarantined); err != nil {
			return nil, fmt.Errorf("look up %d objects in the ledger: %w", len(objects), w.engine.Classify(err))
		}
	}
	return quarantined, nil
}

// Known tells which objects the ledger holds, loaded or quarantined, by ID.
func (w *Writer) Known(ctx context.Context, objects []warehouse.Object) (map[string]bool, error) {
	known, err := w.known(ctx, w.db, objects)
	if err != nil {
		return nil, fmt.Errorf("look up %d objects in the ledger: %w", len(objects), w.engine.Classify(err))
	}
	return known, nil
}

// Transact waits for the turn and runs f in a transaction, as inTurn does.
func (w *Writer) Transact(ctx context.Context, f func(*sql.Tx) error) error {
	select {
	case <-w.turn:
		defer func() { w.turn <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the writer before: %w: %w", warehouse.ErrUnavailable, ctx.Err())
	}
	return w.inTurn(ctx, f)
}

// inTurn runs f in a transaction of the one writer, which has the turn, again when
// it lost a race.
func (w *Writer) inTurn(ctx context.Context, f func(*sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := w.once(ctx, f)
		if err == nil || !errors.Is(err, ErrConflict) {
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("%w: %d attempts: %w", warehouse.ErrUnavailable, attempts, err)
		}
		pause := time.NewTimer(rand.N(time.Duration(attempt) * 50 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, ctx.Err())
		}
	}
}

func (w *Writer) once(ctx context.Context, f func(*sql.Tx) error) (err error) {
	defer func() {
		// What failed because the caller gave up says nothing about the data.
		if err != nil && ctx.Err() != nil && !errors.Is(err, warehouse.ErrUnavailable) {
			err = fmt.Errorf("%w: %w: %w", warehouse.ErrUnavailable, ctx.Err(), err)
		}
	}()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return w.engine.Classify(fmt.Errorf("begin: %w", err))
	}
	defer func() {
		if err != nil {
			// The error that made us give up is the one to report; a rollback
			// that fails too ends with the connection.
			_ = tx.Rollback()
		}
	}()
	if err := w.engine.Lock(ctx, tx); err != nil {
		return w.engine.Classify(fmt.Errorf("lock the tables: %w", err))
	}
	if err := f(tx); err != nil {
		return w.engine.Classify(err)
	}
	if err := tx.Commit(); err != nil {
		return w.engine.Classify(fmt.Errorf("commit: %w", err))
	}
	return nil
}

func (w *Writer) load(ctx context.Context, tx *sql.Tx, objects []warehouse.Object) (warehouse.LoadReport, error) {
	report := warehouse.LoadReport{Started: w.now()}
	objects = unique(objects)
	known, err := w.known(ctx, tx, objects)
	if err != nil {
		return report, err
	}
	var events, users []warehouse.Object
	for _, o := range objects {
		switch {
		case known[o.ID()]:
			report.Objects = append(report.Objects, warehouse.ObjectReport{Object: o, AlreadyLoaded: true})
		case o.Kind == warehouse.Events:
			events = append(events, o)
		default:
			users = append(users, o)
		}
	}
	if len(events)+len(users) == 0 {
		report.Finished = w.now()
		return report, nil
	}
	if err := tx.QueryRowContext(ctx, NextLoadID).Scan(&report.LoadID); err != nil {
		return report, fmt.Errorf("take a load id: %w", err)
	}
	var oldest time.Time
	var fresh []warehouse.ObjectReport
	if len(events) > 0 {
		stored, err := w.engine.StoreEvents(ctx, tx, report.LoadID, events)
		if err != nil {
			return report, err
		}
		fresh = append(fresh, stored.Reports...)
		oldest = stored.OldestArrival
	}
	if len(users) > 0 {
		stored, err := w.storeUsers(ctx, tx, users)
		if err != nil {
			return report, err
		}
		fresh = append(fresh, stored.Reports...)
		if oldest.IsZero() || (!stored.OldestArrival.IsZero() && stored.OldestArrival.Before(oldest)) {
			oldest = stored.OldestArrival
		}
	}
	if err := w.record(ctx, tx, &report.LoadID, fresh); err != nil {
		return report, err
	}
	report.Objects = append(report.Objects, fresh...)
	report.Finished = w.now()
	if err := w.recordLoad(ctx, tx, report, fresh, oldest); err != nil {
		return report, err
	}
	return report, nil
}

// ledgerColumns are the columns of the ledger and their types, empty for those
// of time. Every bound value is cast: not every engine guesses types across
// the rows of one VALUES.
var ledgerColumns = []struct{ name, sqlType string }{
	{"object_id", "VARCHAR(1200)"}, {"bucket", "VARCHAR(63)"}, {"key", "VARCHAR(1100)"}, {"kind", "VARCHAR(20)"}, {"status", "VARCHAR(20)"},
	{"load_id", "BIGINT"}, {"lines", "BIGINT"}, {"inserted", "BIGINT"}, {"duplicates", "BIGINT"}, {"updated", "BIGINT"},
	{"error", "VARCHAR(4000)"}, {"size_bytes", "BIGINT"}, {"loaded_at", ""},
}

// InsertLedger is the statement that writes n rows of the ledger, thirteen
// values each.
func InsertLedger(n int, timeType string) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO "loaf_files" (`)
	for i, c := range ledgerColumns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(`"` + c.name + `"`)
	}
	b.WriteString(") VALUES ")
	at := 0
	for row := range n {
		if row > 0 {
			b.WriteString(",\n")
		}
		for i, c := range ledgerColumns {
			at++
			sqlType := c.sqlType
			if sqlType == "" {
				sqlType = timeType
			}
			open := ", "
			if i == 0 {
				open = "("
			}
			fmt.Fprintf(&b, "%sCAST($%d AS %s)", open, at, sqlType)
		}
		b.WriteString(")")
	}
	return b.String()
}

func fileRow(o warehouse.Object, status string, loadID *int64, r warehouse.ObjectReport, reason *string, now time.Time) []any {
	return []any{o.ID(), o.Bucket, o.Key, string(o.Kind), status, loadID, r.Lines, r.Inserted, r.Duplicates, r.Updated, reason, o.Size, micros(now)}
}

// micros is a time as the engines keep it: in UTC, to the microsecond.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// ledgerRows bounds the rows in one statement. On Redshift a statement of one
// row takes about as long as one of hundreds.
const ledgerRows = 250

// record writes the ledger rows of loaded objects.
func (w *Writer) record(ctx context.Context, tx *sql.Tx, loadID *int64, reports []warehouse.ObjectReport) error {
	for some := range slices.Chunk(reports, ledgerRows) {
		var args []any
		for _, r := range some {
			args = append(args, fileRow(r.Object, "loaded", loadID, r, nil, w.now())...)
		}
		if _, err := tx.ExecContext(ctx, InsertLedger(len(some), w.engine.TimeType()), args...); err != nil {
			return fmt.Errorf("write %d rows of the ledger, from %s: %w", len(some), some[0].Object.ID(), err)
		}
	}
	return nil
}

// InsertLoad is the statement that records a load.
const InsertLoad = `INSERT INTO "loaf_loads" ("load_id", "started_at", "finished_at", "objects", "lines", "inserted", "duplicates", "oldest_object_at") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// NextLoadID is the query for the number of the next load.
const NextLoadID = `SELECT COALESCE(MAX("load_id"), 0) + 1 FROM "loaf_loads"`

func (w *Writer) recordLoad(ctx context.Context, tx *sql.Tx, report warehouse.LoadReport, fresh []warehouse.ObjectReport, oldest time.Time) error {
	var lines, inserted, duplicates int64
	for _, r := range fresh {
		lines += r.Lines
		inserted += r.Inserted
		duplicates += r.Duplicates
	}
	var oldestArrival *time.Time
	if !oldest.IsZero() {
		utc := micros(oldest)
		oldestArrival = &utc
	}
	_, err := tx.ExecContext(ctx, InsertLoad, report.LoadID, micros(report.Started), micros(report.Finished), int64(len(fresh)), lines, inserted, duplicates, oldestArrival)
	if err != nil {
		return fmt.Errorf("record load %d: %w", report.LoadID, err)
	}
	return nil
}

// lookup bounds the ids in one ledger query.
const lookup = 500

func (w *Writer) known(ctx context.Context, q warehouse.Querier, objects []warehouse.Object) (map[string]bool, error) {
	known := make(map[string]bool)
	for chunk := range slices.Chunk(objects, lookup) {
		if err := scanIDs(ctx, q, SelectLedger(len(chunk)), ids(chunk), known); err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
	}
	return known, nil
}

// ids are the objects' names in the ledger, as a statement takes them.
func ids(objects []warehouse.Object) []any {
	out := make([]any, len(objects))
	for i, o := range objects {
		out[i] = o.ID()
	}
	return out
}

// forget removes from the ledger that objects were set aside.
func forget(ctx context.Context, tx *sql.Tx, objects []warehouse.Object) error {
	for chunk := range slices.Chunk(objects, lookup) {
		if _, err := tx.ExecContext(ctx, ForgetQuarantined(len(chunk)), ids(chunk)...); err != nil {
			return fmt.Errorf("forget that %d objects were set aside: %w", len(chunk), err)
		}
	}
	return nil
}

// SelectLedger is the query for those of n object ids that the ledger holds.
func SelectLedger(n int) string {
	return `SELECT "object_id" FROM "loaf_files" WHERE "object_id" IN (` + Placeholders(1, n) + `)`
}

// SelectQuarantined is the query for those of n object ids that are set aside.
func SelectQuarantined(n int) string { return SelectLedger(n) + ` AND "status" = 'quarantined'` }

// ForgetQuarantined is the statement that removes from the ledger those of n
// object ids that are set aside, and leaves alone those that are loaded.
func ForgetQuarantined(n int) string {
	return `DELETE FROM "loaf_files" WHERE "object_id" IN (` + Placeholders(1, n) + `) AND "status" = 'quarantined'`
}

func scanIDs(ctx context.Context, q warehouse.Querier, query string, ids []any, found map[string]bool) error {
	rows, err := q.QueryContext(ctx, query, ids...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		found[id] = true
	}
	return rows.Err()
}

// Placeholders is "$first, …" with n elements.
func Placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// unique keeps the first of objects that stand twice, as a queue that delivers
// at least once makes them.
func unique(objects []warehouse.Object) []warehouse.Object {
	seen := make(map[string]bool, len(objects))
	out := make([]warehouse.Object, 0, len(objects))
	for _, o := range objects {
		if !seen[o.ID()] {
			seen[o.ID()] = true
			out = append(out, o)
		}
	}
	return out
}

// AnyLedger is the query for one row of the ledger.
const AnyLedger = `SELECT 1 FROM "loaf_files" LIMIT 1`

// Empty tells whether the ledger holds no object at all: nothing was ever
// loaded.
func (w *Writer) Empty(ctx context.Context) (bool, error) {
	var one int
	err := w.db.QueryRowContext(ctx, AnyLedger).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look into the ledger: %w", w.engine.Classify(err))
	}
	return false, nil
}

// Ping tells whether the warehouse answers. A connection that died while it lay
// unused, as in a function that was frozen between two calls, is no answer: the
// next one is asked.
func (w *Writer) Ping(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		err := w.db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if attempt == attempts || !errors.Is(err, driver.ErrBadConn) {
			return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
		}
	}
}
