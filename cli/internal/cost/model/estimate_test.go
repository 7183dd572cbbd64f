package model_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
)

func minutes(n int) model.Interval { return model.Interval(time.Duration(n) * time.Minute) }

// about tells whether two amounts are the same to a hundredth of a cent.
func about(a, b float64) bool { return math.Abs(a-b) < 1e-4 }

// line is one line of an estimate.
func line(t *testing.T, e model.Estimate, service, what string) model.Line {
	t.Helper()
	for _, l := range e.Lines {
		if l.Service == service && l.What == what {
			return l
		}
	}
	t.Fatalf("there is no line %s: %s", service, what)
	return model.Line{}
}

// TestByHand compares with what was reckoned by hand; the arithmetic stands
// beside each figure. A month has 730 h = 2,628,000 s.
func TestByHand(t *testing.T) {
	base := model.Default() // 100 events/s of 200 bytes, 100 a call, every 3 min, 4 RPUs
	change := func(f func(*model.Scenario)) model.Scenario { s := base; f(&s); return s }
	cases := map[string]struct {
		scenario      model.Scenario
		service, what string
		want          float64
	}{
		// 100 × 2,628,000 / 100 = 2,628,000 calls × 3.50 / 1,000,000
		"calls": {base, "API Gateway", "calls", 9.198},
		// 1 event/s: the SDK waits 1 s, so each call carries one: 2,628,000 calls
		"calls of one event": {change(func(s *model.Scenario) { s.EventsPerSecond = 1 }), "API Gateway", "calls", 9.198},
		// one event a call at 1,000/s: 2,628 million calls: 333 × 3.50 + 667 × 2.80 + 1,628 × 2.38
		// = 1,165.50 + 1,867.60 + 3,874.64
		"calls by steps": {change(func(s *model.Scenario) { s.EventsPerSecond, s.BatchEvents = 1000, 1 }), "API Gateway", "calls", 6907.74},
		// (2,628,000 calls + 14,600 runs) × 0.20 / 1,000,000
		"Lambda requests": {base, "Lambda", "requests", 0.52852},
		// a load brings 262,800,000 / 14,600 = 18,000 events at 4 × 5,000 a second: 10.9 s;
		// (2,628,000 × 0.020 + 262,800,000 × 0.0001 + 14,600 × 10.9) × 0.5 GB
		// = (52,560 + 26,280 + 159,140) × 0.5 = 118,990 GB-s × 0.0000133334
		"Lambda time": {base, "Lambda", "time", 118990 * 0.0000133334},
		// 20,000 bytes are billed as 4 × 5,120 = 20,480; × 2,628,000 / 2^30 = 50.125 GB × 0.029
		"Firehose": {base, "Firehose", "data in", 20480 * 2628000.0 / (1 << 30) * 0.029},
		// 52,560,000,000 bytes / 5 / 2^30 = 9.790 GB × 0.023
		"S3": {base, "S3", "raw data", 52.56e9 / 5 / (1 << 30) * 0.023},
		// 12 months of it
		"S3 for a year": {change(func(s *model.Scenario) { s.RetentionMonths = 12 }), "S3", "raw data", 12 * 52.56e9 / 5 / (1 << 30) * 0.023},
		// 43,800 objects, one a minute, and 14,600 manifests: 58,400 × 0.005 / 1,000
		"S3 PUT": {base, "S3", "PUT", 0.292},
		// at 10,000/s: 5,256,000,000,000 bytes / 64 MB = 78,320.5 objects, more than one a minute
		"S3 PUT by size": {change(func(s *model.Scenario) { s.EventsPerSecond = 10_000 }), "S3", "PUT", (5.256e12/(64<<20) + 14600) * 0.005 / 1000},
		// 2 × 43,800 × 0.0004 / 1,000
		"S3 GET": {base, "S3", "GET", 0.03504},
		// 43,800 × 1.2 + 14,600 × 2 + 5 × 131,400 = 52,560 + 29,200 + 657,000 = 738,760 × 0.40 / 1,000,000
		"SQS": {base, "SQS", "requests", 0.295504},
		// 480 a day: 14,600 wake-ups of 60 s × 4 RPUs × 0.375 / 3,600 = 14,600 × 0.025
		"a load every 3 minutes": {base, "Redshift", "woken by loads", 365},
		// always awake: 730 h × 4 × 0.375
		"a load every minute": {change(func(s *model.Scenario) { s.LoadInterval, s.RPUHoursPerDay = minutes(1), 0 }), "Redshift", "woken by loads", 1095},
		// the limit: 64 × 730/24 × 0.375
		"a load every minute, limited": {change(func(s *model.Scenario) { s.LoadInterval = minutes(1) }), "Redshift", "woken by loads", 730},
		// 730 wake-ups × 0.025
		"a load every hour": {change(func(s *model.Scenario) { s.LoadInterval = minutes(60) }), "Redshift", "woken by loads", 18.25},
		// 1,000/s hourly: 3,600,000 events / 20,000 = 180 s + 10 + 5 = 195 s; 730 × 195 × 4 × 0.375 / 3,600
		"longer than a minute": {change(func(s *model.Scenario) { s.LoadInterval, s.EventsPerSecond = minutes(60), 1000 }), "Redshift", "woken by loads", 59.3125},
		// 1 h a day of 24: 730/24 × 4 × 0.375
		"an hour of questions": {change(func(s *model.Scenario) { s.QueryHours = 1 }), "Redshift", "woken by questions", 45.625},
		// in that hour loads wake nobody: 365 × 23/24
		"loads beside questions": {change(func(s *model.Scenario) { s.QueryHours = 1 }), "Redshift", "woken by loads", 365 * 23.0 / 24},
		// 60 updates an hour on an idle stack: awake for 1 − e^−1 of the time, × 1,095
		"updates": {change(func(s *model.Scenario) { s.EventsPerSecond, s.UpdatesPerHour = 0, 60 }), "Redshift", "woken by updates", (1 - 1/math.E) * 1095},
		// hourly while nobody asks, and nobody does: 730 wake-ups × 0.025
		"hourly while nobody asks": {change(func(s *model.Scenario) { s.IdleLoadInterval = minutes(60) }), "Redshift", "woken by loads", 18.25},
		// an hour of questions, 15 minutes after it every 3 minutes, 22.75 h hourly: (5 + 22.75) × 730/24 × 0.025
		"and an hour of questions": {change(func(s *model.Scenario) { s.IdleLoadInterval, s.QueryHours = minutes(60), 1 }), "Redshift", "woken by loads", 27.75 * 730 / 24 * 0.025},
		// 43,800 × 2 objects and 14,600 × 2 marks: 116,800 × 0.0004 / 1,000
		"S3 GET of marks": {change(func(s *model.Scenario) { s.IdleLoadInterval = minutes(60) }), "S3", "GET", 0.04672},
		// 43,800 objects, 730 manifests and, in an hour a day, a mark a minute: 46,355 × 0.005 / 1,000; loads: 1 h × 20 + 5 + 22.75 a day
		"S3 PUT of marks": {change(func(s *model.Scenario) { s.IdleLoadInterval, s.QueryHours = minutes(60), 1 }), "S3", "PUT", (43800 + (20+5+22.75)*730/24 + 1825) * 0.005 / 1000},
		// 52,560,000,000 bytes / 2^30 × 0.024
		"Redshift storage": {base, "Redshift", "storage", 52.56e9 / (1 << 30) * 0.024},
		// 730 × 0.543; two of the next size: 2 × 730 × 1.086
		"ra3.large":        {change(func(s *model.Scenario) { s.Warehouse = model.Provisioned }), "Redshift", "ra3.large", 396.39},
		"two ra3.xlplus":   {change(func(s *model.Scenario) { s.Warehouse, s.NodeType, s.Nodes = model.Provisioned, "ra3.xlplus", 2 }), "Redshift", "ra3.xlplus", 1585.56},
		"secrets":          {base, "Secrets Manager", "secrets", 2}, // 5 × 0.40
		"secrets' calls":   {base, "Secrets Manager", "calls", 0.146},
		"endpoints":        {base, "VPC", "interface endpoints", 14.60}, // 2 × 730 × 0.01
		"two zones":        {change(func(s *model.Scenario) { s.EndpointZones = 2 }), "VPC", "interface endpoints", 29.20},
		"address":          {base, "VPC", "public IPv4 addresses", 3.65},                                                                             // 730 × 0.005
		"addresses":        {change(func(s *model.Scenario) { s.Domain = true }), "VPC", "public IPv4 addresses", 10.95},                             // 3 of them
		"balancer":         {change(func(s *model.Scenario) { s.Domain = true }), "Load balancer", "hours", 16.425},                                  // 730 × 0.0225
		"balancer's units": {change(func(s *model.Scenario) { s.Domain = true }), "Load balancer", "capacity units", 73 * 0.008},                     // 730 × 0.1
		"zone":             {change(func(s *model.Scenario) { s.Domain = true }), "Route 53", "hosted zone", 0.50},                                   // one
		"instance":         {base, "EC2", "t4g.small", 12.264},                                                                                       // 730 × 0.0168
		"disk":             {base, "EC2", "disk", 1.60},                                                                                              // 20 × 0.08
		"logs":             {base, "CloudWatch", "logs, written", (2628000.0*1200 + 14600*1000) / (1 << 30) * 0.50},                                  // calls and runs
		"alarms":           {base, "CloudWatch", "alarms", 1.50},                                                                                     // 15 × 0.10
		"dashboard":        {base, "CloudWatch", "dashboard", 3},                                                                                     // one
		"mails":            {base, "SNS", "alarm e-mails", 0.0004},                                                                                   // 20 × 2 / 100,000
		"data out":         {change(func(s *model.Scenario) { s.EventsPerSecond, s.QueryHours = 0, 24 }), "Data transfer", "out", 730 * 0.05 * 0.09}, // the page alone
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if err := c.scenario.Check(); err != nil {
				t.Fatal(err)
			}
			if got := line(t, model.Of(c.scenario), c.service, c.what); !about(got.Dollars, c.want) {
				t.Errorf("%v dollars for %s, by hand %v", got.Dollars, got.Amount(), c.want)
			}
		})
	}
}

