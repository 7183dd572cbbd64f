// Package insight holds the questions that DataLoaf answers: their types, how
// they are read from JSON and checked, and the shape of the answers. It knows
// nothing of databases.
package insight

import (
	"time"
)

// Limits of a query.
const (
	// MaxBuckets is the number of intervals that one query may ask for.
	MaxBuckets = 50_000
	// MaxSeries is the number of series of a trend.
	MaxSeries = 10
	// MaxConditions is the number of conditions of one filter.
	MaxConditions = 100
	// MinSteps is the least number of steps of a funnel.
	MinSteps = 2
	// MaxSteps is the most.
	MaxSteps = 10
	// MaxPeriods is the number of buckets that a retention looks ahead.
	MaxPeriods = 60
	// MaxPathSteps is the number of events that a path goes on for.
	MaxPathSteps = 5
	// DefaultPathLimit is how many events a step of paths names when the query
	// does not say.
	DefaultPathLimit = 10
	// MaxPathLimit is how many it may ask for.
	MaxPathLimit = 50
	// DefaultGroups is how many groups a breakdown names when it does not say.
	DefaultGroups = 10
	// MaxGroups is how many it may ask for.
	MaxGroups = 1000
	// MaxCells is the number of values that one answer holds at most: groups
	// times buckets.
	MaxCells = 5_000_000
	// MaxValues is the number of values that all conditions of a query have
	// together. It keeps a statement below the 32,767 parameters that the
	// PostgreSQL protocol allows on Redshift.
	MaxValues = 10_000
)

// Kind is the sort of insight.
type Kind string

// The kinds.
const (
	KindTrend      Kind = "trend"
	KindFunnel     Kind = "funnel"
	KindRetention  Kind = "retention"
	KindStickiness Kind = "stickiness"
	KindLifecycle  Kind = "lifecycle"
	KindPaths      Kind = "paths"
)

// Query is one question. Parse makes it; a Query that Parse returned is valid.
type Query struct {
	Kind Kind
	// Range is when: the events outside of it take no part.
	Range Range
	// Zone decides hours, days and weeks.
	Zone *time.Location
	// Filter applies to every event of every series.
	Filter Filter

	// Interval belongs to every kind but KindFunnel and KindPaths.
	Interval Interval
	// Series belongs to KindTrend and, without aggregations, KindStickiness.
	Series []Series
	// Compare belongs to KindTrend.
	Compare Compare

	// Formulas belong to KindTrend.
	Formulas []Formula

	// Breakdown splits a trend or a funnel into groups; nil does not.
	Breakdown *Breakdown

	// Steps and Window belong to KindFunnel.
	Steps  []Step
	Window time.Duration

	// CohortEvent, ReturnEvent and Periods belong to KindRetention. The events
	// are names or AnyEvent.
	CohortEvent, ReturnEvent string
	Periods                  int

	// Explain asks for the SQL beside the answer, Refresh for an answer that is
	// not a kept one. Neither changes what is answered.
	Explain, Refresh bool

	// Event belongs to KindLifecycle and KindPaths: a name, or AnyEvent.
	Event string

	// Direction, PathSteps and PathLimit belong to KindPaths, beside Window.
	Direction Direction
	// PathSteps is how many events after or before Event are looked at.
	PathSteps int
	// PathLimit is how many events of a step are named.
	PathLimit int
}

// Direction is where the paths of KindPaths lead from their event.
type Direction string

// The directions.
const (
	After  Direction = "after"
	Before Direction = "before"
)

// Compare is what a trend is set beside; empty is nothing.
type Compare string

// PreviousPeriod is the same number of days, or hours, just before the range.
const PreviousPeriod Compare = "previous_period"

// Breakdown splits events or users into groups by the text of a property.
type Breakdown struct {
	Scope    Scope
	Property string
	// Limit is how many groups are named; the others are one group together.
	Limit int
}

// Step is one step of a funnel.
type Step struct {
	// Event is the event's name, or AnyEvent.
	Event  string
	Filter Filter
}

// Interval is the length of a trend's buckets.
type Interval string

