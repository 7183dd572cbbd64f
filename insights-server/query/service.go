// Package query answers insights from the warehouse: it plans a question into
// SQL, runs that, and puts the rows together into an answer.
package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// Options of a Service. The zero value is good.
type Options struct {
	// Now is the clock that "last 30 days" ends at; nil means time.Now.
	Now func() time.Time
	// Timeout bounds one question, from the moment that it runs; 0 means 30 s.
	Timeout time.Duration
	// MaxConcurrent is how many questions run at once; 0 means one for each
	// processor, and at least two. More of them would only share the
	// processors, and memory, between them.
	MaxConcurrent int
	// MaxWaiting is how many more may wait for their turn; 0 means 32. Those
	// beyond are turned away with ErrBusy.
	MaxWaiting int
	// MaxWait is how long one waits before it is turned away with ErrBusy; 0
	// means 10 s.
	MaxWait time.Duration
	// CacheBytes bounds the answers that are kept for equal questions; 0 means
	// DefaultCacheBytes, less than 0 that none is kept.
	CacheBytes int64
	// CacheTrust is for how long the state of the tables is believed once it was
	// seen: so long a kept answer may be older than the newest load, and asks
	// nothing of a warehouse that is billed for every time that it wakes. 0 asks
	// each time.
	CacheTrust time.Duration
	// ColumnBytes bounds what the answer to one question keeps of what it reads as
	// whole columns; what would take more is asked of the engine in the other way. 0
	// means 64 MiB, less than 0 that no columns are read.
	ColumnBytes int64
	// Cohorts looks up a cohort by its id; an error wraps ErrNoCohort where there
	// is none. nil means that there are no cohorts.
	Cohorts func(ctx context.Context, id string) (insight.Cohort, error)
	// ExportTimeout bounds one export; 0 means 30 minutes.
	ExportTimeout time.Duration
	// MaxExports is how many exports run at once, beside the questions; 0 means
	// 2. One more is turned away with ErrBusy.
	MaxExports int
}

// Service answers questions about one warehouse.
type Service struct {
	db      warehouse.Database
	options Options
	turns   turns
	cache   *cache // nil when no answer is kept
	exports turns

	mu        sync.Mutex
	migrated  bool
	collation *string
	columns   *columnCache
}

// columnCache is what statements for DuckDB are written with, as of a state of the tables.
type columnCache struct {
	state                  state
	properties, attributes warehouse.Properties
	// users is the largest key of a user.
	users int64
}

// New makes a service. It does not touch the database: that may not be there
// yet.
func New(db warehouse.Database, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = max(2, runtime.GOMAXPROCS(0))
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = 32
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 10 * time.Second
	}
	if o.ColumnBytes == 0 {
		o.ColumnBytes = defaultColumnBytes
	}
	if o.ExportTimeout <= 0 {
		o.ExportTimeout = 30 * time.Minute
	}
	if o.MaxExports <= 0 {
		o.MaxExports = 2
	}
	s := &Service{db: db, options: o,
		turns:   newTurns(o.MaxConcurrent, o.MaxWaiting, o.MaxWait),
		exports: newTurns(o.MaxExports, 0, 0),
	}
	switch {
	case o.CacheBytes == 0:
		s.cache = newCache(DefaultCacheBytes)
	case o.CacheBytes > 0:
		s.cache = newCache(o.CacheBytes)
	}
	return s
}

// Run answers a query; the answer may be shared with other askers, and is not to
// be changed. Errors are *insight.Error for a query that cannot be
// answered, or wrap ErrBusy, ErrTimeout, warehouse.ErrUnavailable or
// context.Canceled; any other is a defect.
func (s *Service) Run(ctx context.Context, q insight.Query) (insight.Answer, error) {
	q, err := s.withCohorts(ctx, q)
	if err != nil {
		return insight.Answer{}, err
	}
	return s.shared(ctx, q)
}

