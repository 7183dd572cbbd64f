package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
)

// tables are the tables of the page by the names of their markers.
func tables() map[string]string {
	return map[string]string{
		"minimal":     minimal(),
		"domain":      domain(),
		"interval":    byInterval(),
		"warehouse":   byWarehouse(),
		"break-even":  breakEven(),
		"rate":        byRate(),
		"published":   published(),
		"freshness":   freshness(),
		"requests":    requests(),
		"packing":     packing(),
		"updates":     updates(),
		"assumptions": assumptions(),
		"prices":      prices(),
	}
}

// table is a Markdown table; columns after the first hold numbers.
func table(head []string, rows [][]string) string {
	var out strings.Builder
	row := func(cells []string) { out.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	row(head)
	rule := []string{"---"}
	for range head[1:] {
		rule = append(rule, "---:")
	}
	row(rule)
	for _, cells := range rows {
		row(cells)
	}
	return out.String()
}

// words is a Markdown table of words.
func words(head []string, rows [][]string) string {
	return strings.ReplaceAll(table(head, rows), "---:", "---")
}

func every(s model.Scenario, minutes int) model.Scenario {
	s.LoadInterval = model.Interval(time.Duration(minutes) * time.Minute)
	return s
}

func at(s model.Scenario, eventsPerSecond float64) model.Scenario {
	s.EventsPerSecond = eventsPerSecond
	return s
}

// sum adds the lines that are wanted.
func sum(e model.Estimate, wanted func(model.Line) bool) float64 {
	dollars := 0.0
	for _, l := range e.Lines {
		if wanted(l) {
			dollars += l.Dollars
		}
	}
	return dollars
}

// compute is what the warehouse costs beside its storage.
func compute(e model.Estimate) float64 {
	return sum(e, func(l model.Line) bool { return l.Service == "Redshift" && l.What != "storage" })
}

func perMillion(e model.Estimate) string {
	if e.PerMillion == nil {
		return "–"
	}
	return model.PerMillion(*e.PerMillion)
}

func minimal() string {
	busy := model.Of(model.Default())
	idle := model.Of(at(model.Default(), 0))
	var rows [][]string
	for i, l := range busy.Lines {
		if l.What == "woken by questions" || l.What == "woken by updates" {
			continue // nobody asks and nothing is updated in this table
		}
		rows = append(rows, []string{l.Service + ": " + l.What, l.Amount(), model.Dollars(idle.Lines[i].Dollars), model.Dollars(l.Dollars)})
	}
	rows = append(rows, []string{"**total**", "", "**" + model.Dollars(idle.Dollars) + "**", "**" + model.Dollars(busy.Dollars) + "**"})
	return table([]string{"", "at 100 events a second", "dollars idle", "dollars at 100 a second"}, rows)
}

func domain() string {
	with := model.Default()
	with.Domain = true
	before, after := model.Of(model.Default()), model.Of(with)
	balancer := sum(after, func(l model.Line) bool { return l.Service == "Load balancer" })
	zone := sum(after, func(l model.Line) bool { return l.Service == "Route 53" })
	return table([]string{"a domain adds", "dollars"}, [][]string{
		{"load balancer", model.Dollars(balancer)},
		{"its public IPv4 addresses", model.Dollars(after.Dollars - before.Dollars - balancer - zone)},
		{"hosted zone", model.Dollars(zone)},
		{"**total**", "**" + model.Dollars(after.Dollars-before.Dollars) + "**"},
	})
}

func byInterval() string {
	// Without the limit: the table is to say what it is there for.
	base := model.Default()
	base.RPUHoursPerDay = 0
	first := compute(model.Of(base))
	var rows [][]string
	for _, minutes := range []int{1, 3, 5, 10, 15, 30, 60} {
		e := model.Of(every(base, minutes))
		loads := compute(e)
		saves := model.Dollars(first - loads)
		switch {
		case loads > first:
			saves = "costs " + model.Dollars(loads-first) + " more"
		case loads == first:
			saves = "–"
		}
		rows = append(rows, []string{fmt.Sprintf("%d min", minutes), model.Number(24 * 60 / float64(minutes)), model.Number(e.RPUHours), model.Dollars(loads), saves, model.Dollars(e.Dollars)})
	}
	return table([]string{"load every", "wake-ups a day", "RPU-hours a day", "dollars for loads", "saves", "dollars in all"}, rows)
}

func byWarehouse() string {
	hours := []float64{0, 1, 4, 8, 24}
	head := []string{"warehouse"}
	for _, h := range hours {
		head = append(head, model.Number(h)+" h of questions a day")
	}
	provisioned := func(node string) model.Scenario {
		s := model.Default()
		s.Warehouse, s.NodeType = model.Provisioned, node
		return s
	}
	eight := model.Default()
	eight.RPU = 8
	none := model.Default()
	none.Warehouse = model.None
	var rows [][]string
	for _, r := range []struct {
		name string
		s    model.Scenario
	}{
		{"Serverless, 4 RPUs, load every 3 min", model.Default()},
		{"Serverless, 4 RPUs, load every 3 min, hourly while nobody asks", idleHourly(0)},
		{"Serverless, 4 RPUs, load every 15 min", every(model.Default(), 15)},
		{"Serverless, 4 RPUs, load every 60 min", every(model.Default(), 60)},
		{"Serverless, 8 RPUs, load every 3 min", eight},
		{"provisioned, 1 ra3.large", provisioned("ra3.large")},
		{"provisioned, 1 ra3.xlplus", provisioned("ra3.xlplus")},
		{"none: events are collected only", none},
	} {
		cells := []string{r.name}
		for _, h := range hours {
			r.s.QueryHours, r.s.RPUHoursPerDay = h, 0
			cell := model.Dollars(model.Of(r.s).Dollars)
			if r.s.Warehouse == model.None && h > 0 {
				cell = "–"
			}
			cells = append(cells, cell)
		}
		rows = append(rows, cells)
	}
	return table(head, rows)
}

// breakEven is from how many hours of questions a cluster is cheaper.
func breakEven() string {
	var rows [][]string
	for _, minutes := range []int{3, 5, 15, 60} {
		serverless := every(model.Default(), minutes)
		serverless.RPUHoursPerDay = 0
		cluster := serverless
		cluster.Warehouse = model.Provisioned
		hours := 0.0
		for ; hours < 24; hours += 0.1 {
			serverless.QueryHours, cluster.QueryHours = hours, hours
			if model.Of(serverless).Dollars > model.Of(cluster).Dollars {
				break
			}
		}
		rows = append(rows, []string{fmt.Sprintf("%d min", minutes), strconv.FormatFloat(hours, 'f', 1, 64)})
	}
	return table([]string{"load every", "hours of questions a day from which one ra3.large is cheaper"}, rows)
}

func byRate() string {
	var rows [][]string
	for _, p := range model.Publications() {
		cells := []string{model.Number(p.EventsPerSecond)}
		for _, minutes := range []int{3, 60} {
			s, _ := model.SmallestRPU(every(at(model.Default(), p.EventsPerSecond), minutes))
			s.RPUHoursPerDay = 0
			e := model.Of(s)
			cells = append(cells, model.Number(float64(s.RPU)), model.Dollars(e.Dollars), perMillion(e))
		}
		rows = append(rows, cells)
	}
	return table([]string{"events a second", "every 3 min: RPUs", "dollars", "per million", "hourly: RPUs", "dollars", "per million"}, rows)
}

// theirs is a published figure of a million events.
func theirs(v *float64) string {
	if v == nil {
		return "–"
	}
	return model.PerMillion(*v)
}

// idleHourly is a load every 3 minutes while people ask, for some hours a day, and
// an hourly one otherwise.
func idleHourly(hours float64) model.Scenario {
	s := model.Default()
	s.IdleLoadInterval, s.QueryHours = model.Interval(time.Hour), hours
	return s
}

// published puts hourly loads beside theirs.
func published() string {
	larger := every(model.Default(), 60)
	larger.EventBytes = 1000
	large := model.Compare(larger)
	summed := map[float64]float64{}
	for _, p := range model.Publications() {
		summed[p.EventsPerSecond] = p.Summed
	}
	var rows [][]string
	for i, b := range model.Compare(every(model.Default(), 60)) {
		rows = append(rows, []string{
			model.Number(b.EventsPerSecond), model.Dollars(b.Dollars), model.PerMillion(b.PerMillion), model.PerMillion(large[i].PerMillion),
			theirs(b.Clickstream), model.PerMillion(summed[b.EventsPerSecond]), theirs(b.Snowplow),
		})
	}
	return table([]string{"events a second", "DataLoaf hourly: dollars a month", "per million", "per million, events of 1,000 bytes", "Clickstream hourly, as quoted", "as its guide's tables add up", "Snowplow"}, rows)
}

// freshness puts loads every 3 minutes beside theirs.
func freshness() string {
	head := []string{"events a second", "every 3 min, whether somebody asks or not: dollars a month", "per million"}
	hours := []float64{0, 1, 2}
	var waiting [][]model.Beside
	for _, h := range hours {
		head = append(head, "hourly while nobody asks, "+model.Number(h)+" h of questions a day: dollars a month", "per million")
		waiting = append(waiting, model.Compare(idleHourly(h)))
	}
	var rows [][]string
	for i, b := range model.Compare(model.Default()) {
		cells := []string{model.Number(b.EventsPerSecond), model.Dollars(b.Dollars), model.PerMillion(b.PerMillion)}
		for _, w := range waiting {
			cells = append(cells, model.Dollars(w[i].Dollars), model.PerMillion(w[i].PerMillion))
		}
		rows = append(rows, append(cells, theirs(b.Clickstream), theirs(b.Snowplow)))
	}
	return table(append(head, "Clickstream, hourly", "Snowplow"), rows)
}

// requests is what the number of events in a request makes of it, hourly.
func requests() string {
	var rows [][]string
	for _, events := range []int{500, 100, 50, 10, 1} {
		s := every(model.Default(), 60)
		s.BatchEvents = events
		cells := []string{model.Number(float64(events))}
		for _, b := range model.Compare(s) {
			cells = append(cells, model.PerMillion(b.PerMillion))
		}
		rows = append(rows, cells)
	}
	return table([]string{"events in a full request", "at 100 a second", "at 1,000 a second", "at 10,000 a second"}, rows)
}

func packing() string {
	const gb = 1 << 30
	var firehose model.Price
	for _, p := range model.Prices() {
		if p.Key == "firehose.ingested" {
			firehose = p
		}
	}
	var rows [][]string
	for _, rate := range []float64{100, 1000, 10_000} {
		f := model.FlowOf(at(model.Default(), rate))
		packed, apart := firehose.Cost(f.Billed/gb), firehose.Cost(f.Unpacked/gb)
		rows = append(rows, []string{model.Number(rate), model.Dollars(apart), model.Dollars(packed), model.Dollars(apart - packed)})
	}
	return table([]string{"events a second", "a record for each event", "a record for each batch", "saves"}, rows)
}

func updates() string {
	var rows [][]string
	for _, perHour := range []float64{0, 1, 10, 60, 600} {
		s := every(model.Default(), 60)
		s.UpdatesPerHour, s.RPUHoursPerDay = perHour, 0
		e := model.Of(s)
		rows = append(rows, []string{model.Number(perHour), model.Number(e.RPUHours), model.Dollars(compute(e))})
	}
	return table([]string{"calls of `PATCH /v1/users` an hour", "RPU-hours a day", "dollars for the warehouse"}, rows)
}

func assumptions() string {
	var rows [][]string
	for _, a := range model.Assumptions() {
		rows = append(rows, []string{a.What, a.Value})
	}
	return words([]string{"what", "value"}, rows)
}

// plain is a number without an exponent.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func prices() string {
	var rows [][]string
	for _, p := range model.Prices() {
		dollars := plain(p.Dollars)
		for i, t := range p.Tiers {
			if i > 0 {
				dollars += ", then " + plain(t.Dollars)
			}
		}
		source := "none that has it"
		if p.Copy != "" {
			source = "[copy](" + p.Copy + ")"
		}
		date := p.Date
		if date == "" {
			date = "not known"
		}
		rows = append(rows, []string{p.What, dollars + " per " + p.Unit, "[AWS](" + p.Page + ")", source, date, p.Note})
	}
	return words([]string{"what", "dollars", "decides", "read", "date of the copy", "trust"}, rows)
}
