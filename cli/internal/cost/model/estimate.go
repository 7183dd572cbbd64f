package model

import (
	"fmt"
	"math"
	"slices"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
)

// A month is 730 hours, as AWS reckons; a GB is 2^30 bytes, as AWS bills.
const (
	hoursPerMonth   = 730.0
	secondsPerMonth = hoursPerMonth * 3600
	daysPerMonth    = hoursPerMonth / 24
	gb              = 1 << 30
)

// What AWS's services do.
const (
	// firehoseRound is what Firehose rounds each record up to, for the bill.
	firehoseRound = 5 << 10
	// wakeSeconds is the least that a wake-up of Redshift Serverless costs.
	wakeSeconds = 60.0
	// pollersPerQueue and pollSeconds are how Lambda waits on a queue for us.
	pollersPerQueue, pollSeconds = 5, 20.0
	// askedForSeconds is how long after a question loads do not wait.
	askedForSeconds = 900.0
	// lambdaSeconds is the load Lambda's timeout.
	lambdaSeconds = 900.0
)

// How the stack is set up.
const (
	lambdaGB = 0.5
	// bufferSeconds and bufferBytes are when Firehose writes an object.
	bufferSeconds, bufferBytes = 60.0, 64 << 20
	ownSecrets, managedSecrets = 4, 1
	alarmCount, metricFilters  = 15, 2
	dashboardCount             = 1
	diskGB                     = 20
	balancerZones              = 2
	interfaceEndpoints         = 2
)

// What is assumed. None of it was measured in AWS.
const (
	// callSeconds and eventSeconds are the collect Lambda's time: most of a call
	// waits for Firehose.
	callSeconds, eventSeconds = 0.020, 0.0001
	// updateSeconds is the update Lambda's: it waits for the merge.
	updateSeconds = 0.5
	// idleRunSeconds is a run of the loader that finds nothing.
	idleRunSeconds = 0.2
	// loadSeconds is what a load takes beside its events: connect, merge, commit.
	loadSeconds = 10.0
	// tailSeconds is how long the warehouse stays busy after a load.
	tailSeconds = 5.0
	// loadedPerRPUSecond is events loaded by one RPU in a second. AWS's guide to
	// Clickstream Analytics gives times from which follow 11,000 at 8 RPU and
	// 6,250 at 32; this is below both.
	loadedPerRPUSecond = 5000.0
	// gzipRatio is how much smaller Firehose's GZIP makes JSON.
	gzipRatio = 5.0
	// warehouseRatio is the bytes of an event in the warehouse per byte of JSON:
	// ids hardly compress, and SUPER is not free.
	warehouseRatio = 1.0
	// getsPerObject are reads by COPY, which may take an object in parts.
	getsPerObject = 2.0
	// callLogBytes are an access log line, Lambda's own lines and ours.
	callLogBytes, runLogBytes = 1200.0, 1000.0
	// answerBytes are an answer of the API with its headers.
	answerBytes = 500.0
	// pageGB is what the page sends out in an hour of asking.
	pageGB = 0.05
	// messageBytes pass an interface endpoint for one object to load.
	messageBytes     = 4096.0
	receivedAtOnce   = 10.0
	secretsPerLoad   = 2.0
	requestsPerRun   = 2.0
	marksPerRun      = 2.0
	asksPerHour      = 60.0
	capacityUnits    = 0.1
	mailsPerMonth    = 20.0
	manifestsPerLoad = 1.0
)

// Line is one thing that is billed.
type Line struct {
	Service  string  `json:"service"`
	What     string  `json:"what"`
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
	Dollars  float64 `json:"dollars"`
	// Price is the key of the price.
	Price string `json:"price"`
}

// Estimate is what a scenario costs in a month of 730 hours.
type Estimate struct {
	Region   string   `json:"region"`
	Scenario Scenario `json:"scenario"`
	Lines    []Line   `json:"lines"`
	Dollars  float64  `json:"dollars"`
	// PerMillion is dollars per million events; nil when there are none.
	PerMillion *float64 `json:"dollars_per_million_events"`
	// RPUHours are the RPU-hours a day that the warehouse works.
	RPUHours float64 `json:"rpu_hours_per_day"`
	// Warnings say what would not work as asked, Notes what is not in the sum.
	Warnings []string `json:"warnings"`
	Notes    []string `json:"notes"`
}

// Flow is what passes through a stack in a month.
type Flow struct {
	// Batch is the events in a call, Calls the calls.
	Batch, Events, Calls float64
	// Bytes are of JSON; Billed of them as Firehose rounds, Unpacked as it would
	// with one record for each event.
	Bytes, Billed, Unpacked float64
	// Objects are written by Firehose, Runs are of the loader, and Loads those
	// among them that find something.
	Objects, Runs, Loads float64
	// LoadSeconds is how long the longest load takes.
	LoadSeconds float64
	// Phases are the parts of the time that differ in how often is loaded.
	Phases []Phase
}

