package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

type engine struct {
	source     warehouse.Source
	objectPath func(warehouse.Object) string
	// run is how many events lie in order together.
	run int64
	// slicesDir is where slices of large objects lie while they are stored; empty
	// for a place of the system's.
	slicesDir string
	// intoFile says that the commit of the transaction before was to write into the
	// file at once.
	intoFile bool
}

// Lock locks nothing: one process owns the file and its writer lets one
// transaction in at a time.
func (e *engine) Lock(ctx context.Context, tx *sql.Tx) error {
	if !e.intoFile {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `RESET GLOBAL checkpoint_threshold`); err != nil {
		return err
	}
	e.intoFile = false
	return nil
}

// TimeType implements writer.Engine.
func (e *engine) TimeType() string { return "TIMESTAMP" }

// Gone implements writer.Engine. The properties are counted by their JSON types,
// as the catalogue has them, wherever their values lie.
func (e *engine) Gone() writer.Gone {
	return writer.Gone{
		Create: `CREATE TEMP TABLE "loaf_gone" ("event" VARCHAR, "properties" JSON)`,
		Properties: `CREATE TEMP TABLE "loaf_gone_properties" AS
SELECT "event", "property", "type", COUNT(*) AS "count" FROM (
  SELECT "event", "property", CASE json_type("properties", '/' || replace(replace("property", '~', '~0'), '/', '~1'))
    WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'NULL' THEN NULL ELSE 'number' END AS "type"
  FROM (SELECT "event", "properties", unnest(json_keys("properties")) AS "property" FROM "loaf_gone")
) WHERE "type" IS NOT NULL GROUP BY ALL`,
	}
}

// The stage keeps DuckDB's insertion order, so its rowid tells which of two
// equal events was stored first.
const stage = `CREATE OR REPLACE TEMP TABLE "loaf_stage" AS
SELECT "event_id", "event", "user_id", "timestamp", "properties", "received_at", "filename"
FROM ` + readEvents

// readEvents reads files, a list of literals, of a compression.
const readEvents = `read_json(%s, format = 'newline_delimited', compression = '%s', filename = true, maximum_object_size = 1048576,
  columns = {'event_id': 'UUID', 'event': 'VARCHAR', 'user_id': 'VARCHAR', 'timestamp': 'TIMESTAMP', 'properties': 'JSON', 'received_at': 'TIMESTAMP'})`

// StoreEvents implements writer.Engine. What is read at once is bounded: of a large
// object a slice, and of others the bisecting of what is too much sees to it.
func (e *engine) StoreEvents(ctx context.Context, tx *sql.Tx, loadID int64, objects []warehouse.Object) (writer.StoredEvents, error) {
	s := storing{tx: tx, loadID: loadID, run: e.run, objects: objects, byPath: make(map[string]int, len(objects))}
	whole := part{compression: "gzip"}
	for i, o := range objects {
		path := e.objectPath(o)
		whole.paths = append(whole.paths, path)
		s.byPath[path] = i
		if _, err := os.Stat(path); err != nil {
			return writer.StoredEvents{}, fmt.Errorf("open %s: %w", o.ID(), err)
		}
	}
	read, err := e.checkWhole(ctx, objects)
	if err != nil {
		return writer.StoredEvents{}, err
	}
	s.out.Reports = make([]warehouse.ObjectReport, len(objects))
	for i, o := range objects {
		s.out.Reports[i].Object = o
	}
	err = s.promote(ctx, read)
	switch {
	case err != nil:
	case len(objects) == 1 && read[0].bytes > largeObject:
		err = e.storeSlices(ctx, &s)
	default:
		err = s.store(ctx, whole)
	}
	if err == nil {
		err = s.count(ctx)
	}
	if err != nil {
		return writer.StoredEvents{}, e.blame(ctx, err, objects)
	}
	for i := range s.out.Reports {
		r := &s.out.Reports[i]
		r.Duplicates = r.Lines - r.Inserted
		if r.Lines != read[i].lines {
			return writer.StoredEvents{}, &warehouse.DataError{Object: &objects[i], Err: fmt.Errorf("DuckDB reads %d of its %d lines", r.Lines, read[i].lines)}
		}
	}
	return s.out, nil
}

// part is what is staged at once.
type part struct {
	paths       []string
	compression string
}

// storing is a load of events under way.
type storing struct {
	tx      *sql.Tx
	loadID  int64
	run     int64
	objects []warehouse.Object
	// byPath is whose lines a file holds, as an index of objects.
	byPath map[string]int
	// properties are those of the events.
	properties []*property
	out        writer.StoredEvents
}

