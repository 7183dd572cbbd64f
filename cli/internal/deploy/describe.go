package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/version"
)

// Summary is a plan for whoever decides about it.
type Summary struct {
	Stack   string `json:"stack"`
	Region  string `json:"region"`
	Account string `json:"account"`
	// Applied is the loafctl that applied last, Version this one.
	Applied string `json:"applied_version,omitempty"`
	Version string `json:"version"`
	Add     int    `json:"add"`
	Change  int    `json:"change"`
	Replace int    `json:"replace"`
	Remove  int    `json:"remove"`
	*Plan
	// Public says what the internet reaches.
	Public []string `json:"public"`
	// Dollars are an estimate for a month at so many events a second.
	Dollars         float64  `json:"dollars_per_month"`
	EventsPerSecond float64  `json:"events_per_second"`
	Notes           []string `json:"notes"`
}

// Scenario is what the cost model knows of a stack.
func Scenario(a *stack.Answers, eventsPerSecond float64) model.Scenario {
	s := model.Default()
	s.EventsPerSecond = eventsPerSecond
	s.Domain = a.Domain != ""
	if a.LoadIntervalMinutes > 0 {
		s.LoadInterval = model.Interval(time.Duration(a.LoadIntervalMinutes) * time.Minute)
	}
	s.IdleLoadInterval = model.Interval(time.Duration(a.IdleLoadIntervalMinutes) * time.Minute)
	if w := a.Warehouse; w != nil {
		if w.Type != "" {
			s.Warehouse = w.Type
		}
		if w.BaseCapacity > 0 {
			s.RPU = w.BaseCapacity
		}
		if w.RPUHoursPerDay > 0 {
			s.RPUHoursPerDay = w.RPUHoursPerDay
		}
		if w.NodeType != "" {
			s.NodeType = w.NodeType
		}
		if w.Nodes > 0 {
			s.Nodes = w.Nodes
		}
	}
	return s
}

// Summarize describes a plan.
func (d *Deployment) Summarize(ctx context.Context, p *Plan, eventsPerSecond float64) *Summary {
	s := d.Stack
	sum := &Summary{
		Stack: s.Name(), Region: s.Region(), Account: s.Identity.Account, Version: version.Number, Plan: p,
		Add: p.Count(Add), Change: p.Count(Update), Replace: p.Count(Replace), Remove: p.Count(Remove),
		Public: public(s.Answers), EventsPerSecond: eventsPerSecond, Notes: []string{},
	}
	// A stack without outputs is new, and has no version.
	if outputs, err := s.Outputs(ctx); err == nil {
		sum.Applied = outputs.DataloafVersion
	}
	scenario := Scenario(s.Answers, eventsPerSecond)
	if err := scenario.Check(); err != nil {
		sum.Notes = append(sum.Notes, fmt.Sprintf("The cost cannot be estimated: %v.", err))
		return sum
	}
	estimate := model.Of(scenario)
	sum.Dollars = estimate.Dollars
	sum.Notes = append(sum.Notes, estimate.Warnings...)
	return sum
}

// public says what the internet reaches.
func public(a *stack.Answers) []string {
	open := []string{"the collection API, for whoever has a key"}
	page := "the insights page"
	if a.Domain != "" {
		page += " at https://" + a.Domain
	}
	switch {
	case len(a.AllowedCIDRs) == 0:
		return append(open, page+": for nobody yet; --allowed-cidrs opens it")
	default:
		return append(open, fmt.Sprintf("%s, with a password, from %s", page, strings.Join(a.AllowedCIDRs, ", ")))
	}
}

// Text is the summary in plain words.
func (s *Summary) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\nThe plan for the stack %s in %s, account %s\n", s.Stack, s.Region, s.Account)
	if s.Applied != "" && s.Applied != s.Version {
		fmt.Fprintf(&out, "Applied last by loafctl %s; this is %s.\n", s.Applied, s.Version)
	}
	out.WriteString(s.Plan.Text())
	out.WriteString("Open to the internet:\n")
	for _, what := range s.Public {
		fmt.Fprintf(&out, "  %s\n", what)
	}
	if s.Dollars > 0 {
		fmt.Fprintf(&out, "About $%s a month at %s events a second, by the list prices of %s; `loafctl cost` has the parts.\n",
			model.Dollars(s.Dollars), model.Number(s.EventsPerSecond), model.Region)
	}
	for _, note := range s.Notes {
		fmt.Fprintf(&out, "%s\n", note)
	}
	return out.String()
}
