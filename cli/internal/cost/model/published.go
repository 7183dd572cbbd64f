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