func TestTheSumIsThatOfItsLines(t *testing.T) {
	e := model.Of(model.Default())
	sum := 0.0
	for _, l := range e.Lines {
		sum += l.Dollars
	}
	// 262.8 million events
	if !about(sum, e.Dollars) || e.PerMillion == nil || !about(*e.PerMillion, sum/262.8) {
		t.Errorf("lines %v, sum %v, per million %v", sum, e.Dollars, e.PerMillion)
	}
	if !about(e.RPUHours, 32) { // 480 × 60 s × 4 / 3,600
		t.Errorf("%v RPU-hours a day", e.RPUHours)
	}
}

func TestPackingSaves(t *testing.T) {
	f := model.FlowOf(model.Default())
	// 5,120 bytes for an event alone, 20,480 / 100 for one of a batch
	if got := f.Unpacked / f.Billed; !about(got, 25) {
		t.Errorf("%v times", got)
	}
}

// some is a scenario at random.
func some(r *rand.Rand) model.Scenario {
	s := model.Default()
	s.EventsPerSecond = math.Pow(10, r.Float64()*7-2)
	s.EventBytes = 1 + r.IntN(5000)
	s.BatchEvents = 1 + r.IntN(500)
	s.LoadInterval = minutes(1 + r.IntN(120))
	if r.IntN(2) == 0 {
		s.IdleLoadInterval = s.LoadInterval + minutes(1+r.IntN(600))
	}
	s.RetentionMonths = 1 + r.IntN(36)
	s.Warehouse = []string{model.Serverless, model.Provisioned, model.None}[r.IntN(3)]
	s.RPU = []int{4, 8, 16, 128}[r.IntN(4)]
	s.RPUHoursPerDay = []float64{0, 64}[r.IntN(2)]
	s.QueryHours = []float64{0, 24 * r.Float64()}[r.IntN(2)]
	s.UpdatesPerHour = []float64{0, 100 * r.Float64()}[r.IntN(2)]
	s.Domain = r.IntN(2) == 0
	return s
}

