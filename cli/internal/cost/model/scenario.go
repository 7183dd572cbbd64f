package model

import (
	"fmt"
	"math"
	"strings"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// The kinds of warehouse.
const (
	// Serverless is Redshift Serverless, billed while it is awake.
	Serverless = "serverless"
	// Provisioned is a cluster of RA3 nodes, billed by the hour.
	Provisioned = "provisioned"
	// None is a stack that only collects: no warehouse, no page.
	None = "none"
)

// nodePrices are the node types that have a price.
var nodePrices = map[string]Price{"ra3.large": ra3Large, "ra3.xlplus": ra3XLPlus}

// Scenario is what is asked for: a load on a stack, and how it is set up.
type Scenario struct {
	EventsPerSecond float64 `json:"events_per_second"`
	// EventBytes is one event as a line of JSON.
	EventBytes int `json:"event_bytes"`
	// BatchEvents is how many events a full call holds.
	BatchEvents int `json:"batch_events"`
	// UpdatesPerHour are calls of PATCH /v1/users; each wakes the warehouse.
	UpdatesPerHour float64 `json:"updates_per_hour"`
	// LoadInterval is the time between two runs of the loader.
	LoadInterval Interval `json:"load_interval"`
	// IdleLoadInterval is the time between two loads while nobody asks; 0 is
	// LoadInterval.
	IdleLoadInterval Interval `json:"idle_load_interval"`
	// QueryHours are the hours a day in which people ask.
	QueryHours float64 `json:"query_hours_per_day"`
	// RetentionMonths is how many months of data lie in S3 and the warehouse.
	RetentionMonths int    `json:"retention_months"`
	Warehouse       string `json:"warehouse_type"`
	// RPU is what Redshift Serverless works with; it does not grow beyond.
	RPU int `json:"rpu"`
	// RPUHoursPerDay is the limit after which it is switched off for the day; 0
	// means none.
	RPUHoursPerDay float64 `json:"rpu_hours_per_day"`
	NodeType       string  `json:"node_type"`
	Nodes          int     `json:"nodes"`
	// Domain puts a load balancer and a hosted zone before the page.
	Domain bool `json:"domain"`
	// EndpointZones is in how many zones the interface endpoints stand.
	EndpointZones int `json:"endpoint_zones"`
}

// Interval is a duration that is written as text, such as "3m0s".
type Interval time.Duration

// MarshalText writes the duration as Go does.
func (i Interval) MarshalText() ([]byte, error) { return []byte(time.Duration(i).String()), nil }

// Seconds is the duration in seconds.
func (i Interval) Seconds() float64 { return time.Duration(i).Seconds() }

// Default is the stack as the Terraform modules make it, at 100 events a second.
func Default() Scenario {
	return Scenario{
		EventsPerSecond: 100,
		EventBytes:      200,
		BatchEvents:     dataloaf.DefaultMaxBatchItems,
		LoadInterval:    Interval(3 * time.Minute),
		RetentionMonths: 1,
		Warehouse:       Serverless,
		RPU:             4,
		RPUHoursPerDay:  64,
		NodeType:        "ra3.large",
		Nodes:           1,
		EndpointZones:   1,
	}
}

// Invalid is a value that a scenario cannot have.
type Invalid struct {
	// Field is its name in JSON.
	Field string
	// Message says what it is, Remedy what it may be.
	Message, Remedy string
}

func (e *Invalid) Error() string { return e.Field + " " + e.Message }

// mostEventBytes is more than an event with the largest properties takes.
const mostEventBytes = 64 << 10

// maxNodes is the most that a cluster may have.
const maxNodes = 128

// most keeps the arithmetic far from where doubles lose whole numbers.
const most = 1e9

// Check refuses what the model has no answer for.
func (s Scenario) Check() error {
	outside := func(v, low, high float64) bool { return math.IsNaN(v) || v < low || v > high }
	interval := time.Duration(s.LoadInterval)
	switch {
	case outside(s.EventsPerSecond, 0, most):
		return &Invalid{"events_per_second", fmt.Sprintf("is %v", s.EventsPerSecond), "from 0 to a thousand million"}
	case s.EventBytes < 1 || s.EventBytes > mostEventBytes:
		return &Invalid{"event_bytes", fmt.Sprintf("is %d", s.EventBytes), fmt.Sprintf("from 1 to %d", mostEventBytes)}
	case s.BatchEvents < 1 || s.BatchEvents > wire.MaxItems:
		return &Invalid{"batch_events", fmt.Sprintf("is %d", s.BatchEvents), fmt.Sprintf("from 1 to %d, as the API takes", wire.MaxItems)}
	case outside(s.UpdatesPerHour, 0, most):
		return &Invalid{"updates_per_hour", fmt.Sprintf("is %v", s.UpdatesPerHour), "from 0 to a thousand million"}
	case interval < time.Minute || interval > 24*time.Hour || interval%time.Minute != 0:
		return &Invalid{"load_interval", fmt.Sprintf("is %v", interval), "whole minutes from 1m to 24h, as the schedule has"}
	case s.IdleLoadInterval != 0 && (s.IdleLoadInterval <= s.LoadInterval || s.IdleLoadInterval > Interval(24*time.Hour) || time.Duration(s.IdleLoadInterval)%time.Minute != 0):
		return &Invalid{"idle_load_interval", fmt.Sprintf("is %v", time.Duration(s.IdleLoadInterval)), "whole minutes above the load interval, up to 24h, or 0 to load as often whether somebody asks or not"}
	case outside(s.QueryHours, 0, 24):
		return &Invalid{"query_hours_per_day", fmt.Sprintf("is %v", s.QueryHours), "from 0 to 24"}
	case s.RetentionMonths < 1 || s.RetentionMonths > 1200:
		return &Invalid{"retention_months", fmt.Sprintf("is %d", s.RetentionMonths), "from 1 to 1200"}
	case s.Warehouse != Serverless && s.Warehouse != Provisioned && s.Warehouse != None:
		return &Invalid{"warehouse_type", fmt.Sprintf("is %q", s.Warehouse), strings.Join([]string{Serverless, Provisioned, None}, ", ")}
	case s.RPU != 4 && (s.RPU < 8 || s.RPU > 512 || s.RPU%8 != 0):
		return &Invalid{"rpu", fmt.Sprintf("is %d", s.RPU), "4, or a multiple of 8 up to 512"}
	case outside(s.RPUHoursPerDay, 0, most):
		return &Invalid{"rpu_hours_per_day", fmt.Sprintf("is %v", s.RPUHoursPerDay), "a number of hours, or 0 for no limit"}
	case nodePrices[s.NodeType].Key == "":
		return &Invalid{"node_type", fmt.Sprintf("is %q, for which there is no price", s.NodeType), "ra3.large or ra3.xlplus"}
	case s.Nodes < 1 || s.Nodes > maxNodes:
		return &Invalid{"nodes", fmt.Sprintf("is %d", s.Nodes), fmt.Sprintf("from 1 to %d", maxNodes)}
	case s.EndpointZones < 1 || s.EndpointZones > 6:
		return &Invalid{"endpoint_zones", fmt.Sprintf("is %d", s.EndpointZones), "from 1 to 6"}
	}
	return nil
}
