package cost_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/cost"
	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

var update = flag.Bool("update", false, "write the golden files anew")

// run runs the command.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	cmd := cost.Command(term.Streams{Out: &out, Err: &out})
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestGolden(t *testing.T) {
	for name, args := range map[string]string{
		"default":     "",
		"idle":        "--events-per-second 0",
		"waiting":     "--idle-load-interval 1h --query-hours 1",
		"limited":     "--load-interval 1m --query-hours 2 --updates-per-hour 5",
		"provisioned": "--warehouse-type provisioned --domain --endpoint-zones 2 --events-per-second 1000",
		"none":        "--warehouse-type none --event-bytes 1000",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := run(t, strings.Fields(args)...)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("not as %s (-update writes it anew):\n%s", golden, got)
			}
		})
	}
}

func TestEachFlagChangesItsField(t *testing.T) {
	for _, c := range []struct {
		flags string
		field string
		want  any
	}{
		{"--events-per-second 2.5", "events_per_second", 2.5},
		{"--event-bytes 500", "event_bytes", 500.0},
		{"--batch-events 10", "batch_events", 10.0},
		{"--updates-per-hour 3", "updates_per_hour", 3.0},
		{"--load-interval 15m", "load_interval", "15m0s"},
		{"--idle-load-interval 1h", "idle_load_interval", "1h0m0s"},
		{"--query-hours 4", "query_hours_per_day", 4.0},
		{"--retention-months 12", "retention_months", 12.0},
		{"--warehouse-type provisioned", "warehouse_type", "provisioned"},
		{"--rpu 16", "rpu", 16.0},
		{"--rpu-hours-per-day 0", "rpu_hours_per_day", 0.0},
		{"--node-type ra3.xlplus", "node_type", "ra3.xlplus"},
		{"--nodes 2", "nodes", 2.0},
		{"--domain", "domain", true},
		{"--endpoint-zones 3", "endpoint_zones", 3.0},
	} {
		t.Run(c.flags, func(t *testing.T) {
			text, err := run(t, append(strings.Fields(c.flags), "--json")...)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct{ Scenario map[string]any }
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				t.Fatal(err)
			}
			if got := answer.Scenario[c.field]; got != c.want {
				t.Errorf("%s is %v, want %v", c.field, got, c.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	text, err := run(t, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var answer cost.Answer
	// Intervals are written for people and read by none.
	text = strings.NewReplacer(`"load_interval": "3m0s"`, `"load_interval": 0`, `"idle_load_interval": "0s"`, `"idle_load_interval": 0`).Replace(text)
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	want := model.Of(model.Default())
	if answer.Region != "us-east-1" || answer.Dollars != want.Dollars || len(answer.Lines) != len(want.Lines) {
		t.Errorf("%s", text)
	}
	if len(answer.Published) != 3 || *answer.Published[0].Clickstream != 1.26 || answer.Published[0].Dollars != want.Dollars {
		t.Errorf("%+v", answer.Published)
	}
	priced := map[string]bool{}
	for _, p := range answer.Prices {
		priced[p.Key] = true
	}
	for _, l := range answer.Lines {
		if !priced[l.Price] {
			t.Errorf("the price of %s: %s is missing", l.Service, l.What)
		}
	}
	if priced["alb.hours"] {
		t.Error("the price of a load balancer stands in an estimate without one")
	}
}

func TestBadInputNamesTheFlag(t *testing.T) {
	for _, bad := range []string{
		"--events-per-second -1", "--events-per-second NaN", "--event-bytes 0", "--batch-events 501", "--updates-per-hour -1",
		"--load-interval 1m30s", "--load-interval 0s", "--idle-load-interval 3m", "--idle-load-interval 25h", "--query-hours 25", "--retention-months 0", "--warehouse-type duckdb",
		"--rpu 5", "--rpu-hours-per-day -1", "--node-type dc2.large", "--nodes 0", "--endpoint-zones 0",
	} {
		t.Run(bad, func(t *testing.T) {
			out, err := run(t, strings.Fields(bad)...)
			name, value, _ := strings.Cut(bad, " ")
			var known *failure.Error
			if !errors.As(err, &known) || failure.Code(err) != failure.ExitUsage || out != "" {
				t.Fatalf("%v, %q", err, out)
			}
			if !strings.Contains(known.Message, name+" is ") || !strings.Contains(known.Message, value) || !strings.Contains(known.Remedy, name) {
				t.Errorf("%q, %q", known.Message, known.Remedy)
			}
		})
	}
}

// closed is a standard output that nobody reads.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestAClosedOutputFails(t *testing.T) {
	err := cost.Run(cost.Options{Streams: term.Streams{Out: closed{}}, Scenario: model.Default()})
	if failure.Code(err) != failure.ExitFailed {
		t.Errorf("%v", err)
	}
}