// runKind answers a query within a reading.
func (s *Service) runKind(ctx context.Context, q insight.Query) (insight.Answer, error) {
	switch q.Kind {
	case insight.KindTrend:
		return s.runTrend(ctx, q)
	case insight.KindFunnel:
		return s.runFunnel(ctx, q)
	case insight.KindRetention:
		return s.runRetention(ctx, q)
	case insight.KindStickiness:
		return s.runStickiness(ctx, q)
	case insight.KindLifecycle:
		return s.runLifecycle(ctx, q)
	case insight.KindPaths:
		return s.runPaths(ctx, q)
	default:
		return insight.Answer{}, fmt.Errorf("run the query: there is no kind %q", q.Kind)
	}
}

// manyRuns is how many runs of buckets one statement takes without a second
// thought. Months have different lengths, so a millennium of them is thousands
// of runs, which an engine takes seconds to plan.
const manyRuns = 200

// firstTimestamp is the earliest that an event may have. Engines have trouble
// with much earlier ones: the first hours of the year 1 in Tokyo lie in a year
// that their calendars do not know.
var firstTimestamp = time.Unix(0, 0)

// clip cuts from the axis the time in which no event can be.
func (s *Service) clip(ctx context.Context, axis insight.Axis) (insight.Axis, error) {
	axis = clip(axis, firstTimestamp, axis.To)
	if len(runs(axis)) <= manyRuns {
		return axis, nil
	}
	if vectorsOf(ctx) != nil {
		return axis, errOtherWay // the catalogue is to be read as well
	}
	var first, last sql.NullTime
	err := s.reader(ctx).QueryRowContext(ctx, `SELECT MIN("first_seen"), MAX("last_seen") FROM "loaf_event_catalog"`).Scan(&first, &last)
	if err != nil {
		return axis, err
	}
	if !first.Valid {
		axis.Stretches = nil
		return axis, nil
	}
	return clip(axis, first.Time, last.Time), nil
}

// toFloat reads a value column; NaN for NULL. PostgreSQL's are text, because
// they may be numerics that no double holds: those become infinite.
func toFloat(v any) (float64, error) {
	switch v := v.(type) {
	case nil:
		return math.NaN(), nil
	case float64:
		return v, nil
	case []byte:
		return parseFloat(string(v))
	case string:
		return parseFloat(v)
	default:
		return 0, fmt.Errorf("the warehouse answered with a %T for a number", v)
	}
}

func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("read a number of the warehouse: %w", err)
	}
	return f, nil
}

// tally turns the rows of one series into its values.
type tally struct {
	aggregation insight.AggregationType
	count       int64
	values      insight.Values
}

func newTally(t insight.AggregationType, buckets int) *tally {
	values := make(insight.Values, buckets)
	if !t.ZeroWhenEmpty() {
		for i := range values {
			values[i] = math.NaN()
		}
	}
	return &tally{aggregation: t, values: values}
}

// add takes in a bucket that has events. A result that no double can hold
// becomes infinite on one engine or another, and is missing from the answer:
// JSON has no infinity.
func (t *tally) add(bucket int, events, measured int64, value float64) {
	t.count += events
	if bucket >= len(t.values) {
		return // of a period before that has more intervals than the range
	}
	switch {
	case t.aggregation == insight.Total:
		value = float64(events)
	case t.aggregation == insight.UniqueUsers:
		value = float64(measured)
	case measured == 0: // events, but no number or no user among them
		return
	case t.aggregation == insight.Average, t.aggregation == insight.AveragePerUser:
		value /= float64(measured)
	}
	if math.IsInf(value, 0) {
		value = math.NaN()
	}
	t.values[bucket] = value + 0 // makes -0 a 0
}

// errNoTables tells that the warehouse was never migrated.
var errNoTables = errors.New("the warehouse has no tables yet")

// tables are those that a Service reads.
const countTables = `SELECT COUNT(*) FROM information_schema.tables
WHERE table_schema = current_schema()
  AND table_name IN ('events', 'users', 'loaf_event_catalog', 'loaf_property_catalog', 'loaf_loads', 'loaf_files')`

const tables = 6

