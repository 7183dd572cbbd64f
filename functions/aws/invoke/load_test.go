package invoke_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

var (
	_ invoke.Runner = (*load.Deployment)(nil)
	_ invoke.Keeper = (*aws.Notifications)(nil)

	_ invoke.Auditor = (*audit.Auditor)(nil)
)

var now = time.Date(2026, 3, 4, 5, 30, 0, 0, time.UTC)

// runner notes what it is asked to do.
type runner struct {
	did      string
	window   load.Window
	replayed load.Range
	err      error
	panics   bool
	left     time.Duration
	// kept is closed when the messages are kept from others.
	kept, ended chan struct{}
}

func (r *runner) do(ctx context.Context, what string) (load.Summary, error) {
	<-r.kept
	r.did = what
	if deadline, ok := ctx.Deadline(); ok {
		r.left = time.Until(deadline)
	}
	if r.panics {
		panic("a defect")
	}
	return load.Summary{Objects: 3, Inserted: 7, Quarantined: []warehouse.Object{{}}}, r.err
}

func (r *runner) Run(ctx context.Context) (load.Summary, error) { return r.do(ctx, "run") }

func (r *runner) Prepare(ctx context.Context) (load.Summary, error) { return r.do(ctx, "prepare") }

func (r *runner) Sweep(ctx context.Context, w load.Window) (load.Summary, error) {
	r.window = w
	return r.do(ctx, "sweep")
}

func (r *runner) Replay(ctx context.Context, of load.Range) (load.Summary, error) {
	r.replayed = of
	return r.do(ctx, "replay")
}

func (r *runner) Delete(context.Context) (time.Time, error) {
	if r.panics {
		panic("no way")
	}
	r.did = "delete"
	return due, r.err
}

// due is when the runner has more to delete.
var due = time.Date(2026, 3, 5, 6, 0, 0, 0, time.UTC)

func (r *runner) Keep(ctx context.Context, _ <-chan time.Time) {
	close(r.kept)
	<-ctx.Done()
	close(r.ended)
}

func newLoad(r *runner, log *bytes.Buffer) *invoke.Load {
	r.kept, r.ended = make(chan struct{}), make(chan struct{})
	return &invoke.Load{Runner: r, Keeper: r, KeepEvery: time.Hour, Now: func() time.Time { return now }, Logger: slog.New(slog.NewJSONHandler(log, nil))}
}

const schedule = `{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event","source":"aws.events","account":"123456789012",
	"time":"2015-10-08T16:53:06Z","region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"],"detail":{}}`

func TestWhatLoadDoes(t *testing.T) {
	for event, want := range map[string]string{
		schedule:                                            "run",
		`{"action":"prepare"}`:                              "prepare",
		`{"action":"sweep"}`:                                "sweep",
		`{"action":"sweep","since":"72h"}`:                  "sweep",
		`{"action":"sweep","since":"90m"}`:                  "sweep",
		`{"action":"sweep","since":"3d"}`:                   "",
		`{"action":"sweep","since":"-1h"}`:                  "",
		`{"action":"sweep","since":""}`:                     "",
		`{"action":"run"}`:                                  "",
		`{"action":"replay","from":"2026-03-04T05:00:00Z"}`: "replay",
		`{"action":"replay","from":"2026-03-04T05:00:00Z","to":"2026-03-04T08:00:00+02:00","kind":"updates"}`: "replay",
		`{"action":"replay"}`:                    "",
		`{"action":"replay","from":"yesterday"}`: "",
		`{"action":"replay","from":"2026-03-04T05:00:00Z","to":"2026-03-04T05:00:00Z"}`: "",
		`{"action":"replay","from":"2026-03-04T05:30:00Z"}`:                             "",
		`{"action":"replay","from":"2026-03-04T05:00:00Z","to":"soon"}`:                 "",
		`{"action":"replay","from":"2026-03-04T05:00:00Z","kind":"secrets"}`:            "",
		`{"action":"replay","from":"2026-03-04T05:00:00Z","kind":""}`:                   "",
		`{"action":""}`:                     "",
		`{}`:                                "",
		`[]`:                                "",
		`{`:                                 "",
		`{"source":"aws.events"}`:           "",
		`{"detail-type":"Scheduled Event"}`: "",
	} {
		r := &runner{}
		var log bytes.Buffer
		out, err := newLoad(r, &log).Invoke(t.Context(), json.RawMessage(event))
		if r.did != want {
			t.Errorf("%s did %q, want %q", event, r.did, want)
			continue
		}
		if want == "" {
			if err == nil || log.Len() == 0 {
				t.Errorf("%s is done", event)
			}
			continue
		}
		<-r.ended // nothing runs on
		report, ok := out.(invoke.Report)
		if err != nil || !ok || report.Objects != 3 || report.Inserted != 7 || report.Quarantined != 1 || report.Action != want {
			t.Errorf("%s: %+v, %v", event, out, err)
		}
	}
	if _, err := newLoad(&runner{}, new(bytes.Buffer)).Invoke(t.Context(), json.RawMessage(`{"action":"dance"}`)); err == nil || !strings.Contains(err.Error(), "sweep") {
		t.Errorf("%v", err)
	}
}