// Phase is a part of the time with loads at one interval.
type Phase struct {
	// Share is of the time, from 0 to 1; Asked says that people ask in it, so that
	// the warehouse is awake all the time.
	Share float64
	Asked bool
	// Interval is between two runs that load, in seconds; Loads are those in a
	// month that find something, and Seconds what each takes.
	Interval, Loads, Seconds float64
}

// busy is how long one load keeps the warehouse awake, as it is billed.
func (p Phase) busy() float64 {
	return math.Min(p.Interval, math.Max(wakeSeconds, p.Seconds+tailSeconds))
}

// fits tells whether a load ends before the next, and within its Lambda's time.
func (p Phase) fits() bool { return p.Seconds <= lambdaSeconds && p.Seconds+tailSeconds <= p.Interval }

// phases are those of a scenario: while people ask, shortly after, and the rest.
func (s Scenario) phases(f Flow) []Phase {
	asked := s.QueryHours / 24
	phases := []Phase{{Share: asked, Asked: true, Interval: s.LoadInterval.Seconds()}}
	if s.IdleLoadInterval == 0 {
		phases = append(phases, Phase{Share: 1 - asked, Interval: s.LoadInterval.Seconds()})
	} else {
		// Each hour of questions is taken for a sitting of its own, after which
		// loads go on for a while as often as before.
		after := math.Min(1-asked, math.Ceil(s.QueryHours)*askedForSeconds/86_400)
		phases = append(phases, Phase{Share: after, Interval: s.LoadInterval.Seconds()},
			Phase{Share: 1 - asked - after, Interval: s.IdleLoadInterval.Seconds()})
	}
	for i := range phases {
		p := &phases[i]
		p.Loads = p.Share * math.Min(secondsPerMonth/p.Interval, f.Calls)
		if p.Loads > 0 {
			p.Seconds = loadSeconds + p.Share*f.Events/p.Loads/s.loadRate()
		}
	}
	return phases
}

// FlowOf is the flow of a scenario.
func FlowOf(s Scenario) Flow {
	f := Flow{Events: s.EventsPerSecond * secondsPerMonth}
	// A batch is sent when it is full, in events or bytes, or when its first
	// event has waited long enough. One sender: more of them send smaller ones.
	full := math.Min(float64(s.BatchEvents), math.Max(1, float64(dataloaf.DefaultMaxBatchBytes/s.EventBytes)))
	f.Batch = math.Max(1, math.Min(full, s.EventsPerSecond*dataloaf.DefaultFlushInterval.Seconds()))
	f.Calls = f.Events / f.Batch
	f.Bytes = f.Events * float64(s.EventBytes)
	f.Billed = f.Calls * rounded(f.Batch*float64(s.EventBytes))
	f.Unpacked = f.Events * rounded(float64(s.EventBytes))
	f.Objects = math.Max(math.Min(f.Calls, secondsPerMonth/bufferSeconds), f.Bytes/bufferBytes)
	if s.Warehouse == None {
		return f
	}
	f.Runs = secondsPerMonth / s.LoadInterval.Seconds()
	f.Phases = s.phases(f)
	for _, p := range f.Phases {
		f.Loads += p.Loads
		f.LoadSeconds = math.Max(f.LoadSeconds, p.Seconds)
	}
	return f
}

// loadRate is events a second.
func (s Scenario) loadRate() float64 {
	if s.Warehouse == Provisioned {
		// AWS gives no RPUs for nodes; an ra3.large is taken for 4, an ra3.xlplus
		// for 8, as their processors and memory suggest. No price hangs on it.
		perNode := map[string]float64{"ra3.large": 4, "ra3.xlplus": 8}[s.NodeType]
		return loadedPerRPUSecond * perNode * float64(s.Nodes)
	}
	return loadedPerRPUSecond * float64(s.RPU)
}

func rounded(bytes float64) float64 { return math.Ceil(bytes/firehoseRound) * firehoseRound }

// Awake is how much of the time Redshift Serverless is awake, from 0 to 1, and
// because of what. Who is awake already is not woken, so the parts add up.
type Awake struct {
	Questions, Loads, Updates float64
}

// Total is the share of the time.
func (a Awake) Total() float64 { return a.Questions + a.Loads + a.Updates }