// TestMoreCostsNoLess changes one thing of many stacks and looks which way the
// sum goes.
func TestMoreCostsNoLess(t *testing.T) {
	more := map[string]func(*rand.Rand, *model.Scenario){
		"more events":   func(r *rand.Rand, s *model.Scenario) { s.EventsPerSecond *= 1 + r.Float64()*10 },
		"larger events": func(r *rand.Rand, s *model.Scenario) { s.EventBytes += r.IntN(1000) },
		"loads more often": func(r *rand.Rand, s *model.Scenario) {
			s.LoadInterval = minutes(1 + r.IntN(int(s.LoadInterval.Seconds())/60))
		},
		"no waiting":            func(_ *rand.Rand, s *model.Scenario) { s.IdleLoadInterval = 0 },
		"more questions":        func(r *rand.Rand, s *model.Scenario) { s.QueryHours += (24 - s.QueryHours) * r.Float64() },
		"more updates":          func(r *rand.Rand, s *model.Scenario) { s.UpdatesPerHour += 100 * r.Float64() },
		"more months":           func(r *rand.Rand, s *model.Scenario) { s.RetentionMonths += r.IntN(12) },
		"a domain":              func(_ *rand.Rand, s *model.Scenario) { s.Domain = true },
		"smaller batches":       func(r *rand.Rand, s *model.Scenario) { s.BatchEvents = 1 + r.IntN(s.BatchEvents) },
		"no limit of RPU-hours": func(_ *rand.Rand, s *model.Scenario) { s.RPUHoursPerDay = 0 },
	}
	for name, change := range more {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				before := some(r)
				after := before
				change(r, &after)
				if err := errors.Join(before.Check(), after.Check()); err != nil {
					t.Fatal(err)
				}
				// Another size of record may waste less of the 5 KB that it is rounded up to.
				slack := 1e-9
				if before.EventBytes != after.EventBytes || before.BatchEvents != after.BatchEvents {
					slack += model.FlowOf(before).Calls * 5120 / (1 << 30) * 0.029
				}
				// Who waits in vain pays for the marks: 43,800 runs and 43,800 minutes.
				if before.IdleLoadInterval != after.IdleLoadInterval {
					slack += 43_800*2*0.0004/1000 + 43_800*0.005/1000
				}
				if a, b := model.Of(before), model.Of(after); b.Dollars < a.Dollars-slack || math.IsNaN(b.Dollars) {
					t.Fatalf("%v dollars became %v:\n%+v\n%+v", a.Dollars, b.Dollars, before, after)
				}
			}
		})
	}
}

