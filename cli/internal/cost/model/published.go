package model

// Published is what others say that their stacks cost, at a rate of events.
type Published struct {
	EventsPerSecond float64
	// Clickstream is dollars per million events of Clickstream Analytics on AWS
	// with hourly loads, as quoted; Summed is what the tables of its guide add up
	// to in the copy that was read. 0 where there is none.
	Clickstream, Summed float64
	// Snowplow is dollars a month of Snowplow's quick start; 0 where there is none.
	Snowplow float64
}

// Beside is a scenario beside what others publish, at one of their rates.
type Beside struct {
	EventsPerSecond float64 `json:"events_per_second"`
	// PerMillion is the scenario's dollars per million events at that rate, with as
	// many RPUs or nodes as it needs there; Dollars is for a month.
	PerMillion float64 `json:"dollars_per_million_events"`
	Dollars    float64 `json:"dollars"`
	// Clickstream and Snowplow are theirs per million events; nil where they
	// publish none.
	Clickstream *float64 `json:"clickstream_hourly"`
	Snowplow    *float64 `json:"snowplow_quick_start"`
}

// Compare puts a scenario beside each published figure. The limit of RPU-hours is
// left out: a stack that is switched off half the day is no cheaper one.
func Compare(s Scenario) []Beside {
	var all []Beside
	for _, p := range Publications() {
		if p.Clickstream == 0 {
			continue
		}
		at := s
		at.EventsPerSecond, at.RPUHoursPerDay = p.EventsPerSecond, 0
		switch at.Warehouse {
		case Serverless:
			at, _ = smallestRPU(at, s.RPU)
		case Provisioned:
			for at.Nodes < maxNodes && falls(at) {
				at.Nodes++
			}
		}
		e := Of(at)
		b := Beside{EventsPerSecond: p.EventsPerSecond, PerMillion: *e.PerMillion, Dollars: e.Dollars, Clickstream: &p.Clickstream}
		if p.Snowplow > 0 {
			perMillion := p.Snowplow / (p.EventsPerSecond * secondsPerMonth / 1e6)
			b.Snowplow = &perMillion
		}
		all = append(all, b)
	}
	return all
}

// Publications are the published figures.
//
// Summed adds, of the guide's tables, ingestion into S3, hourly processing on
// Redshift Serverless with one month's storage, two authors of QuickSight and the
// logs, and takes 10 events a request, as the guide does:
//
//	100 events/s:    143 +  149.76 + 24 + 14 =   330.76 for   262.8 million
//	1,000 events/s:  169 +  454.60 + 24 + 14 =   661.60 for  2,628 million
//	10,000 events/s: 388 + 2,742   + 24 + 14 = 3,168    for 26,280 million (every 40 minutes)
func Publications() []Published {
	perMillion := func(dollars, eventsPerSecond float64) float64 {
		return dollars / (eventsPerSecond * secondsPerMonth / 1e6)
	}
	return []Published{
		{EventsPerSecond: 1},
		{EventsPerSecond: 10},
		{EventsPerSecond: 100, Clickstream: 1.26, Summed: perMillion(330.76, 100), Snowplow: 200},
		{EventsPerSecond: 1000, Clickstream: 0.34, Summed: perMillion(661.60, 1000)},
		{EventsPerSecond: 10_000, Clickstream: 0.17, Summed: perMillion(3168, 10_000)},
	}
}
