package alert_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/insights-server/alert"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

type engine interface {
	Migrate(context.Context) error
	Load(context.Context, []warehouse.Object) (warehouse.LoadReport, error)
	Database() warehouse.Database
	Close() error
}

// folder holds raw objects.
type folder string

func (f folder) path(o warehouse.Object) string {
	return filepath.Join(string(f), strings.ReplaceAll(o.Key, "/", "-"))
}

func (f folder) Open(_ context.Context, o warehouse.Object) (io.ReadCloser, error) {
	return os.Open(f.path(o))
}

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// counted counts what is asked of a service.
type counted struct {
	asker alert.Asker
	mu    sync.Mutex
	asked int
	err   error
}

func (c *counted) Run(ctx context.Context, q insight.Query) (insight.Answer, error) {
	c.mu.Lock()
	c.asked++
	err := c.err
	c.mu.Unlock()
	if err != nil {
		return insight.Answer{}, err
	}
	return c.asker.Run(ctx, q)
}

// sent is a sender that keeps what it is given.
type sent struct {
	mu    sync.Mutex
	all   []alert.Notification
	fails []error // one for each attempt, nil for one that gets through
}

func (s *sent) Send(_ context.Context, _ alert.Destination, secret string, n alert.Notification) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(secret, alert.SecretPrefix) {
		return fmt.Errorf("no secret: %q", secret)
	}
	if len(s.fails) > 0 {
		err := s.fails[0]
		s.fails = s.fails[1:]
		if err != nil {
			return err
		}
	}
	s.all = append(s.all, n)
	return nil
}

// took gives what was sent since it was last asked.
func (s *sent) took() []alert.Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

func (s *sent) events() string {
	var events []string
	for _, n := range s.took() {
		events = append(events, string(n.Event))
	}
	return strings.Join(events, " ")
}

// world is a warehouse with alerts.
type world struct {
	t         *testing.T
	engine    engine
	raw       folder
	clock     *clock
	documents *document.Store
	library   *saved.Library
	service   *counted
	sent      *sent
	store     *alert.Store
	checker   *alert.Checker
	waits     []time.Duration
	loads     int
}

const topic = "arn:aws:sns:eu-central-1:123456789012:loaf-alarms"

// start is the beginning of an hour.
var start = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)

func eachEngine(t *testing.T, test func(*world)) {
	for _, name := range []string{"duckdb", "postgres"} {
		t.Run(name, func(t *testing.T) { test(newWorld(t, name)) })
	}
}

func newWorld(t *testing.T, name string) *world {
	t.Helper()
	w := &world{t: t, raw: folder(t.TempDir()), clock: &clock{at: start}, sent: &sent{}}
	var err error
	if name == "duckdb" {
		w.engine, err = duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), Source: w.raw, ObjectPath: w.raw.path})
	} else {
		w.engine, err = postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), Source: w.raw})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.documents = document.New(w.engine.Database(), document.Options{Now: w.clock.now})
	w.library = saved.New(w.documents, saved.Options{})
	w.service = &counted{asker: query.New(w.engine.Database(), query.Options{Now: w.clock.now})}
	w.store, w.checker = w.server(w.sent)
	return w
}