// The intervals.
const (
	Hour    Interval = "hour"
	Day     Interval = "day"
	Week    Interval = "week"
	Month   Interval = "month"
	Quarter Interval = "quarter"
	Year    Interval = "year"
)

// AnyEvent as a series' event takes events of every name.
const AnyEvent = "*"

// Series is one line of a trend.
type Series struct {
	// Event is the event's name, or AnyEvent.
	Event       string
	Aggregation Aggregation
	Filter      Filter
}

// Aggregation is what a series computes of the events in a bucket.
type Aggregation struct {
	Type AggregationType `json:"type"`
	// Property is the event property that the type is computed over; empty for
	// types that count events and users.
	Property string `json:"property,omitempty"`
}

// AggregationType names a computation.
type AggregationType string

// The aggregation types. Those up to MaxPerUser count events and users, the
// others need a property.
const (
	Total          AggregationType = "total"
	UniqueUsers    AggregationType = "unique_users"
	AveragePerUser AggregationType = "average_per_user"
	MedianPerUser  AggregationType = "median_per_user"
	MinPerUser     AggregationType = "min_per_user"
	MaxPerUser     AggregationType = "max_per_user"
	Sum            AggregationType = "sum"
	Average        AggregationType = "average"
	Median         AggregationType = "median"
	Min            AggregationType = "min"
	Max            AggregationType = "max"
	P90            AggregationType = "p90"
	P95            AggregationType = "p95"
	P99            AggregationType = "p99"
)

// NeedsProperty tells whether the type is computed over a property.
func (t AggregationType) NeedsProperty() bool {
	switch t {
	case Sum, Average, Median, Min, Max, P90, P95, P99:
		return true
	default:
		return false
	}
}

// ZeroWhenEmpty tells whether a bucket without events gives 0, not null.
func (t AggregationType) ZeroWhenEmpty() bool {
	return t == Total || t == UniqueUsers || t == Sum
}

// Match tells how the conditions of a filter combine.
type Match string

// The two ways.
const (
	MatchAll Match = "all"
	MatchAny Match = "any"
)

// Filter chooses events. Without conditions it takes them all, whatever Match.
type Filter struct {
	Match      Match
	Conditions []Condition
}

// Scope says whose property a condition looks at.
type Scope string

// The scopes.
const (
	// ScopeEvent is a property of the event.
	ScopeEvent Scope = "event"
	// ScopeUser is an attribute of the event's user as it is now.
	ScopeUser Scope = "user"
	// ScopeCohort is whether the event's user belongs to a cohort. Only
	// conditions have it.
	ScopeCohort Scope = "cohort"
)

// Operator compares a property with a value.
type Operator string

// The operators.
const (
	Equals         Operator = "equals"
	NotEquals      Operator = "not_equals"
	In             Operator = "in"
	NotIn          Operator = "not_in"
	Contains       Operator = "contains"
	NotContains    Operator = "not_contains"
	GreaterThan    Operator = "greater_than"
	GreaterOrEqual Operator = "greater_or_equal"
	LessThan       Operator = "less_than"
	LessOrEqual    Operator = "less_or_equal"
	IsSet          Operator = "is_set"
	IsNotSet       Operator = "is_not_set"
)

// Condition is one comparison.
type Condition struct {
	Scope    Scope
	Property string
	Operator Operator
	// Values are what the property is compared with: none for IsSet and
	// IsNotSet, any number for In and NotIn, one for the others.
	Values []Scalar

	// CohortID belongs to ScopeCohort. Cohort is the definition of that id, once
	// it was looked up, and Field where the condition stands in the query.
	CohortID string
	Cohort   *Cohort
	Field    string
}

// ScalarType is the JSON type of a Scalar.
type ScalarType int

// The types of a scalar.
const (
	StringScalar ScalarType = iota
	NumberScalar
	BoolScalar
)

// Scalar is a JSON string, number or boolean. It never equals a scalar of
// another type: "10" is not 10.
type Scalar struct {
	Type   ScalarType
	String string
	Number float64
	Bool   bool
}
