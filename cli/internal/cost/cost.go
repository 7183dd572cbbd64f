// Package cost is `loafctl cost`: what a stack costs a month.
package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Streams  term.Streams
	Scenario model.Scenario
	JSON     bool
}

// Answer is what --json prints.
type Answer struct {
	model.Estimate
	// Published puts the stack beside what others publish; null where it only
	// collects, which theirs do not.
	Published []model.Beside `json:"published"`
	// Prices are those that the estimate used.
	Prices []model.Price `json:"prices"`
}

// flags are the flags of the scenario's fields.
var flags = map[string]string{
	"events_per_second":   "events-per-second",
	"event_bytes":         "event-bytes",
	"batch_events":        "batch-events",
	"updates_per_hour":    "updates-per-hour",
	"load_interval":       "load-interval",
	"idle_load_interval":  "idle-load-interval",
	"query_hours_per_day": "query-hours",
	"retention_months":    "retention-months",
	"warehouse_type":      "warehouse-type",
	"rpu":                 "rpu",
	"rpu_hours_per_day":   "rpu-hours-per-day",
	"node_type":           "node-type",
	"nodes":               "nodes",
	"endpoint_zones":      "endpoint-zones",
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Scenario: model.Default()}
	interval, idle := time.Duration(o.Scenario.LoadInterval), time.Duration(o.Scenario.IdleLoadInterval)
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what a stack costs a month",
		Long: `Estimate what a stack costs a month, from AWS's list prices in us-east-1.

It asks nobody and needs no credentials. docs/costs.md has the prices' sources
and what is assumed.`,
		Example: `  loafctl cost
  loafctl cost --events-per-second 1000 --load-interval 15m --query-hours 4
  loafctl cost --idle-load-interval 1h --query-hours 1
  loafctl cost --events-per-second 0                  # an idle stack
  loafctl cost --warehouse-type provisioned --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			o.Scenario.LoadInterval, o.Scenario.IdleLoadInterval = model.Interval(interval), model.Interval(idle)
			return Run(o)
		},
	}
	s, f := &o.Scenario, cmd.Flags()
	f.Float64Var(&s.EventsPerSecond, flags["events_per_second"], s.EventsPerSecond, "events a second, on average")
	f.IntVar(&s.EventBytes, flags["event_bytes"], s.EventBytes, "`bytes` of an event as JSON")
	f.IntVar(&s.BatchEvents, flags["batch_events"], s.BatchEvents, "events in a full call, as the SDK sends them")
	f.Float64Var(&s.UpdatesPerHour, flags["updates_per_hour"], s.UpdatesPerHour, "calls that update users; each wakes the warehouse")
	f.DurationVar(&interval, flags["load_interval"], interval, "time between loads, in whole minutes")
	f.DurationVar(&idle, flags["idle_load_interval"], idle, "time between loads while nobody asks, in whole minutes; 0 for no other")
	f.Float64Var(&s.QueryHours, flags["query_hours_per_day"], s.QueryHours, "`hours` a day in which people ask")
	f.IntVar(&s.RetentionMonths, flags["retention_months"], s.RetentionMonths, "`months` of data that are kept")
	f.StringVar(&s.Warehouse, flags["warehouse_type"], s.Warehouse, "serverless, provisioned or none")
	f.IntVar(&s.RPU, flags["rpu"], s.RPU, "Redshift Serverless: its `RPUs`, 4 or a multiple of 8")
	f.Float64Var(&s.RPUHoursPerDay, flags["rpu_hours_per_day"], s.RPUHoursPerDay, "Redshift Serverless: `RPU-hours` a day after which it is switched off; 0 for no limit")
	f.StringVar(&s.NodeType, flags["node_type"], s.NodeType, "provisioned: ra3.large or ra3.xlplus")
	f.IntVar(&s.Nodes, flags["nodes"], s.Nodes, "provisioned: `number` of nodes")
	f.BoolVar(&s.Domain, "domain", s.Domain, "with a domain: a load balancer and a hosted zone")
	f.IntVar(&s.EndpointZones, flags["endpoint_zones"], s.EndpointZones, "`zones` in which the interface endpoints stand")
	f.BoolVar(&o.JSON, "json", false, "print JSON, with the prices and their sources")
	return cmd
}

// Run prints the estimate.
func Run(o Options) error {
	if err := o.Scenario.Check(); err != nil {
		var invalid *model.Invalid
		if errors.As(err, &invalid) {
			flag := flags[invalid.Field]
			return failure.Usage(fmt.Sprintf("Give --%s: %s.", flag, invalid.Remedy), "--%s %s", flag, invalid.Message)
		}
		return fmt.Errorf("check what is asked for: %w", err)
	}
	estimate := model.Of(o.Scenario)
	var text []byte
	if o.JSON {
		var err error
		if text, err = json.MarshalIndent(Answer{estimate, beside(estimate), used(estimate)}, "", "  "); err != nil {
			return fmt.Errorf("write the estimate: %w", err)
		}
		text = append(text, '\n')
	} else {
		text = []byte(table(estimate))
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

// beside is the stack beside what others publish.
func beside(e model.Estimate) []model.Beside {
	if e.Scenario.Warehouse == model.None {
		return nil
	}
	return model.Compare(e.Scenario)
}

// used are the prices of an estimate's lines.
func used(e model.Estimate) []model.Price {
	var prices []model.Price
	for _, p := range model.Prices() {
		for _, l := range e.Lines {
			if l.Price == p.Key {
				prices = append(prices, p)
				break
			}
		}
	}
	return prices
}

// table is the estimate for a person.
func table(e model.Estimate) string {
	rows := [][4]string{{"", "", "a month", "dollars"}}
	service := ""
	for _, l := range e.Lines {
		shown := l.Service
		if shown == service {
			shown = ""
		}
		service = l.Service
		rows = append(rows, [4]string{shown, l.What, l.Amount(), model.Dollars(l.Dollars)})
	}
	total := [4]string{"total", "", "", model.Dollars(e.Dollars)}

	var width [4]int
	for _, row := range append(rows, total) {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var out strings.Builder
	write := func(row [4]string) {
		fmt.Fprintf(&out, "%-*s  %-*s  %*s  %*s\n", width[0], row[0], width[1], row[1], width[2], row[2], width[3], row[3])
	}
	line := strings.Repeat("-", width[0]+width[1]+width[2]+width[3]+6) + "\n"
	write(rows[0])
	out.WriteString(line)
	for _, row := range rows[1:] {
		write(row)
	}
	out.WriteString(line)
	write(total)
	if e.PerMillion != nil {
		fmt.Fprintf(&out, "\n%s dollars per million events.\n", model.PerMillion(*e.PerMillion))
	} else {
		out.WriteString("\nNo events.\n")
	}
	out.WriteString(comparison(e))
	if e.Scenario.Warehouse == model.Serverless {
		fmt.Fprintf(&out, "The warehouse works %s RPU-hours a day", model.Number(e.RPUHours))
		if e.Scenario.RPUHoursPerDay > 0 {
			fmt.Fprintf(&out, "; the limit is %s", model.Number(e.Scenario.RPUHoursPerDay))
		}
		out.WriteString(".\n")
	}
	for _, warning := range e.Warnings {
		out.WriteString("Warning: " + warning + "\n")
	}
	for _, note := range e.Notes {
		out.WriteString(note + "\n")
	}
	return out.String()
}

// comparison is the stack beside what others publish, for a person.
func comparison(e model.Estimate) string {
	all := beside(e)
	if len(all) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("\nDollars per million events, with these settings and beside what others publish:\n")
	row := func(cells ...any) { fmt.Fprintf(&out, "%15s  %12s  %26s  %22s\n", cells...) }
	row("events a second", "this stack", "Clickstream, hourly loads", "Snowplow's quick start")
	for _, b := range all {
		theirs := func(v *float64) string {
			if v == nil {
				return "-"
			}
			return model.PerMillion(*v)
		}
		row(model.Number(b.EventsPerSecond), model.PerMillion(b.PerMillion), theirs(b.Clickstream), theirs(b.Snowplow))
	}
	out.WriteString("\n")
	return out.String()
}