// server is one more server of the same warehouse.
func (w *world) server(s alert.Sender) (*alert.Store, *alert.Checker) {
	w.t.Helper()
	seal, err := alert.NewSeal([]byte(strings.Repeat("k", 32)))
	if err != nil {
		w.t.Fatal(err)
	}
	store := alert.NewStore(alert.Options{
		Documents: w.documents, Insights: w.library, Sealer: seal, Topics: []string{topic}, Now: w.clock.now,
		WrongURL: func(address string) string {
			if !strings.HasPrefix(address, "https://") {
				return "Give https."
			}
			return ""
		},
	})
	return store, alert.NewChecker(store, alert.CheckerOptions{
		Asker: w.service, Senders: map[alert.DestinationKind]alert.Sender{alert.Webhook: s}, Settle: 10 * time.Minute,
		PageURL: "https://loaf.example.com", Now: w.clock.now, Jitter: func() float64 { return 0.5 },
		Wait: func(_ context.Context, d time.Duration) error {
			w.waits = append(w.waits, d)
			w.clock.pass(d)
			return nil
		},
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
}

// load brings so many events of an instant into the warehouse, and says so.
func (w *world) load(at time.Time, count int) {
	w.t.Helper()
	w.loads++
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := range count {
		line, err := json.Marshal(map[string]any{
			"event_id": fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", w.loads, i), "event": "signup", "user_id": fmt.Sprint(i),
			"timestamp": at.Format("2006-01-02T15:04:05.000000Z"), "properties": map[string]any{}, "received_at": at.Format("2006-01-02T15:04:05.000000Z"),
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := z.Write(append(line, '\n')); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		w.t.Fatal(err)
	}
	o := warehouse.Object{Bucket: "events", Key: warehouse.NewKey(warehouse.Events, at, fmt.Sprint(w.loads)), Kind: warehouse.Events, Size: int64(b.Len())}
	if err := os.WriteFile(w.raw.path(o), b.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.engine.Load(w.t.Context(), []warehouse.Object{o}); err != nil {
		w.t.Fatal(err)
	}
	w.checker.Loaded()
}

func (w *world) tick() { w.checker.Tick(w.t.Context()) }

// insight saves a question of signups by the hour.
func (w *world) insight() string {
	w.t.Helper()
	item, err := w.library.Insights.Create(w.t.Context(), []byte(`{"name":"Sign-ups","query":{"range":{"last":"24h"},"interval":"hour","series":[{"event":"signup","aggregation":{"type":"total"}}]}}`), "ann")
	if err != nil {
		w.t.Fatal(err)
	}
	return item.ID
}

func definition(insightID, more string) []byte {
	return fmt.Appendf(nil, `{"name":"Few sign-ups","insight_id":%q,"measure":{"series":0},"condition":{"type":"below","threshold":5},
		"check_every_minutes":5,"destinations":[{"kind":"webhook","url":"https://hooks.example.com/secret-path"}]%s}`, insightID, more)
}

func (w *world) create(text []byte) alert.Alert {
	w.t.Helper()
	a, err := w.store.Create(w.t.Context(), text, "ann")
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) get(id string) alert.Alert {
	w.t.Helper()
	a, err := w.store.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func TestAnAlertsLife(t *testing.T) {
	eachEngine(t, func(w *world) {
		w.load(start.Add(-90*time.Minute), 10) // 10:00
		w.load(start.Add(-30*time.Minute), 10) // 11:00
		w.clock.pass(15 * time.Minute)         // 12:15, and 11:00 is complete
		a := w.create(definition(w.insight(), `,"repeat_after_hours":2`))
		// The first check comes at once, and finds nothing to tell.
		w.tick()
		if got := w.get(a.ID); got.State.Status != alert.OK || *got.State.Value != 10 || w.sent.events() != "" || len(got.History) != 1 {
			w.t.Fatalf("the first check: %+v", got.State)
		}
		// Nothing was loaded: nothing is asked, however much time goes by.
		asked := w.service.asked
		for range 20 {
			w.clock.pass(time.Hour)
			w.tick()
		}
		if w.service.asked != asked {
			w.t.Errorf("asked %d times without a load", w.service.asked-asked)
		}
		// 2 in the hour before.
		at := w.clock.now().Truncate(time.Hour)
		w.load(at.Add(-time.Minute), 2)
		w.tick()
		got := w.get(a.ID)
		if got.State.Status != alert.Firing || *got.State.Value != 2 || got.State.Since != w.clock.now() {
			w.t.Fatalf("firing: %+v", got.State)
		}
		told := w.sent.took()
		if len(told) != 1 || told[0].Event != alert.FiringEvent || told[0].Previous != alert.OK || told[0].URL != "https://loaf.example.com/alerts/"+a.ID ||
			!told[0].Result.Bucket.Equal(at.Add(-time.Hour)) || told[0].Result.Insight != "Sign-ups" {
			w.t.Fatalf("told %+v", told)
		}
		if d := got.History[0].Deliveries; len(d) != 1 || !d[0].OK || d[0].Attempts != 1 || d[0].To != "hooks.example.com" {
			w.t.Errorf("deliveries %+v", d)
		}
		// Once is enough, and a load within the five minutes waits for them.
		w.clock.pass(time.Minute)
		asked = w.service.asked
		w.load(at.Add(-time.Minute), 1)
		w.tick()
		if w.service.asked != asked {
			w.t.Error("asked again within the five minutes")
		}
		w.clock.pass(5 * time.Minute)
		w.tick()
		if w.service.asked != asked+1 || w.sent.events() != "" {
			w.t.Errorf("what was loaded meanwhile: asked %d times, told %q", w.service.asked-asked, w.sent.events())
		}
		w.clock.pass(2 * time.Hour)
		w.load(w.clock.now(), 0)
		w.tick()
		if got := w.sent.events(); got != "alert.repeated" {
			w.t.Errorf("after two hours: %q", got)
		}
		// Late events mend the hour.
		w.clock.pass(10 * time.Minute)
		w.load(w.clock.now().Truncate(time.Hour).Add(-time.Minute), 7)
		w.tick()
		if got := w.sent.events(); got != "alert.recovered" || w.get(a.ID).State.Status != alert.OK {
			w.t.Errorf("recovery: %q", got)
		}
		history := w.get(a.ID).History
		if len(history) != 4 || history[0].Event != alert.RecoveredEvent || history[3].Event != "" {
			w.t.Errorf("history %+v", history)
		}
		// What is switched off, or deleted, asks nothing.
		off := strings.Replace(string(definition(a.Definition.InsightID, "")), `{"name"`, `{"enabled":false,"name"`, 1)
		changed, err := w.store.Replace(w.t.Context(), a.ID, []byte(strings.Replace(off, `"destinations":[{`, `"destinations":[{"id":"`+a.Definition.Destinations[0].ID+`",`, 1)), a.Version, "bob")
		if err != nil || changed.Version != 2 || len(changed.Secrets) != 0 || changed.Definition.Destinations[0].Sealed == "" {
			w.t.Fatalf("switched off: %+v, %v", changed, err)
		}
		asked = w.service.asked
		w.clock.pass(time.Hour)
		w.load(w.clock.now(), 1)
		w.tick()
		if err := w.store.Delete(w.t.Context(), a.ID, 2); err != nil {
			w.t.Fatal(err)
		}
		w.tick()
		if w.service.asked != asked {
			w.t.Error("asked for an alert that is off")
		}
		if _, err := w.store.Get(w.t.Context(), a.ID); !errors.Is(err, document.ErrNotFound) {
			w.t.Error(err)
		}
		if left, err := w.documents.List(w.t.Context(), "alert_state"); err != nil || len(left) != 0 {
			w.t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

// An application that falls silent loads nothing. An alert that says so is checked
// once at the end of each interval.
func TestSilence(t *testing.T) {
	w := newWorld(t, "duckdb")
	w.load(start.Add(-30*time.Minute), 10)
	w.clock.pass(15 * time.Minute) // 12:15
	w.create(definition(w.insight(), `,"check_without_loads":true`))
	w.tick()
	if got := w.sent.events(); got != "" {
		t.Fatal(got)
	}
	asked := w.service.asked
	for range 54 { // up to 13:09
		w.clock.pass(time.Minute)
		w.tick()
	}
	if w.service.asked != asked {
		t.Errorf("asked %d times within the interval", w.service.asked-asked)
	}
	w.clock.pass(time.Minute) // 13:10, and 12:00 is complete
	w.tick()
	if got := w.sent.events(); got != "alert.firing" || w.service.asked != asked+1 {
		t.Errorf("at the end of the interval: %q, asked %d times", got, w.service.asked-asked)
	}
	for range 119 { // up to 15:09
		w.clock.pass(time.Minute)
		w.tick()
	}
	if w.service.asked != asked+2 {
		t.Errorf("asked %d times in two hours more", w.service.asked-asked-1)
	}
}

// Of servers that run beside each other one checks.
func TestTwoServers(t *testing.T) {
	eachEngine(t, func(w *world) {
		w.load(start.Add(-30*time.Minute), 1)
		w.clock.pass(15 * time.Minute)
		a := w.create(definition(w.insight(), ""))
		const servers = 4
		checkers := []*alert.Checker{w.checker}
		for range servers - 1 {
			_, c := w.server(w.sent)
			checkers = append(checkers, c)
		}
		for round := range 3 {
			asked := w.service.asked
			var all sync.WaitGroup
			for _, c := range checkers {
				c.Loaded()
				all.Go(func() { c.Tick(w.t.Context()) })
			}
			all.Wait()
			if got := w.service.asked - asked; got != 1 {
				w.t.Errorf("round %d: %d servers asked", round, got)
			}
			w.clock.pass(6 * time.Minute)
		}
		if got := w.sent.events(); got != "alert.firing" {
			w.t.Errorf("told %q", got)
		}
		if history := w.get(a.ID).History; len(history) != 1 {
			w.t.Errorf("history %+v", history)
		}
	})
}

// What does not get through is tried again, with pauses, and with the next check
// under the same id.
func TestDeliveriesThatFail(t *testing.T) {
	away := &alert.SendError{Reason: "Away.", Temporary: true}
	busy := &alert.SendError{Reason: "Busy.", Temporary: true, RetryAfter: 20 * time.Second}
	w := newWorld(t, "duckdb")
	w.load(start.Add(-30*time.Minute), 1)
	w.clock.pass(15 * time.Minute)
	a := w.create(definition(w.insight(), ""))
	w.sent.fails = []error{away, busy, away, away, away, nil}
	w.tick()
	got := w.get(a.ID)
	if d := got.History[0].Deliveries[0]; d.OK || d.Attempts != 4 || d.Error != "Away." {
		t.Errorf("after the first check: %+v", d)
	}
	if want := "[1s 20s 4s]"; fmt.Sprint(w.waits) != want {
		t.Errorf("waited %v, want %s", w.waits, want)
	}
	// No load comes, and it is tried again all the same.
	w.clock.pass(6 * time.Minute)
	w.tick()
	told := w.sent.took()
	got = w.get(a.ID)
	if len(told) != 1 || told[0].ID != got.History[0].ID || len(got.History) != 1 {
		t.Fatalf("told %+v", told)
	}
	if d := got.History[0].Deliveries; len(d) != 1 || !d[0].OK || d[0].Attempts != 6 || d[0].Error != "" {
		t.Errorf("after the second check: %+v", d)
	}
	asked := w.service.asked
	w.clock.pass(6 * time.Minute)
	w.tick()
	if w.service.asked != asked {
		t.Error("asked again after all was told")
	}

	// A receiver that wants to wait for longer than a check lasts is left for the
	// next; what is refused for good is not tried again.
	w.waits = nil
	w.sent.fails = []error{&alert.SendError{Reason: "Later.", Temporary: true, RetryAfter: time.Hour}, &alert.SendError{Reason: "Gone."}}
	w.load(w.clock.now().Truncate(time.Hour).Add(-time.Minute), 9)
	w.tick()
	w.clock.pass(6 * time.Minute)
	w.tick()
	w.clock.pass(6 * time.Minute)
	w.tick()
	if d := w.get(a.ID).History[0].Deliveries[0]; d.OK || d.Attempts != 2 || d.Error != "Gone." || len(w.waits) != 0 {
		t.Errorf("refused for good: %+v after waits of %v", d, w.waits)
	}
	// After a day a notification is no news.
	w.sent.fails = nil
	for range 4 * 40 {
		w.sent.fails = append(w.sent.fails, away)
	}
	w.clock.pass(2 * time.Hour)
	w.load(w.clock.now().Truncate(time.Hour).Add(-time.Minute), 1)
	for range 40 {
		w.tick()
		w.clock.pass(time.Hour)
	}
	attempts := w.get(a.ID).History[0].Deliveries[0].Attempts
	asked = w.service.asked
	w.clock.pass(time.Hour)
	w.tick()
	if attempts != 4*24 || w.service.asked != asked {
		t.Errorf("%d attempts, and asked %d times after a day", attempts, w.service.asked-asked)
	}
}

func TestChecksThatFail(t *testing.T) {
	w := newWorld(t, "duckdb")
	w.load(start.Add(-30*time.Minute), 10)
	w.clock.pass(15 * time.Minute)
	insightID := w.insight()
	a := w.create(definition(insightID, ""))
	w.tick()
	// A warehouse that is busy or slow changes nothing of how the alert stands.
	for err, want := range map[error]string{query.ErrBusy: "busy", query.ErrTimeout: "too long", warehouse.ErrUnavailable: "reached", io.ErrUnexpectedEOF: "log"} {
		w.service.err = fmt.Errorf("ask: %w", err)
		w.clock.pass(6 * time.Minute)
		w.checker.Loaded()
		w.tick()
		if got := w.get(a.ID); got.State.Status != alert.OK || !strings.Contains(got.State.FailedCheck, want) || !strings.Contains(got.History[0].Reason, want) {
			t.Errorf("%v: %+v", err, got.State)
		}
	}
	w.service.err = nil
	w.clock.pass(6 * time.Minute)
	w.checker.Loaded()
	w.tick()
	if got := w.get(a.ID); got.State.FailedCheck != "" || w.sent.events() != "" {
		t.Errorf("after that: %+v", got.State)
	}
	// An insight that is changed, or gone, does.
	if _, err := w.library.Insights.Replace(t.Context(), insightID, []byte(`{"name":"Sign-ups","query":{"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"},{"event":"b"}],"window":"1d"}}`), 0, "ann"); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(6 * time.Minute)
	w.checker.Loaded()
	w.tick()
	if got := w.get(a.ID); got.State.Status != alert.Failed || !strings.Contains(got.State.Reason, "funnel") || w.sent.events() != "alert.error" {
		t.Errorf("a funnel: %+v", got.State)
	}
	if err := w.library.DeleteInsight(t.Context(), insightID, 0, true, "ann"); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(6 * time.Minute)
	w.checker.Loaded()
	w.tick()
	if got := w.get(a.ID); got.State.Status != alert.Failed || !strings.Contains(got.State.Reason, "deleted") {
		t.Errorf("a deleted insight: %+v", got.State)
	}
	// It can be switched off all the same.
	off := strings.Replace(string(definition(insightID, "")), `{"name"`, `{"enabled":false,"name"`, 1)
	if _, err := w.store.Replace(t.Context(), a.ID, []byte(off), 0, "ann"); err != nil {
		t.Error(err)
	}
}

// A server that has just started reads the alerts when there is a reason to.
func TestStarts(t *testing.T) {
	for _, test := range []struct {
		name   string
		marks  []time.Duration // how long before the start the last load was; less than 0 for none
		asked  int
		before time.Duration
	}{
		{"an old load", []time.Duration{3 * time.Hour, 3 * time.Hour}, 0, 30 * time.Minute},
		{"a recent load", []time.Duration{time.Minute, time.Minute, time.Minute}, 1, time.Minute},
		{"a load while it runs", []time.Duration{3 * time.Hour, 0}, 1, time.Minute},
		{"the first load", []time.Duration{-1, 0}, 1, time.Minute},
		{"no load for an hour", []time.Duration{3 * time.Hour, 3 * time.Hour}, 1, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, "duckdb")
			w.load(start.Add(-30*time.Minute), 10)
			w.clock.pass(15 * time.Minute)
			w.create(definition(w.insight(), ""))
			began, i := w.clock.now(), 0
			checker := alert.NewChecker(w.store, alert.CheckerOptions{
				Asker: w.service, Now: w.clock.now, Loads: func(context.Context) (time.Time, error) {
					ago := test.marks[min(i, len(test.marks)-1)]
					if i++; ago < 0 {
						return time.Time{}, nil
					}
					return began.Add(-ago), nil
				},
			})
			for range test.marks {
				checker.Tick(t.Context())
				w.clock.pass(test.before / time.Duration(len(test.marks)))
			}
			checker.Tick(t.Context())
			if w.service.asked != test.asked {
				t.Errorf("asked %d times", w.service.asked)
			}
		})
	}
}

// A server that dies in the middle of a check leaves it to the others.
func TestACheckThatBreaksOff(t *testing.T) {
	w := newWorld(t, "duckdb")
	w.load(start.Add(-30*time.Minute), 1)
	w.clock.pass(15 * time.Minute)
	a := w.create(definition(w.insight(), ""))
	ctx, die := context.WithCancel(t.Context())
	w.service.asker = dying{die}
	w.checker.Tick(ctx)
	w.service.asker = query.New(w.engine.Database(), query.Options{Now: w.clock.now})
	_, other := w.server(w.sent)
	other.Loaded()
	other.Tick(t.Context())
	if got := w.get(a.ID); got.State.Status != alert.New {
		t.Errorf("checked while another had it: %+v", got.State)
	}
	w.clock.pass(6 * time.Minute)
	other.Tick(t.Context())
	if got := w.sent.events(); got != "alert.firing" {
		t.Errorf("told %q", got)
	}
}

type dying struct{ die func() }

func (d dying) Run(ctx context.Context, _ insight.Query) (insight.Answer, error) {
	d.die()
	return insight.Answer{}, ctx.Err()
}

func TestTest(t *testing.T) {
	w := newWorld(t, "duckdb")
	a := w.create(definition(w.insight(), `,"enabled":false`))
	w.sent.fails = []error{&alert.SendError{Reason: "Away.", Temporary: true}}
	for range 2 {
		deliveries, err := w.checker.Test(t.Context(), a.ID)
		if err != nil || len(deliveries) != 1 || deliveries[0].Attempts != 1 {
			t.Fatalf("%+v, %v", deliveries, err)
		}
	}
	told := w.sent.took()
	if len(told) != 1 || told[0].Event != alert.TestEvent {
		t.Errorf("told %+v", told)
	}
	text, err := told[0].Body()
	if err != nil || !bytes.Contains(text, []byte(`"test":true`)) {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := w.checker.Test(t.Context(), "00000000-0000-4000-8000-000000000000"); !errors.Is(err, document.ErrNotFound) {
		t.Error(err)
	}
}
