package replay_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/replay"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// run replays on the world's stack.
func run(t *testing.T, w *deployedtest.World, change func(*replay.Options)) (report replay.Report, said string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	o := replay.Options{Streams: term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, Range: target.Range{From: "24h"}, JSON: true, Timeout: time.Hour, Now: w.Now, Pause: w.Pause}
	o.Dir = w.Dir()
	if change != nil {
		change(&o)
	}
	err = replay.Run(t.Context(), o)
	if out.Len() > 0 && o.JSON {
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
	}
	if err != nil {
		failure.Print(&errs, err)
	}
	return report, errs.String() + out.String(), err
}

// answers makes the load function answer with one report after the other.
func answers(w *deployedtest.World, reports ...map[string]any) *[]map[string]string {
	var events []map[string]string
	w.Invoke = func(event map[string]string) (any, string) {
		events = append(events, event)
		report := map[string]any{"action": "replay"}
		maps.Copy(report, reports[min(len(events), len(reports))-1])
		return report, ""
	}
	return &events
}

func TestAReplay(t *testing.T) {
	w := deployedtest.New(t)
	events := answers(w, map[string]any{"objects": 3, "known": 40, "lines": 90, "inserted": 80, "duplicates": 10})
	report, said, err := run(t, w, func(o *replay.Options) { o.To, o.Kind = "2h", "events" })
	if err != nil || report.Objects != 3 || report.Known != 40 || report.Inserted != 80 || report.Duplicates != 10 || report.Invocations != 1 {
		t.Errorf("%+v, %v\n%s", report, err, said)
	}
	from, to := w.Now().Add(-24*time.Hour).Format(time.RFC3339Nano), w.Now().Add(-2*time.Hour).Format(time.RFC3339Nano)
	if want := map[string]string{"action": "replay", "from": from, "to": to, "kind": "events"}; len(*events) != 1 || !maps.Equal((*events)[0], want) {
		t.Errorf("%v, want %v", *events, want)
	}
	_, said, err = run(t, w, func(o *replay.Options) { o.JSON = false })
	if err != nil || !strings.Contains(said, "3 objects, 90 lines: 80 new rows, 10 stored before") {
		t.Errorf("%v\n%s", err, said)
	}
}

// One invocation may run out of time, and others may keep the function busy.
func TestAReplayOfManyInvocations(t *testing.T) {
	w := deployedtest.New(t)
	w.Busy = 2
	events := answers(w,
		map[string]any{"objects": 500, "known": 7, "inserted": 500, "stopped": true},
		map[string]any{"objects": 500, "known": 507, "inserted": 400, "stopped": true},
		map[string]any{"objects": 20, "known": 1007, "inserted": 20, "quarantined": 1, "quarantined_objects": []string{"b/events/x"}},
	)
	began := w.Now()
	report, said, err := run(t, w, nil)
	if report.Objects != 1020 || report.Known != 7 || report.Inserted != 920 || report.Invocations != 3 || report.Quarantined != 1 || report.QuarantinedObjects[0] != "b/events/x" {
		t.Errorf("%+v", report)
	}
	if failure.Code(err) != 1 || !strings.Contains(said, "1 object\n") || !strings.Contains(said, "waiting for it") || len(*events) != 3 || w.Now().Equal(began) {
		t.Errorf("%v\n%s", err, said)
	}
}

func TestWhatGoesWrong(t *testing.T) {
	failing := func(w *deployedtest.World) {
		w.Invoke = func(map[string]string) (any, string) {
			return map[string]string{"errorMessage": "reach the warehouse: no route", "errorType": "errorString"}, "Unhandled"
		}
	}
	for name, c := range map[string]struct {
		spoil  func(*deployedtest.World)
		change func(*replay.Options)
		code   int
		words  []string
	}{
		"the function fails": {failing, nil, 1, []string{"reach the warehouse: no route", "/aws/lambda/shop-load"}},
		"an older function": {func(w *deployedtest.World) {
			w.Invoke = func(map[string]string) (any, string) { return map[string]string{}, "" }
		}, nil, 1, []string{"loafctl apply"}},
		"no progress": {func(w *deployedtest.World) { answers(w, map[string]any{"stopped": true, "quarantined": 5}) }, nil, 1, []string{"shorter range"}},
		"denied": {func(w *deployedtest.World) {
			w.Fail["lambda Invoke"] = deployedtest.Fault{Status: 403, Code: "AccessDeniedException"}
		}, nil, 1, []string{"permission"}},
		"expired":        {func(w *deployedtest.World) { w.Fail["*"] = deployedtest.Fault{Status: 403, Code: "ExpiredToken"} }, nil, 1, []string{"expired"}},
		"no beginning":   {nil, func(o *replay.Options) { o.From = "" }, 2, []string{"LOAF_FROM"}},
		"no time":        {nil, func(o *replay.Options) { o.From = "yesterday" }, 2, []string{"neither"}},
		"the wrong way":  {nil, func(o *replay.Options) { o.From, o.To = "1h", "2h" }, 2, []string{"after the beginning"}},
		"no such kind":   {nil, func(o *replay.Options) { o.Kind = "secrets" }, 2, []string{"updates"}},
		"no time for it": {nil, func(o *replay.Options) { o.Timeout = 0 }, 2, []string{"--timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployedtest.New(t)
			if c.spoil != nil {
				c.spoil(w)
			}
			_, said, err := run(t, w, c.change)
			if failure.Code(err) != c.code {
				t.Errorf("code %d, want %d", failure.Code(err), c.code)
			}
			for _, word := range c.words {
				if !strings.Contains(said, word) {
					t.Errorf("%q is not in\n%s", word, said)
				}
			}
		})
	}
}