// ready returns errNoTables until the tables exist; afterwards it asks no more.
func (s *Service) ready(ctx context.Context) error {
	s.mu.Lock()
	migrated := s.migrated
	s.mu.Unlock()
	if migrated {
		return nil
	}
	var n int
	if err := s.reader(ctx).QueryRowContext(ctx, countTables).Scan(&n); err != nil {
		return err
	}
	if n < tables {
		return errNoTables
	}
	s.mu.Lock()
	s.migrated = true
	s.mu.Unlock()
	return nil
}

// dialect gives the SQL dialect with the typed columns as they are now.
func (s *Service) dialect(ctx context.Context) (dialect.Dialect, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	switch s.db.Dialect {
	case warehouse.DuckDB:
		c, err := s.typedColumns(ctx)
		if err != nil {
			return nil, err
		}
		d := dialect.DuckDB{Properties: c.properties, Attributes: c.attributes}
		if readingOf(ctx).begun() {
			d.Users = c.users // outside of a transaction there may be more by now
		}
		return d, nil
	case warehouse.PostgreSQL:
		collation, err := s.lowerCollation(ctx)
		if err != nil {
			return nil, err
		}
		return dialect.For(s.db.Dialect, warehouse.Properties{}, warehouse.Properties{}, collation)
	default:
		return dialect.For(s.db.Dialect, warehouse.Properties{}, warehouse.Properties{}, "")
	}
}

// typedColumns reads the catalogues of typed columns again after each load and
// each merge of users: nothing else adds columns.
func (s *Service) typedColumns(ctx context.Context) (*columnCache, error) {
	var now state
	var err error
	if r := readingOf(ctx); r.begun() {
		now = r.state // was read in the same transaction
	} else if now, err = readState(ctx, s.db.SQL); err != nil {
		return nil, err
	}
	s.mu.Lock()
	cached := s.columns
	s.mu.Unlock()
	if cached != nil && cached.state == now {
		return cached, nil
	}
	// Outside of a reading, a load that commits between the two makes the
	// catalogues newer than the state, which costs one more reading.
	found := &columnCache{state: now}
	if found.properties, err = warehouse.PropertyColumnsIn(ctx, s.reader(ctx), s.db.Dialect, warehouse.EventProperties); err != nil {
		return nil, err
	}
	if found.attributes, err = warehouse.PropertyColumnsIn(ctx, s.reader(ctx), s.db.Dialect, warehouse.UserAttributes); err != nil {
		return nil, err
	}
	if found.users, err = warehouse.LastUserKey(ctx, s.reader(ctx)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.columns = found
	s.mu.Unlock()
	return found, nil
}

// lowerCollation chooses the collation that lower-cases all of Unicode: by
// preference one that maps character by character, as the other engines do.
// ICU's maps a capital sigma by its place in the word.
func (s *Service) lowerCollation(ctx context.Context) (string, error) {
	s.mu.Lock()
	cached := s.collation
	s.mu.Unlock()
	if cached != nil {
		return *cached, nil
	}
	var name string
	err := s.reader(ctx).QueryRowContext(ctx, `SELECT collname FROM pg_collation
WHERE collname IN ('pg_c_utf8', 'C.utf8', 'C.UTF-8', 'und-x-icu')
ORDER BY CASE collname WHEN 'pg_c_utf8' THEN 0 WHEN 'C.utf8' THEN 1 WHEN 'C.UTF-8' THEN 2 ELSE 3 END LIMIT 1`).Scan(&name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	s.mu.Lock()
	s.collation = &name
	s.mu.Unlock()
	return name, nil
}

// turn waits for its turn and runs the work within the timeout.
func (s *Service) turn(ctx context.Context, doing string, work func(context.Context) error) error {
	release, err := s.turns.take(ctx)
	if err != nil {
		return explain(ctx, doing, err)
	}
	defer release()
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, ErrTimeout)
	defer cancel()
	return explain(ctx, doing, work(ctx))
}

// Ready reports whether the warehouse answers. A warehouse without tables is
// ready: it has no data yet.
func (s *Service) Ready(ctx context.Context) error {
	return explain(ctx, "reach the warehouse", s.db.SQL.PingContext(ctx))
}