// store stores a part, behind those before.
func (s *storing) store(ctx context.Context, p part) error {
	if _, err := s.tx.ExecContext(ctx, fmt.Sprintf(stage, literalList(p.paths), p.compression)); err != nil {
		return fmt.Errorf("read the event objects: %w", err)
	}
	if err := checkStage(ctx, s.tx, s.objects, s.byPath); err != nil {
		return err
	}
	if err := countStage(ctx, s.tx, s.byPath, func(i int, n int64) { s.out.Reports[i].Lines += n }); err != nil {
		return fmt.Errorf("count the lines: %w", err)
	}
	var oldest sql.NullTime
	if err := s.tx.QueryRowContext(ctx, `SELECT MIN("received_at") FROM "loaf_stage"`).Scan(&oldest); err != nil {
		return fmt.Errorf("read when the load arrived: %w", err)
	}
	if !oldest.Valid {
		return nil
	}
	if s.out.OldestArrival.IsZero() || oldest.Time.Before(s.out.OldestArrival) {
		s.out.OldestArrival = oldest.Time
	}
	if err := dropDuplicates(ctx, s.tx); err != nil {
		return fmt.Errorf("remove duplicates: %w", err)
	}
	if err := countStage(ctx, s.tx, s.byPath, func(i int, n int64) { s.out.Reports[i].Inserted += n }); err != nil {
		return fmt.Errorf("count the new events: %w", err)
	}
	if err := s.keys(ctx); err != nil {
		return err
	}
	if err := s.insert(ctx); err != nil {
		return fmt.Errorf("insert the events: %w", err)
	}
	for _, table := range []string{"loaf_stage", "loaf_stage_keys"} {
		if _, err := s.tx.ExecContext(ctx, `DROP TABLE "`+table+`"`); err != nil {
			return fmt.Errorf("drop the stage: %w", err)
		}
	}
	return nil
}

// checkWhole reads the objects before DuckDB does, by the rules that collection holds to,
// so that every engine sets the same aside: DuckDB itself takes text with NUL, and
// properties of any size. And it takes the end of a gzip file for the end of its
// data, wherever it comes, and never looks at the checksum: of an object that lost
// its end it would load the beginning, and the ledger would keep the rest from
// being loaded when the object is mended.
//
// A large object among others is too much: it is stored alone.
//
// The objects are read by as many goroutines as there are processors, since this
// takes longer than DuckDB's own reading, which uses all of them. They are begun in
// their order, so that the error is that of the first object that has one.
func (e *engine) checkWhole(ctx context.Context, objects []warehouse.Object) ([]checked, error) {
	all, errs := make([]checked, len(objects)), make([]error, len(objects))
	most := int64(math.MaxInt64)
	if len(objects) > 1 {
		most = largeObject
	}
	var next atomic.Int64
	var failed atomic.Bool
	var readers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(objects)) {
		readers.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(objects) {
					return
				}
				if all[i], errs[i] = e.checkObject(ctx, objects[i], most); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	readers.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// checked is what an object holds.
type checked struct {
	// lines and bytes are without empty lines, and unpacked.
	lines, bytes int64
	// properties are the types of the events' properties, whose names are JSON.
	properties map[string]*types
}

// errLarge ends the reading of an object that is large and not alone.
var errLarge = errors.New("a large object is loaded alone")

func (e *engine) checkObject(ctx context.Context, o warehouse.Object, most int64) (c checked, err error) {
	c.properties = map[string]*types{}
	note := func(name, value []byte) {
		t := c.properties[string(name)]
		if t == nil {
			t = &types{}
			c.properties[string(name)] = t
		}
		t.addFirst(value[0])
	}
	err = writer.Lines(ctx, e.source, o, func(line []byte) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		c.lines++
		c.bytes += int64(len(line)) + 1
		if c.bytes > most {
			return errLarge
		}
		return wire.CheckEventRecord(line, note)
	})
	if errors.Is(err, errLarge) {
		err = fmt.Errorf("%w: %s: %w", warehouse.ErrTooMuch, o.ID(), errLarge)
	}
	return c, err
}

// checkStage finds lines that are JSON but no event. Their object is named, so
// that it alone is set aside.
func checkStage(ctx context.Context, tx *sql.Tx, objects []warehouse.Object, byPath map[string]int) error {
	var path string
	var bad int64
	err := tx.QueryRowContext(ctx, `SELECT "filename", COUNT(*) FROM "loaf_stage"
WHERE "event_id" IS NULL OR "event" IS NULL OR "timestamp" IS NULL OR "received_at" IS NULL OR "properties" IS NULL OR NOT starts_with(ltrim(CAST("properties" AS VARCHAR)), '{')
GROUP BY "filename" ORDER BY "filename" LIMIT 1`).Scan(&path, &bad)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check the events: %w", err)
	}
	object := objects[byPath[path]]
	return &warehouse.DataError{Object: &object, Err: fmt.Errorf("%d lines are no events: event_id, event, timestamp, received_at or a properties object is missing", bad)}
}

