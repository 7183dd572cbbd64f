package insight

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Answer is the answer to a Query.
type Answer struct {
	Kind Kind
	// Buckets are the starts of a trend's or a lifecycle's intervals, in the
	// query's zone.
	Buckets []time.Time
	// Series are in the order of the query's. With a breakdown each is there
	// once for every group, the largest first, then the rest, then the group
	// without the property.
	Series []SeriesAnswer
	// Formulas are in the order of the query's, with a breakdown each in its
	// groups; nil for a query without formulas.
	Formulas []FormulaAnswer
	// Steps are a funnel's.
	Steps []StepAnswer
	// Groups are a funnel's groups in the order of Series' groups; nil without a
	// breakdown.
	Groups []FunnelGroup
	// Cohorts are a retention's.
	Cohorts []CohortAnswer
	// Stickiness has one for each series of the query.
	Stickiness []StickinessAnswer
	// Lifecycle is a lifecycle's.
	Lifecycle LifecycleAnswer
	// Paths are the steps of paths, the first next to the event; PathUsers is how
	// many users did the event, and PathEvent is its name.
	Paths     []PathStep
	PathUsers int64
	PathEvent string
	// Elapsed is how long the answer took.
	Elapsed time.Duration

	// Data is the state of the warehouse that the answer is of.
	Data Data
	// Cached is true when the answer was kept from an equal question.
	Cached bool
	// Explain is there for a query that asks for it.
	Explain *Explanation
}

// OtherGroup is the text of the group that holds the values beyond a
// breakdown's limit. A property may have the same text for a value; that one's
// group is ranked among the others, and the rest comes after all of them.
const OtherGroup = "$other"

// SeriesAnswer is one line of a trend.
type SeriesAnswer struct {
	Event       string
	Aggregation Aggregation
	// Group is the breakdown's; nil for the group without the property, and
	// without a breakdown.
	Group *string
	// Count is the number of the series' events in the range.
	Count int64
	// Values has one value for each bucket.
	Values Values
	// Previous is there for a query with PreviousPeriod.
	Previous *Previous
}

// Previous is what a series was in the period before.
type Previous struct {
	// Count is the number of events in the whole of that period.
	Count int64 `json:"count"`
	// Values has one value for each bucket of the answer: its n-th is that of
	// the period's n-th bucket, or missing where there is none.
	Values Values `json:"values"`
}

// StepAnswer is one step of a funnel.
type StepAnswer struct {
	Event string
	// Users is how many reached the step.
	Users int64
	// Conversion is their share of the users of the first step; 0 where there
	// are none.
	Conversion float64
	// StepConversion is their share of the users of the step before; NaN where
	// there are none, and for the first step.
	StepConversion float64
	// MedianSeconds is the median over them of the time since the step before;
	// NaN where there are none, and for the first step.
	MedianSeconds float64
}

// FunnelGroup is the funnel of one group of users.
type FunnelGroup struct {
	// Group is nil for the group without the property.
	Group *string
	Steps []StepAnswer
}

// CohortAnswer is one cohort of a retention.
type CohortAnswer struct {
	// Start is the start of the cohort's bucket, in the query's zone.
	Start time.Time
	// Size is the number of its users.
	Size int64
	// Values is how many of them returned in the bucket after so many others.
	Values []int64
}

// Values are numbers of which some may be missing: those are NaN here and
// null in JSON.
type Values []float64

// MarshalJSON writes an array of numbers and nulls.
func (v Values) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+4*len(v)), '[')
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			b = append(b, "null"...)
			continue
		}
		number, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("write value %v: %w", f, err)
		}
		b = append(b, number...)
	}
	return append(b, ']'), nil
}

// MarshalJSON writes the shape of the contract.
func (s SeriesAnswer) MarshalJSON() ([]byte, error) {
	values := s.Values
	if values == nil {
		values = Values{}
	}
	return json.Marshal(struct {
		Event       string      `json:"event"`
		Aggregation Aggregation `json:"aggregation"`
		Breakdown   *string     `json:"breakdown"`
		Count       int64       `json:"count"`
		Values      Values      `json:"values"`
		Previous    *Previous   `json:"previous,omitempty"`
	}{s.Event, s.Aggregation, s.Group, s.Count, values, s.Previous})
}

// MarshalJSON writes the shape of the contract.
func (s StepAnswer) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Event          string   `json:"event"`
		Users          int64    `json:"users"`
		Conversion     float64  `json:"conversion"`
		StepConversion *float64 `json:"step_conversion"`
		MedianSeconds  *float64 `json:"median_seconds"`
	}{s.Event, s.Users, s.Conversion, orNull(s.StepConversion), orNull(s.MedianSeconds)})
}

func orNull(f float64) *float64 {
	if math.IsNaN(f) {
		return nil
	}
	return &f
}

// MarshalJSON writes the shape of the contract.
func (g FunnelGroup) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Breakdown *string      `json:"breakdown"`
		Steps     []StepAnswer `json:"steps"`
	}{g.Group, g.Steps})
}

// MarshalJSON writes the shape of the contract.
func (c CohortAnswer) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Cohort string  `json:"cohort"`
		Size   int64   `json:"size"`
		Values []int64 `json:"values"`
	}{c.Start.Format(time.RFC3339), c.Size, c.Values})
}

// marshalKind writes the fields of the answer's kind.
func (a Answer) marshalKind() ([]byte, error) {
	switch a.Kind {
	case KindFunnel:
		return json.Marshal(struct {
			Kind   Kind          `json:"kind"`
			Steps  []StepAnswer  `json:"steps"`
			Groups []FunnelGroup `json:"groups,omitzero"`
		}{a.Kind, orEmpty(a.Steps), a.Groups})
	case KindRetention:
		return json.Marshal(struct {
			Kind    Kind           `json:"kind"`
			Cohorts []CohortAnswer `json:"cohorts"`
		}{a.Kind, orEmpty(a.Cohorts)})
	case KindStickiness:
		return json.Marshal(struct {
			Kind   Kind               `json:"kind"`
			Series []StickinessAnswer `json:"series"`
		}{a.Kind, orEmpty(a.Stickiness)})
	case KindLifecycle:
		return a.lifecycleJSON()
	case KindPaths:
		return json.Marshal(struct {
			Kind  Kind       `json:"kind"`
			Event string     `json:"event"`
			Users int64      `json:"users"`
			Steps []PathStep `json:"steps"`
		}{a.Kind, a.PathEvent, a.PathUsers, orEmpty(a.Paths)})
	}
	buckets := a.bucketTexts()
	return json.Marshal(struct {
		Kind     Kind            `json:"kind"`
		Buckets  []string        `json:"buckets"`
		Series   []SeriesAnswer  `json:"series"`
		Formulas []FormulaAnswer `json:"formulas,omitzero"`
		Elapsed  int64           `json:"elapsed_ms"`
	}{a.Kind, buckets, orEmpty(a.Series), a.Formulas, a.Elapsed.Milliseconds()})
}

func (a Answer) bucketTexts() []string {
	buckets := make([]string, len(a.Buckets))
	for i, t := range a.Buckets {
		buckets[i] = t.Format(time.RFC3339)
	}
	return buckets
}

// orEmpty makes sure that an empty list is [] in JSON and not null.
func orEmpty[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