func TestGoingOnWithDeletions(t *testing.T) {
	r := &runner{}
	out, err := newLoad(r, new(bytes.Buffer)).Invoke(t.Context(), json.RawMessage(`{"action":"delete"}`))
	if report, ok := out.(invoke.DeleteReport); err != nil || !ok || report.Action != "delete" || !report.Next.Equal(due) || r.did != "delete" {
		t.Errorf("%+v, %v", out, err)
	}
	for _, r := range []*runner{{err: errors.New("away")}, {panics: true}} {
		var log bytes.Buffer
		if out, err := newLoad(r, &log).Invoke(t.Context(), json.RawMessage(`{"action":"delete"}`)); err == nil || out != nil || log.Len() == 0 {
			t.Errorf("%+v, %v, %s", out, err, &log)
		}
	}
}

func TestASweepSince(t *testing.T) {
	r := &runner{}
	if _, err := newLoad(r, new(bytes.Buffer)).Invoke(t.Context(), json.RawMessage(`{"action":"sweep","since":"72h"}`)); err != nil {
		t.Fatal(err)
	}
	want := map[warehouse.Kind]string{warehouse.Events: "events/2026/03/01/05", warehouse.Users: "users/2026/03/01/05", warehouse.Updates: "updates/2026/03/01/05"}
	if !reflect.DeepEqual(r.window.After, want) {
		t.Errorf("%v", r.window.After)
	}
	if _, err := newLoad(r, new(bytes.Buffer)).Invoke(t.Context(), json.RawMessage(`{"action":"sweep"}`)); err != nil || len(r.window.After) != 0 {
		t.Errorf("%v, %v", err, r.window.After)
	}
}