func countStage(ctx context.Context, tx *sql.Tx, byPath map[string]int, set func(object int, n int64)) error {
	rows, err := tx.QueryContext(ctx, `SELECT "filename", COUNT(*) FROM "loaf_stage" GROUP BY "filename"`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var path string
		var n int64
		if err := rows.Scan(&path, &n); err != nil {
			return err
		}
		i, ok := byPath[path]
		if !ok {
			return fmt.Errorf("the reader names an object that was not asked for: %s", path)
		}
		set(i, n)
	}
	return rows.Err()
}

// dropDuplicates leaves in the stage one row for each event that the table
// does not hold. The join is bounded by the days that the stage has events of, so
// that its cost follows the load and not the table.
func dropDuplicates(ctx context.Context, tx *sql.Tx) error {
	var twice bool
	// Ids alone are cheaper to compare, and differ nearly always.
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) <> COUNT(DISTINCT "event_id") FROM "loaf_stage"`).Scan(&twice)
	if err != nil {
		return err
	}
	if twice {
		_, err := tx.ExecContext(ctx, `DELETE FROM "loaf_stage" WHERE rowid NOT IN (SELECT MIN(rowid) FROM "loaf_stage" GROUP BY "event_id", "timestamp")`)
		if err != nil {
			return err
		}
	}
	days, err := stagedDays(ctx, tx)
	if err != nil {
		return err
	}
	for _, p := range writer.Periods(days) {
		_, err := tx.ExecContext(ctx, `DELETE FROM "loaf_stage" AS s USING "events" AS e
WHERE e."event_id" = s."event_id" AND e."timestamp" = s."timestamp" AND e."timestamp" >= $1 AND e."timestamp" < $2`, p.From, p.To)
		if err != nil {
			return err
		}
	}
	return nil
}

// stagedDays are the days that the stage has events of, in their order.
func stagedDays(ctx context.Context, tx *sql.Tx) (days []time.Time, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT CAST(date_trunc('day', "timestamp") AS TIMESTAMP) AS "day" FROM "loaf_stage" ORDER BY "day"`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var day time.Time
		if err := rows.Scan(&day); err != nil {
			return nil, err
		}
		days = append(days, day)
	}
	return days, rows.Err()
}

// Classify implements writer.Engine.
func (e *engine) Classify(err error) error {
	var data *warehouse.DataError
	var driver *duckdb.Error
	if errors.As(err, &data) || !errors.As(err, &driver) {
		return err
	}
	switch driver.Type {
	case duckdb.ErrorTypeTransaction:
		// A commit that fails is always of this type. What lacked memory comes with
		// advice that names the setting.
		if strings.Contains(driver.Msg, "memory_limit") {
			return fmt.Errorf("%w: %w", warehouse.ErrTooMuch, err)
		}
		return fmt.Errorf("%w: %w", writer.ErrConflict, err)
	case duckdb.ErrorTypeConversion, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeOutOfRange, duckdb.ErrorTypeMismatchType, duckdb.ErrorTypeConstraint:
		return &warehouse.DataError{Err: err}
	case duckdb.ErrorTypeOutOfMemory:
		return fmt.Errorf("%w: %w", warehouse.ErrTooMuch, err)
	default:
		return err
	}
}

// badGzip tells a broken object from a broken disk: both are IO errors.
var badGzip = regexp.MustCompile(`(?i)gzip|decompress|truncated`)

// blame finds the object and line that made a load fail for its data. DuckDB's
// message names a file at best, and a line that is not to be relied on, so the
// objects are read again, line by line, by the rules that collection holds to.
// Where nothing is found the error names no object, and the loader bisects.
func (e *engine) blame(ctx context.Context, err error, objects []warehouse.Object) error {
	var driver *duckdb.Error
	if !errors.As(err, &driver) {
		return err
	}
	if driver.Type == duckdb.ErrorTypeIO && badGzip.MatchString(driver.Msg) {
		err = &warehouse.DataError{Err: err}
	}
	var data *warehouse.DataError
	if !errors.As(e.Classify(err), &data) {
		return err
	}
	for _, o := range objects {
		found := writer.Lines(ctx, e.source, o, func(line []byte) error {
			_, _, err := wire.ParseEventRecord(line)
			return err
		})
		if found != nil {
			return found
		}
	}
	return data
}

// literal quotes a string; table functions and DDL take no parameters.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func literalList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
