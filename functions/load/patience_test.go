package load_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
)

// While nobody asks, data may wait for its load; who asks gets it as ever, and a
// run that does not know loads.
func TestLoadsWaitWhileNobodyAsks(t *testing.T) {
	const loaded, asked = "events/" + load.LoadedKey, "events/" + load.AskedKey
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) string {
		return fmt.Sprintf(`{"at":%q}`, now.Add(-ago).Format(time.RFC3339Nano))
	}
	hourly := load.Patience{Idle: time.Hour, Interval: 3 * time.Minute}
	for name, c := range map[string]struct {
		patience load.Patience
		state    map[string]string
		waits    bool
	}{
		"nobody asked, ever":                   {hourly, map[string]string{loaded: at(3 * time.Minute)}, true},
		"nobody asked lately":                  {hourly, map[string]string{loaded: at(3 * time.Minute), asked: at(load.AskedFor)}, true},
		"somebody asked":                       {hourly, map[string]string{loaded: at(3 * time.Minute), asked: at(load.AskedFor - time.Second)}, false},
		"somebody whose clock is ahead asked":  {hourly, map[string]string{loaded: at(3 * time.Minute), asked: at(-time.Minute)}, false},
		"the next run is just in time":         {hourly, map[string]string{loaded: at(57 * time.Minute)}, true},
		"the next run would be late":           {hourly, map[string]string{loaded: at(57*time.Minute + time.Second)}, false},
		"the last load was long ago":           {hourly, map[string]string{loaded: at(24 * time.Hour), asked: at(24 * time.Hour)}, false},
		"nothing was loaded yet":               {hourly, map[string]string{}, false},
		"the last load did not take all":       {hourly, map[string]string{loaded: `{"at":"` + now.Format(time.RFC3339) + `","more":true}`}, false},
		"it cannot be read when the load was":  {hourly, map[string]string{loaded: "{"}, false},
		"it cannot be read whether one asked":  {hourly, map[string]string{loaded: at(0), asked: "{"}, false},
		"every run loads, where nothing waits": {load.Patience{}, map[string]string{loaded: at(0)}, false},
	} {
		s := newStack(nil, objects(1)...)
		s.tables.clock = now
		s.state.objects = c.state
		s.state.objects[marker] = "{}"
		summary, err := s.run(t, s.patient(t, c.patience))
		if err != nil || summary.Waited != c.waits {
			t.Errorf("%s: %+v, %v", name, summary, err)
		}
		// Who waits wakes nobody, and leaves the queue as it is.
		if c.waits != (s.tables.pings == 0) || c.waits != (len(s.queue.left()) == 1) {
			t.Errorf("%s: %d pings, %d left in the queue", name, s.tables.pings, len(s.queue.left()))
		}
	}
}

// patient is a new process of a deployment whose loads may wait.
func (s *stack) patient(t *testing.T, p load.Patience) *load.Deployment {
	now := func() time.Time { return s.tables.clock }
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	return load.NewDeployment(load.DeploymentConfig{
		Name: "d1", Tables: s.tables, Store: s.state, Bucket: "events", Patience: p, Now: now, Logger: logger,
		Loader: load.New(load.Config{Queue: s.queue, Warehouse: s.tables, Lister: s.lister, Logger: logger, Reserve: 2 * time.Minute, Now: now}),
	})
}

// A day of runs every three minutes, in which data never ends: between two loads
// there is an hour at most, and hardly less.
func TestADayInWhichNobodyAsks(t *testing.T) {
	s := newStack(nil)
	s.state.objects[marker] = "{}"
	s.tables.takes = 15 * time.Second
	d := s.patient(t, load.Patience{Idle: time.Hour, Interval: 3 * time.Minute})
	all := objects(480)
	start := s.tables.clock
	var last time.Time
	loads := 0
	for i := range all {
		s.tables.clock = start.Add(time.Duration(i) * 3 * time.Minute)
		s.queue.waiting = append(s.queue.waiting, load.Message{ID: all[i].Key, Object: all[i]})
		summary, err := s.run(t, d)
		if err != nil {
			t.Fatal(err)
		}
		if summary.Waited {
			continue
		}
		if gap := s.tables.clock.Sub(last); !last.IsZero() && gap > time.Hour {
			t.Errorf("%v between two loads", gap)
		}
		last = s.tables.clock
		loads++
	}
	if loads != 24 {
		t.Errorf("%d loads", loads)
	}
}

// What a run leaves behind is for the next one, also where nobody asks; and what
// is due to be deleted does not wait for a load.
func TestWhatIsLeftBehindDoesNotWait(t *testing.T) {
	all := objects(3)
	s := newStack(nil, all[0])
	s.state.objects[marker] = "{}"
	work := &deletions{}
	ready := func() *load.Deployment {
		now := func() time.Time { return s.tables.clock }
		logger := slog.New(slog.NewTextHandler(t.Output(), nil))
		return load.NewDeployment(load.DeploymentConfig{
			Name: "d1", Tables: s.tables, Store: s.state, Bucket: "events", Now: now, Logger: logger, Deletions: work,
			Patience: load.Patience{Idle: time.Hour, Interval: 3 * time.Minute},
			Loader:   load.New(load.Config{Queue: s.queue, Warehouse: s.tables, Lister: s.lister, Logger: logger, Now: now}),
		})
	}
	step := func(what string, waits bool) {
		t.Helper()
		s.tables.clock = s.tables.clock.Add(3 * time.Minute)
		s.queue.waiting = append(s.queue.waiting, load.Message{ID: what, Object: all[1]})
		if summary, err := s.run(t, ready()); err != nil || summary.Waited != waits {
			t.Errorf("%s: %+v, %v", what, summary, err)
		}
	}
	step("the first load", false)
	step("after a load", true)
	// A run that stored something and failed after that.
	s.tables.clock = s.tables.clock.Add(time.Hour)
	s.queue = newQueue(all[2])
	s.queue.deleteErr = errors.New("the queue is away")
	if summary, err := s.run(t, ready()); !errors.Is(err, s.queue.deleteErr) || summary.Objects != 1 {
		t.Fatalf("%+v, %v", summary, err)
	}
	s.queue.deleteErr = nil
	step("after a failure", false)
	// A replay took nothing of what waits.
	s.lister.bucket = bucket(all[:1])
	s.tables.status[all[0].ID()] = "broken"
	if summary, err := ready().Replay(t.Context(), load.Range{From: time.Unix(0, 0), To: s.tables.clock}); err != nil || summary.Objects != 1 {
		t.Fatalf("%+v, %v", summary, err)
	}
	step("after a replay", false)
	work.runs, work.next = 0, s.tables.clock
	if _, err := ready().Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	step("a deletion is due", true)
	if work.runs != 2 {
		t.Errorf("the deletions were gone on with %d times", work.runs)
	}
}
