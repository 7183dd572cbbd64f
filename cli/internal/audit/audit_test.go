package audit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/audit"
	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// run audits the world's stack.
func run(t *testing.T, w *deployedtest.World, change func(*audit.Options)) (report audit.Report, said string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	o := audit.Options{
		Streams: term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, Range: target.Range{From: "24h"}, JSON: true,
		Warehouse: dev.DuckDB, Timeout: time.Hour, Now: w.Now, Pause: w.Pause,
	}
	o.Dir = w.Dir()
	if change != nil {
		change(&o)
	}
	err = audit.Run(t.Context(), o)
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

// part is what the load function answers about a part of the range.
func part(accepted int, next time.Time, mismatches ...map[string]any) map[string]any {
	return map[string]any{
		"action": "audit", "proven": len(mismatches) == 0, "loads": 2, "load_rows": accepted, "mismatches": mismatches, "mismatches_total": len(mismatches),
		"totals":  []any{map[string]any{"kind": "events", "objects": 1, "accepted": accepted, "loaded": accepted}},
		"stopped": !next.IsZero(), "next": next,
	}
}

// One invocation may run out of time, and others may keep the function busy.
func TestAnAuditOfManyInvocations(t *testing.T) {
	w := deployedtest.New(t)
	w.Busy = 2
	var events []map[string]string
	half := w.Now().Add(-12 * time.Hour).UTC()
	w.Invoke = func(event map[string]string) (any, string) {
		events = append(events, event)
		if len(events) == 1 {
			return part(40, half), ""
		}
		return part(2, time.Time{}), ""
	}
	report, said, err := run(t, w, func(o *audit.Options) { o.Kind, o.Deep = "events", true })
	if err != nil || !report.Proven || report.Invocations != 2 || len(report.Totals) != 1 || report.Totals[0].Accepted != 42 || report.Loads != 4 || report.Target != "shop" {
		t.Errorf("%+v, %v\n%s", report, err, said)
	}
	if len(events) != 2 || events[0]["deep"] != "true" || events[0]["kind"] != "events" || events[1]["from"] != half.Format(time.RFC3339Nano) || events[1]["to"] != events[0]["to"] {
		t.Errorf("%v", events)
	}
	if !strings.Contains(said, "waiting for it") || !strings.Contains(said, "Audited up to") {
		t.Error(said)
	}
}

func TestWhatDoesNotAddUp(t *testing.T) {
	w := deployedtest.New(t)
	w.Invoke = func(map[string]string) (any, string) {
		return part(40, time.Time{}, map[string]any{"object": "b/events/x", "what": "lines", "expected": 41, "found": 40, "action": "report"},
			map[string]any{"load": 7, "what": "events in the table", "expected": 3, "found": 2, "action": "report"}), ""
	}
	_, said, err := run(t, w, func(o *audit.Options) { o.JSON = false })
	if failure.Code(err) != 1 {
		t.Errorf("code %d", failure.Code(err))
	}
	for _, word := range []string{"not proven: 2 mismatches", "b/events/x", "load 7", "expected 3, found 2. To do: report", "accepted", "missing"} {
		if !strings.Contains(said, word) {
			t.Errorf("%q is not in\n%s", word, said)
		}
	}
}

func TestWhatGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		invoke func(map[string]string) (any, string)
		change func(*audit.Options)
		code   int
		words  []string
	}{
		"the function fails": {func(map[string]string) (any, string) {
			return map[string]string{"errorMessage": "reach the warehouse: no route"}, "Unhandled"
		}, nil, 1, []string{"no route", "/aws/lambda/shop-load"}},
		"an older function": {func(map[string]string) (any, string) { return map[string]string{}, "" }, nil, 1, []string{"loafctl apply"}},
		"no progress": {func(e map[string]string) (any, string) {
			from, err := time.Parse(time.RFC3339Nano, e["from"])
			if err != nil {
				return nil, err.Error()
			}
			return part(0, from), ""
		}, nil, 1, []string{"shorter range"}},
		"no beginning":   {nil, func(o *audit.Options) { o.From = "" }, 2, []string{"LOAF_FROM"}},
		"no time":        {nil, func(o *audit.Options) { o.From = "yesterday" }, 2, []string{"neither"}},
		"the wrong way":  {nil, func(o *audit.Options) { o.From, o.To = "1h", "2h" }, 2, []string{"after the beginning"}},
		"no such kind":   {nil, func(o *audit.Options) { o.Kind = "secrets" }, 2, []string{"updates"}},
		"no time for it": {nil, func(o *audit.Options) { o.Timeout = 0 }, 2, []string{"--timeout"}},
		"a folder where nothing runs": {nil, func(o *audit.Options) { o.Dir, o.DataDir = "", "nowhere" }, 2,
			[]string{"no loafctl dev runs on the data folder nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployedtest.New(t)
			w.Invoke = c.invoke
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