// AwakeOf is how much of the time the warehouse of a scenario is awake.
func AwakeOf(s Scenario, f Flow) Awake {
	// Updates come when they like: two within a minute share a wake-up.
	updates := 1 - math.Exp(-s.UpdatesPerHour/3600*wakeSeconds)
	var a Awake
	a.Questions = s.QueryHours / 24
	for _, p := range f.Phases {
		if !p.Asked {
			a.Loads += p.Loads * p.busy() / secondsPerMonth
		}
	}
	a.Updates = math.Max(0, 1-a.Questions-a.Loads) * updates
	return a
}

// Of estimates a scenario that has been checked.
func Of(s Scenario) Estimate {
	e := Estimate{Region: Region, Scenario: s, Warnings: []string{}, Notes: []string{}}
	f := FlowOf(s)
	e.collection(f)
	e.storage(f)
	if s.Warehouse != None {
		e.loading(f)
		e.page()
	}
	e.watching(f)
	e.out(f)
	for _, l := range e.Lines {
		e.Dollars += l.Dollars
	}
	if f.Events > 0 {
		perMillion := e.Dollars / (f.Events / 1e6)
		e.PerMillion = &perMillion
	}
	e.remark(f)
	return e
}

// add bills a quantity, counted in single units of the price's unit.
func (e *Estimate) add(service, what string, quantity float64, unit string, p Price) {
	e.Lines = append(e.Lines, Line{service, what, quantity, unit, p.Cost(quantity), p.Key})
}

func (e *Estimate) updates() float64 { return e.Scenario.UpdatesPerHour * hoursPerMonth }

func (e *Estimate) collection(f Flow) {
	calls := f.Calls + e.updates()
	e.add("API Gateway", "calls", calls, "calls", gatewayRequests)
	e.add("Lambda", "requests", calls+f.Runs, "requests", lambdaRequests)
	seconds := f.Calls*callSeconds + f.Events*eventSeconds + e.updates()*updateSeconds +
		(f.Runs-f.Loads)*idleRunSeconds
	for _, p := range f.Phases {
		seconds += p.Loads * math.Min(p.Seconds, lambdaSeconds)
	}
	e.add("Lambda", "time", seconds*lambdaGB, "GB-s", lambdaDuration)
	e.add("Firehose", "data in", f.Billed/gb, "GB", firehoseIngested)
}

func (e *Estimate) storage(f Flow) {
	months := float64(e.Scenario.RetentionMonths)
	e.add("S3", "raw data", f.Bytes/gzipRatio/gb*months, "GB-months", s3Storage)
	puts := f.Objects + f.Loads*manifestsPerLoad + e.updates()
	gets := f.Objects * getsPerObject
	if e.Scenario.IdleLoadInterval > 0 {
		gets += f.Runs * marksPerRun
		puts += e.Scenario.QueryHours * daysPerMonth * asksPerHour
	}
	e.add("S3", "PUT", puts, "requests", s3Puts)
	e.add("S3", "GET", gets, "requests", s3Gets)
	// The notification of each object is sent, received and deleted; an empty
	// queue is asked all the same, and Lambda waits on the retry queue.
	asked := f.Runs*requestsPerRun + pollersPerQueue*secondsPerMonth/pollSeconds
	e.add("SQS", "requests", f.Objects*(1+2/receivedAtOnce)+asked, "requests", sqsRequests)
}

func (e *Estimate) loading(f Flow) {
	s := e.Scenario
	if s.Warehouse == Provisioned {
		price := nodePrices[s.NodeType]
		e.add("Redshift", s.NodeType, float64(s.Nodes)*hoursPerMonth, "hours", price)
	} else {
		a := AwakeOf(s, f)
		share := 1.0
		e.RPUHours = a.Total() * 24 * float64(s.RPU)
		if s.RPUHoursPerDay > 0 && e.RPUHours > s.RPUHoursPerDay {
			share = s.RPUHoursPerDay / e.RPUHours
			e.Warnings = append(e.Warnings, fmt.Sprintf(
				"The warehouse would work %.0f RPU-hours a day; the limit of %g switches it off until midnight UTC. Events are collected meanwhile and loaded later.",
				e.RPUHours, s.RPUHoursPerDay))
			e.RPUHours = s.RPUHoursPerDay
		}
		hours := share * hoursPerMonth * float64(s.RPU)
		e.add("Redshift", "woken by loads", a.Loads*hours, "RPU-hours", rpuHours)
		e.add("Redshift", "woken by questions", a.Questions*hours, "RPU-hours", rpuHours)
		e.add("Redshift", "woken by updates", a.Updates*hours, "RPU-hours", rpuHours)
	}
	e.add("Redshift", "storage", f.Bytes*warehouseRatio/gb*float64(s.RetentionMonths), "GB-months", managedStorage)
	e.add("Secrets Manager", "secrets", ownSecrets+managedSecrets, "secrets", secrets)
	e.add("Secrets Manager", "calls", f.Loads*secretsPerLoad, "calls", secretCalls)
	e.add("VPC", "interface endpoints", float64(interfaceEndpoints*s.EndpointZones)*hoursPerMonth, "hours", endpointHours)
	e.add("VPC", "data through them", (f.Objects*messageBytes+f.Loads*messageBytes)/gb, "GB", endpointData)
}