func TestAnIdleStackWakesNoWarehouse(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		s := some(r)
		s.EventsPerSecond, s.QueryHours, s.UpdatesPerHour, s.Warehouse = 0, 0, 0, model.Serverless
		e := model.Of(s)
		if e.RPUHours != 0 || line(t, e, "Redshift", "woken by loads").Dollars != 0 || e.PerMillion != nil {
			t.Fatalf("%v RPU-hours a day: %+v", e.RPUHours, s)
		}
	}
}

func TestTheWarehouseIsAwakeAtMostAlways(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		s := some(r)
		if a := model.AwakeOf(s, model.FlowOf(s)); a.Total() < 0 || a.Total() > 1+1e-9 || a.Loads < 0 || a.Updates < 0 {
			t.Fatalf("%+v: %+v", a, s)
		}
	}
}

func TestWarnings(t *testing.T) {
	s := model.Default()
	if e := model.Of(s); len(e.Warnings) != 0 {
		t.Errorf("the default warns: %v", e.Warnings)
	}
	warns := func(name, want string, change func(*model.Scenario)) {
		s := model.Default()
		change(&s)
		if got := strings.Join(model.Of(s).Warnings, "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	warns("the limit", "96 RPU-hours a day; the limit of 64", func(s *model.Scenario) { s.LoadInterval = minutes(1) })
	warns("too slow", "falls behind", func(s *model.Scenario) { s.EventsPerSecond = 30_000 })
	warns("too long", "its Lambda has 900", func(s *model.Scenario) { s.EventsPerSecond, s.LoadInterval = 10_000, minutes(60) })
}

func TestSmallestRPU(t *testing.T) {
	s := model.Default()
	s.EventsPerSecond, s.LoadInterval = 10_000, minutes(60)
	// 36 million events: 1,810 s at 4 RPUs, 910 s at 8, 460 s at 16
	if got, ok := model.SmallestRPU(s); !ok || got.RPU != 16 {
		t.Errorf("%d RPUs, %v", got.RPU, ok)
	}
	s.EventsPerSecond = 1e9
	if got, ok := model.SmallestRPU(s); ok {
		t.Errorf("%d RPUs are enough for everything", got.RPU)
	}
}

// What docs/costs.md says in words.
func TestBesideOthers(t *testing.T) {
	hourly := model.Default()
	hourly.LoadInterval = minutes(60)
	waiting := model.Default()
	waiting.IdleLoadInterval = minutes(60)
	for name, s := range map[string]model.Scenario{"hourly": hourly, "hourly while nobody asks": waiting} {
		for _, b := range model.Compare(s) {
			if b.PerMillion >= *b.Clickstream || b.Snowplow != nil && b.PerMillion >= *b.Snowplow {
				t.Errorf("%s at %v events a second: %v", name, b.EventsPerSecond, b.PerMillion)
			}
		}
	}
	all := model.Compare(model.Default())
	if len(all) != 3 || all[0].Snowplow == nil || !about(*all[0].Snowplow, 200/262.8) || all[1].Snowplow != nil {
		t.Errorf("%+v", all)
	}
	// 1.60 dollars: 420.43 for 262.8 million
	if !about(all[0].PerMillion, all[0].Dollars/262.8) || all[0].PerMillion <= *all[0].Clickstream {
		t.Errorf("%+v", all[0])
	}
}

func TestCheck(t *testing.T) {
	if err := model.Default().Check(); err != nil {
		t.Fatal(err)
	}
	for field, changes := range map[string][]func(*model.Scenario){
		"events_per_second": {
			func(s *model.Scenario) { s.EventsPerSecond = -1 }, func(s *model.Scenario) { s.EventsPerSecond = math.NaN() },
			func(s *model.Scenario) { s.EventsPerSecond = math.Inf(1) },
		},
		"event_bytes":         {func(s *model.Scenario) { s.EventBytes = 0 }, func(s *model.Scenario) { s.EventBytes = 1 << 20 }},
		"batch_events":        {func(s *model.Scenario) { s.BatchEvents = 0 }, func(s *model.Scenario) { s.BatchEvents = 501 }},
		"updates_per_hour":    {func(s *model.Scenario) { s.UpdatesPerHour = -1 }},
		"load_interval":       {func(s *model.Scenario) { s.LoadInterval = model.Interval(90 * time.Second) }, func(s *model.Scenario) { s.LoadInterval = 0 }},
		"idle_load_interval":  {func(s *model.Scenario) { s.IdleLoadInterval = s.LoadInterval }, func(s *model.Scenario) { s.IdleLoadInterval = minutes(1441) }, func(s *model.Scenario) { s.IdleLoadInterval = model.Interval(3*time.Minute + time.Second) }},
		"query_hours_per_day": {func(s *model.Scenario) { s.QueryHours = 25 }},
		"retention_months":    {func(s *model.Scenario) { s.RetentionMonths = 0 }},
		"warehouse_type":      {func(s *model.Scenario) { s.Warehouse = "duckdb" }},
		"rpu":                 {func(s *model.Scenario) { s.RPU = 5 }, func(s *model.Scenario) { s.RPU = 520 }, func(s *model.Scenario) { s.RPU = 0 }},
		"rpu_hours_per_day":   {func(s *model.Scenario) { s.RPUHoursPerDay = -1 }},
		"node_type":           {func(s *model.Scenario) { s.NodeType = "dc2.large" }},
		"nodes":               {func(s *model.Scenario) { s.Nodes = 0 }},
		"endpoint_zones":      {func(s *model.Scenario) { s.EndpointZones = 7 }},
	} {
		for _, change := range changes {
			s := model.Default()
			change(&s)
			var invalid *model.Invalid
			if err := s.Check(); !errors.As(err, &invalid) || invalid.Field != field || invalid.Remedy == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
	}
}

func TestEveryPriceSaysWhereItIsFrom(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range model.Prices() {
		if seen[p.Key] || p.Dollars <= 0 || p.Per <= 0 || p.Unit == "" || p.Note == "" || !strings.HasPrefix(p.Page, "https://aws.amazon.com/") {
			t.Errorf("%+v", p)
		}
		if len(p.Tiers) > 0 && p.Tiers[0].Dollars != p.Dollars {
			t.Errorf("%s: its first step is not its price", p.Key)
		}
		if p.Copy == "" && !strings.Contains(p.Note, "no copy") {
			t.Errorf("%s has no source and does not say so", p.Key)
		}
		if p.Date != "" {
			if _, err := time.Parse(time.DateOnly, p.Date); err != nil {
				t.Errorf("%s: %v", p.Key, err)
			}
		}
		seen[p.Key] = true
	}
	// Every line of every kind of stack has one of them.
	s := model.Default()
	s.Domain = true
	for _, warehouse := range []string{model.Serverless, model.Provisioned, model.None} {
		s.Warehouse = warehouse
		for _, l := range model.Of(s).Lines {
			if !seen[l.Price] {
				t.Errorf("%s: %s has no price that is listed", l.Service, l.What)
			}
		}
	}
}

func TestTheEstimateIsJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		text, err := json.Marshal(model.Of(some(r)))
		if err != nil || !strings.Contains(string(text), `"load_interval":"`) {
			t.Fatalf("%v: %s", err, text)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{model.Dollars(1234567.891), "1,234,567.89"}, {model.Dollars(0), "0.00"}, {model.Dollars(0.004), "<0.01"}, {model.Dollars(999.999), "1,000.00"},
		{model.Number(1234.4), "1,234"}, {model.Number(2.5), "2.5"}, {model.Number(0), "0"}, {model.Number(10), "10"}, {model.Number(0.001), "<0.01"}, {model.Number(19.999), "20"},
		{model.PerMillion(0.0789), "0.079"}, {model.PerMillion(1.6), "1.60"},
		{model.Line{Quantity: 1, Unit: "zones"}.Amount(), "1 zone"}, {model.Line{Quantity: 2, Unit: "zones"}.Amount(), "2 zones"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestPublicationsAddUp(t *testing.T) {
	for _, p := range model.Publications() {
		if p.EventsPerSecond == 100 && math.Abs(p.Summed-1.26) > 0.005 { // 330.76 / 262.8 = 1.2586
			t.Errorf("the guide's tables add up to %v", p.Summed)
		}
	}
}