func TestAReplayOfARange(t *testing.T) {
	r := &runner{}
	out, err := newLoad(r, new(bytes.Buffer)).Invoke(t.Context(), json.RawMessage(`{"action":"replay","from":"2026-03-04T05:00:00Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (load.Range{From: now.Add(-30 * time.Minute), To: now}); !reflect.DeepEqual(r.replayed, want) {
		t.Errorf("%+v, want %+v", r.replayed, want)
	}
	if report, ok := out.(invoke.Report); !ok || len(report.QuarantinedObjects) != 1 {
		t.Errorf("the report names no object: %+v", out)
	}
	if _, err := newLoad(r, new(bytes.Buffer)).Invoke(t.Context(), json.RawMessage(`{"action":"replay","from":"2026-03-04T05:00:00Z","to":"2026-03-04T08:00:00+02:00","kind":"updates"}`)); err != nil {
		t.Fatal(err)
	}
	if got := r.replayed; !got.To.Equal(now.Add(30*time.Minute)) || !reflect.DeepEqual(got.Kinds, []warehouse.Kind{warehouse.Updates}) {
		t.Errorf("%+v", got)
	}
}

// auditor notes what it is asked, and answers or fails.
type auditor struct {
	asked  audit.Request
	err    error
	panics bool
	left   time.Duration
}

func (a *auditor) Run(ctx context.Context, r audit.Request) (audit.Result, error) {
	a.asked = r
	if deadline, ok := ctx.Deadline(); ok {
		a.left = time.Until(deadline)
	}
	if a.panics {
		panic("a defect")
	}
	return audit.Result{Proven: true, Loads: 7}, a.err
}

func TestAnAudit(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	day := load.Range{From: now.Add(-30 * time.Minute), To: now.Add(30 * time.Minute), Kinds: []warehouse.Kind{warehouse.Users}}
	for event, want := range map[string]*audit.Request{
		`{"action":"audit","from":"2026-03-04T05:00:00Z"}`:                                                        {Range: load.Range{From: now.Add(-30 * time.Minute), To: now}},
		`{"action":"audit","from":"2026-03-04T05:00:00Z","to":"2026-03-04T06:00:00Z","kind":"users","deep":true}`: {Range: day, Deep: true},
		`{"action":"audit"}`:                                                 nil,
		`{"action":"audit","from":"yesterday"}`:                              nil,
		`{"action":"audit","from":"2026-03-04T05:00:00Z","deep":"very"}`:     nil,
		`{"action":"audit","from":"2026-03-04T05:00:00Z","kind":"secrets"}`:  nil,
		`{"action":"audit","from":"2026-03-04T05:00:00Z","to":"2026-03-04"}`: nil,
	} {
		a, log := &auditor{}, bytes.Buffer{}
		l := newLoad(&runner{}, &log)
		l.Auditor = a
		out, err := l.Invoke(ctx, json.RawMessage(event))
		if want == nil {
			if err == nil || !a.asked.From.IsZero() || log.Len() == 0 {
				t.Errorf("%s is done: %+v", event, a.asked)
			}
			continue
		}
		text, _ := json.Marshal(out) // what cannot be written does not begin as is asked
		if err != nil || !reflect.DeepEqual(a.asked, *want) || !strings.HasPrefix(string(text), `{"action":"audit","from":`) || a.left > 56*time.Second {
			t.Errorf("%s: %+v, %v, %s", event, a.asked, err, text)
		}
	}
	away := errors.New("away")
	for name, a := range map[string]invoke.Auditor{"error": &auditor{err: away}, "panic": &auditor{panics: true}, "none": nil} {
		var log bytes.Buffer
		l := newLoad(&runner{}, &log)
		l.Auditor = a
		_, err := l.Invoke(ctx, json.RawMessage(`{"action":"audit","from":"2026-03-04T05:00:00Z"}`))
		if err == nil || (name == "error") != errors.Is(err, away) || !strings.Contains(log.String(), `"level":"ERROR"`) {
			t.Errorf("%s: %v, logged %s", name, err, &log)
		}
	}
}

// Lambda counts errors; a panic is one, and ends nothing.
func TestWhatFailsIsAnError(t *testing.T) {
	away := errors.New("away")
	for name, r := range map[string]*runner{"error": {err: away}, "panic": {panics: true}} {
		var log bytes.Buffer
		_, err := newLoad(r, &log).Invoke(t.Context(), json.RawMessage(schedule))
		if err == nil || (name == "error") != errors.Is(err, away) || !strings.Contains(log.String(), `"level":"ERROR"`) {
			t.Errorf("%s: %v, logged %s", name, err, &log)
		}
		<-r.ended
	}
}

func TestARunEndsBeforeTheInvocation(t *testing.T) {
	r := &runner{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := newLoad(r, new(bytes.Buffer)).Invoke(ctx, json.RawMessage(schedule)); err != nil || r.left > 56*time.Second {
		t.Errorf("%v, with %v left", err, r.left)
	}
}