func (e *Estimate) page() {
	e.add("EC2", "t4g.small", hoursPerMonth, "hours", instance)
	e.add("EC2", "disk", diskGB, "GB-months", disk)
	addresses := 1.0
	if e.Scenario.Domain {
		e.add("Load balancer", "hours", hoursPerMonth, "hours", balancer)
		e.add("Load balancer", "capacity units", hoursPerMonth*capacityUnits, "LCU-hours", balancerUnits)
		e.add("Route 53", "hosted zone", 1, "zones", hostedZone)
		addresses += balancerZones
	}
	e.add("VPC", "public IPv4 addresses", addresses*hoursPerMonth, "hours", address)
}

func (e *Estimate) watching(f Flow) {
	written := ((f.Calls+e.updates())*callLogBytes + f.Runs*runLogBytes) / gb
	e.add("CloudWatch", "logs, written", written, "GB", logsIngested)
	e.add("CloudWatch", "logs, kept a month", written, "GB-months", logsStored)
	e.add("CloudWatch", "alarms", alarmCount, "alarms", alarms)
	e.add("CloudWatch", "metrics", metricFilters, "metrics", customMetrics)
	e.add("CloudWatch", "dashboard", dashboardCount, "dashboards", dashboards)
	e.add("SNS", "alarm e-mails", mailsPerMonth, "e-mails", mails)
}

func (e *Estimate) out(f Flow) {
	sent := (f.Calls + e.updates()) * answerBytes / gb
	if e.Scenario.Warehouse != None {
		sent += e.Scenario.QueryHours * daysPerMonth * pageGB
	}
	e.add("Data transfer", "out", sent, "GB", dataOut)
	// The services stand together, whatever part they play.
	var order []string
	for _, l := range e.Lines {
		if !slices.Contains(order, l.Service) {
			order = append(order, l.Service)
		}
	}
	slices.SortStableFunc(e.Lines, func(a, b Line) int {
		return slices.Index(order, a.Service) - slices.Index(order, b.Service)
	})
}

func (e *Estimate) remark(f Flow) {
	s := e.Scenario
	for _, p := range f.Phases {
		interval := time.Duration(p.Interval) * time.Second
		if p.Loads > 0 && p.Seconds+tailSeconds > p.Interval {
			e.Warnings = append(e.Warnings, fmt.Sprintf("A load would take about %.0f s, longer than the interval of %v: the warehouse falls behind. Give it more RPUs or nodes.", p.Seconds, interval))
			break
		}
		if p.Seconds > lambdaSeconds {
			e.Warnings = append(e.Warnings, fmt.Sprintf("A load would take about %.0f s; its Lambda has %.0f. Give the warehouse more RPUs or nodes, or load more often.", p.Seconds, lambdaSeconds))
			break
		}
	}
	if s.Warehouse == Serverless {
		hour := rpuHours.Cost(float64(s.RPU) * daysPerMonth)
		e.Notes = append(e.Notes, fmt.Sprintf("Each hour a day in which people ask adds up to $%.2f a month (--query-hours).", hour))
	}
	if f.Events > 0 {
		month := s3Storage.Cost(f.Bytes / gzipRatio / gb)
		if s.Warehouse != None {
			month += managedStorage.Cost(f.Bytes * warehouseRatio / gb)
		}
		e.Notes = append(e.Notes, fmt.Sprintf("Each further month of data that is kept adds $%.2f a month (--retention-months).", month))
	}
	e.Notes = append(e.Notes, "List prices of "+Region+", on demand, without free tier, tax and support. docs/costs.md has the sources and assumptions.")
}

// SmallestRPU is the scenario with the fewest RPUs whose loads end within the
// interval and the Lambda's time; false when none are enough.
func SmallestRPU(s Scenario) (Scenario, bool) {
	return smallestRPU(s, 4)
}

// falls tells whether a warehouse falls behind.
func falls(s Scenario) bool {
	return slices.ContainsFunc(FlowOf(s).Phases, func(p Phase) bool { return p.Loads > 0 && !p.fits() })
}

// smallestRPU is SmallestRPU from a number of RPUs on.
func smallestRPU(s Scenario, least int) (Scenario, bool) {
	for s.RPU = least; s.RPU <= 512; s.RPU += 8 - s.RPU%8 {
		if !falls(s) {
			return s, true
		}
	}
	return s, false
}
