package chaos_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/collect"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
)

// place is where a run keeps everything: a folder, and a database of PostgreSQL
// where the warehouse is not DuckDB.
type place struct {
	dir string
	// url is the database as the run reaches it, and direct around what cuts its
	// connections; both are empty for DuckDB.
	url, direct string
}

func (p place) open(ctx context.Context, url string, s *store) (engine, error) {
	if p.url == "" {
		return duckdb.Open(ctx, duckdb.Config{Path: filepath.Join(p.dir, "w.duckdb"), Source: s, ObjectPath: s.path, MemoryLimit: "500MB", Run: 20})
	}
	return postgres.Open(ctx, postgres.Config{URL: url, Source: s})
}

// process is the pipeline in one process, from the handlers to the loaders.
type process struct {
	store      *store
	engines    []engine
	deliveries []*local.Delivery
	collect    gateway.Handler
	update     *update.Handler
	loaders    []*load.Loader
}

// ids makes names that no other object or process has.
var ids atomic.Int64

// run is one run.
type run struct {
	place
	dice   *dice
	clock  *clock
	client *client
	// load and retry are the queues. They outlive the process where durable is true,
	// as SQS does; retries go to the update function then, and to the loader
	// otherwise.
	load, retry *queue
	durable     bool
	cut         *cutter
	process     *process
	// broken are the objects that were truncated, over all processes, and older the
	// versions of objects that were replaced.
	broken map[warehouse.Object][]byte
	older  *versions
	// deletes is whether users are deleted, deleting the clock by which they are,
	// which never steps back, and again the deletions that were asked for once more.
	deletes  bool
	deleting time.Time
	again    map[string]bool
	// between is true while something is done between two steps of something else.
	between atomic.Bool
	// arrived is when the collection API took the last call, in microseconds.
	arrived atomic.Int64
	trace   []string
}

func newRun(p place, seed uint64) *run {
	d := newDice(seed)
	r := &run{
		place: p, dice: d, clock: &clock{dice: d, leap: 30 * time.Minute, at: noon, newest: noon}, client: &client{dice: d, name: int(seed & 0xffffffff)}, //nolint:gosec // cut to what fits
		cut: &cutter{}, durable: d.n(2) == 0, broken: map[warehouse.Object][]byte{}, older: &versions{all: map[deletion.Version][]byte{}},
		deletes: d.n(2) == 0, deleting: noon, again: map[string]bool{},
	}
	if r.deletes && d.n(2) == 0 {
		d.odds[deletesMeanwhile] = 0.4 // what comes between two steps is what is worth to look at
	}
	r.client.arrived = func() time.Time { return time.UnixMicro(r.arrived.Load()).UTC() }
	r.load, r.retry = newQueue(d), newQueue(d)
	return r
}

// arriving is the clock of the collection API, which notes when it took a call.
func (r *run) arriving() time.Time {
	at := r.clock.now()
	r.arrived.Store(at.UnixMicro())
	return at
}

func (r *run) note(format string, args ...any) {
	r.trace = append(r.trace, fmt.Sprintf(format, args...))
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// start starts a process on what is there.
func (r *run) start(ctx context.Context) (err error) {
	raw, err := local.NewStore(filepath.Join(r.dir, "raw"))
	if err != nil {
		return err
	}
	p := &process{store: &store{Store: raw, dice: r.dice, early: func(o warehouse.Object) { r.load.add(o) }, touched: r.cut.touched, whole: r.broken, older: r.older}}
	r.process = p
	// The first engine is reached through what cuts connections, while faults are on.
	urls := []string{r.url}
	if r.dice.calm || r.dice.odds[connectionCut] == 0 {
		urls[0] = r.direct
	}
	if r.url != "" {
		urls = append(urls, r.direct) // a second writer, with connections of its own
	}
	for _, url := range urls {
		e, err := r.open(ctx, url, p.store)
		for attempt := 0; err != nil && url != "" && attempt < 50; attempt++ {
			e, err = r.open(ctx, url, p.store)
		}
		if err != nil {
			return fmt.Errorf("open the warehouse: %w", err)
		}
		p.engines = append(p.engines, e)
	}
	newID := func() string { return fmt.Sprintf("0190a5c0-0000-7000-8000-%012x", ids.Add(1)) }
	deliver := func(kind warehouse.Kind) publisher {
		d := local.NewDelivery(local.DeliveryConfig{Store: p.store, Kind: kind, Notifier: r.load, Now: r.clock.now, NewID: newID})
		p.deliveries = append(p.deliveries, d)
		return publisher{d, r.dice}
	}
	p.collect = collect.New(collect.Config{Events: deliver(warehouse.Events), Users: deliver(warehouse.Users), Now: r.arriving, NewID: newID, Logger: quiet})
	first := faulty{p.engines[0], r.dice, r.cut, r.deletesMeanwhile}
	retry := r.load
	if r.durable {
		retry = r.retry
	}
	p.update = update.New(update.Config{
		Store: p.store, Warehouse: first, Retry: retry, Reader: first, Bucket: "users", MergeTimeout: time.Minute, Now: r.arriving, NewID: newID, Logger: quiet,
	})
	for _, e := range append(p.engines, p.engines[0]) {
		p.loaders = append(p.loaders, load.New(load.Config{Queue: r.load, Warehouse: faulty{e, r.dice, r.cut, r.deletesMeanwhile}, Lister: p.store, Logger: quiet}))
	}
	return nil
}

// stop ends the process.
func (r *run) stop() error {
	for _, d := range r.process.deliveries {
		d.Close()
	}
	var errs []error
	for _, e := range r.process.engines {
		errs = append(errs, e.Close())
	}
	if !r.durable {
		r.load, r.retry = newQueue(r.dice), newQueue(r.dice)
	}
	return errors.Join(errs...)
}

// day is the range of all that a run stores.
var day = load.Range{From: noon.Add(-most - time.Hour), To: noon.Add(most + time.Hour)}

// step does one thing. What fails is what faults are for; an error is of the run.
func (r *run) step(ctx context.Context) error {
	if r.deletes && r.dice.n(4) == 0 {
		if r.dice.n(2) == 0 {
			return r.askFor(ctx, r.deletable())
		}
		return r.erase(ctx)
	}
	switch n := r.dice.n(100); {
	case n < 30:
		return r.send(ctx, postEvents)
	case n < 40:
		return r.send(ctx, postUsers)
	case n < 55:
		return r.send(ctx, patchUsers)
	case n < 80:
		loaders := r.process.loaders[:1]
		if r.dice.strikes(twoLoaders) {
			loaders = r.process.loaders[:2]
		}
		var running sync.WaitGroup
		for _, l := range loaders {
			running.Go(func() { _, _ = l.Run(ctx) })
		}
		running.Wait()
		r.note("load by %d", len(loaders))
		return r.arrange(ctx)
	case n < 84:
		summary, err := r.process.loaders[0].Sweep(ctx)
		r.note("sweep: %d loaded, %d set aside, %v", summary.Objects, len(summary.Quarantined), err)
	case n < 87:
		summary, err := r.process.loaders[0].Replay(ctx, day)
		r.note("replay: %d loaded, %d set aside, %v", summary.Objects, len(summary.Quarantined), err)
	case n < 90:
		mended, err := r.process.store.mend(ctx)
		r.note("mend %d", mended)
		return err
	case n < 94:
		r.retryUpdates(ctx)
	case n < 97:
		r.load.expire()
		r.retry.expire()
	default:
		if !r.dice.strikes(crashed) {
			return nil
		}
		r.note("crash")
		if err := r.stop(); err != nil {
			return err
		}
		if err := r.start(ctx); err != nil {
			return err
		}
		// As dev does when it starts.
		_, err := r.process.loaders[0].Sweep(ctx)
		r.note("sweep at the start: %v", err)
	}
	return nil
}

// arrange puts events in order, as dev does after a load.
func (r *run) arrange(ctx context.Context) error {
	arranger, ok := r.process.engines[0].(local.Arranger)
	if !ok {
		return nil
	}
	rows, err := arranger.Arrange(ctx)
	r.note("put %d events in order", rows)
	return err
}

func (r *run) handler(route string) gateway.Handler {
	if route == patchUsers {
		return r.process.update
	}
	return r.process.collect
}

func (r *run) send(ctx context.Context, route string) error {
	batch := r.client.batch(route)
	status, err := r.client.send(ctx, r.handler(route), route, batch)
	r.note("%s of %d: %d", route, len(batch), status)
	return err
}

// retryUpdates is what the update function does with its queue.
func (r *run) retryUpdates(ctx context.Context) {
	messages, err := r.retry.Receive(ctx, 10)
	if err != nil || len(messages) == 0 {
		return
	}
	objects := make([]warehouse.Object, len(messages))
	for i, m := range messages {
		objects[i] = m.Object
	}
	settled, err := r.process.update.Retry(ctx, objects)
	var done []load.Message
	for _, m := range messages {
		if settled[m.Object.ID()] {
			done = append(done, m)
		}
	}
	_ = r.retry.Delete(ctx, done) // what is not deleted comes again
	r.note("retry of %d: %d settled, %v", len(messages), len(done), err)
}

// steps is how long a run is.
const steps = 30

// play is the part of a run in which things fail.
func (r *run) play(ctx context.Context) error {
	n := steps
	if r.deletes {
		n += deletionSteps
	}
	for range n {
		if err := r.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// finish is the part in which nothing fails any more: clients send what was not
// acknowledged, unless they have given up, and everything is loaded.
func (r *run) finish(ctx context.Context) error {
	r.dice.settle()
	r.clock.setRight()
	gaveUp := r.dice.n(3) == 0
	for _, route := range []string{postEvents, postUsers, patchUsers} {
		pending := r.client.pending(route)
		if len(pending) == 0 || gaveUp && route == postEvents {
			continue
		}
		for len(pending) > 0 {
			some := pending[:min(len(pending), 100)] // a body has a limit, too
			pending = pending[len(some):]
			status, err := r.client.send(ctx, r.handler(route), route, some)
			if err != nil || status != http.StatusAccepted && status != http.StatusOK {
				return fmt.Errorf("with nothing failing, %s answers %d: %w", route, status, err)
			}
		}
	}
	if _, err := r.process.store.mend(ctx); err != nil {
		return err
	}
	r.load.expire()
	r.retry.expire()
	r.retryUpdates(ctx)
	if err := r.loadAll(ctx); err != nil {
		return err
	}
	if err := r.eraseAll(ctx); err != nil {
		return err
	}
	return r.loadAll(ctx)
}

// loadAll loads everything that is there.
func (r *run) loadAll(ctx context.Context) error {
	l := r.process.loaders[0]
	if _, err := l.Run(ctx); err != nil {
		return fmt.Errorf("the last load: %w", err)
	}
	if _, err := l.Sweep(ctx); err != nil {
		return fmt.Errorf("the last sweep: %w", err)
	}
	summary, err := l.Replay(ctx, day)
	if err != nil || len(summary.Quarantined) > 0 {
		return fmt.Errorf("the last replay: %+v, %w", summary, err)
	}
	return nil
}

// judge compares what is in the warehouse with what clients were told, and asks
// the audit.
func (r *run) judge(ctx context.Context) (wrong []string, err error) {
	events, users, err := r.client.wanted()
	if err != nil {
		return nil, err
	}
	e := r.process.engines[0]
	found := map[string]int{}
	rows, err := e.Database().SQL.QueryContext(ctx, `SELECT CAST("event_id" AS VARCHAR), "event", "user_id", "timestamp", CAST("properties" AS VARCHAR) FROM "events"`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, name, properties string
		var user sql.NullString
		var at time.Time
		if err := rows.Scan(&id, &name, &user, &at, &properties); err != nil {
			return nil, err
		}
		found[rowOf(id, name, user.String, at, properties)]++
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	wrong = difference(events, found)
	more, err := judgeUsers(ctx, e, users)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, more...)
	for _, judge := range []func() ([]string, error){
		func() ([]string, error) { return r.judgeRaw(ctx, e, found) },
		func() ([]string, error) { return r.judgeReceipts(ctx) },
		func() ([]string, error) { return judgeCatalogue(ctx, e) },
	} {
		more, err := judge()
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, more...)
	}
	result, err := audit.New(audit.Config{
		Lister: r.process.store, Source: r.process.store, Now: func() time.Time { return noon.AddDate(0, 0, 2) },
		Open: func(context.Context) (audit.Warehouse, error) { return e, nil },
	}).Run(ctx, audit.Request{Range: day, Deep: true})
	if err != nil {
		return nil, err
	}
	for _, f := range append(result.Mismatches, result.Notes...) {
		wrong = append(wrong, fmt.Sprintf("the audit: %+v", f))
	}
	if stored := result.Totals[0].Loaded; stored != int64(len(found)) {
		wrong = append(wrong, fmt.Sprintf("the audit finds %d events loaded, of %d in the table", stored, len(found)))
	}
	return wrong, nil
}

// countUsers compares how many users there are.
func countUsers(ctx context.Context, e engine, wanted int) (wrong []string, err error) {
	var n int
	if err := e.Database().SQL.QueryRowContext(ctx, `SELECT COUNT(*) FROM "users"`).Scan(&n); err != nil {
		return nil, err
	}
	if n != wanted {
		wrong = append(wrong, fmt.Sprintf("%d users, want %d", n, wanted))
	}
	return wrong, nil
}

func judgeUsers(ctx context.Context, e engine, wanted map[string]warehouse.User) (wrong []string, err error) {
	names := make([]string, 0, len(wanted))
	for id := range wanted {
		names = append(names, id)
	}
	sort.Strings(names)
	stored, err := e.Users(ctx, names)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, u := range stored {
		found[u.ID] += describe(u)
	}
	for _, id := range names {
		if want := describe(wanted[id]); found[id] != want {
			wrong = append(wrong, fmt.Sprintf("user %s is\n  %s, want\n  %s", id, found[id], want))
		}
	}
	return wrong, nil
}

func describe(u warehouse.User) string {
	created := "never"
	if u.CreatedAt != nil {
		created = u.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	attributes, times := u.EncodeAttributes()
	return strings.Join([]string{created, u.UpdatedAt.UTC().Format(time.RFC3339Nano), attributes, times}, " ")
}

// whole is a run from beginning to end.
// prepare and settle change the warehouse around the part in which things fail.
func (r *run) whole(ctx context.Context, prepare, settle func() error) (wrong []string, err error) {
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	if err := r.process.engines[len(r.process.engines)-1].Migrate(ctx); err != nil {
		return nil, err
	}
	if err := prepare(); err != nil {
		return nil, err
	}
	if err := r.play(ctx); err != nil {
		return nil, err
	}
	if err := settle(); err != nil {
		return nil, err
	}
	if err := r.finish(ctx); err != nil {
		return nil, err
	}
	return r.judge(ctx)
}
