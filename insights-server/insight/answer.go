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
	// Buckets are the starts of a trend's intervals, in the query's zone.
	Buckets []time.Time
	// Series are in the order of the query's.
	Series []SeriesAnswer
	// Elapsed is how long the answer took.
	Elapsed time.Duration
}

// SeriesAnswer is one line of a trend.
type SeriesAnswer struct {
	Event       string
	Aggregation Aggregation
	// Count is the number of the series' events in the range.
	Count int64
	// Values has one value for each bucket.
	Values Values
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
		// Breakdown is null: no query has one yet.
		Breakdown *string `json:"breakdown"`
		Count     int64   `json:"count"`
		Values    Values  `json:"values"`
	}{s.Event, s.Aggregation, nil, s.Count, values})
}

// MarshalJSON writes the shape of the contract.
func (a Answer) MarshalJSON() ([]byte, error) {
	buckets := make([]string, len(a.Buckets))
	for i, t := range a.Buckets {
		buckets[i] = t.Format(time.RFC3339)
	}
	series := a.Series
	if series == nil {
		series = []SeriesAnswer{}
	}
	return json.Marshal(struct {
		Kind    Kind           `json:"kind"`
		Buckets []string       `json:"buckets"`
		Series  []SeriesAnswer `json:"series"`
		Elapsed int64          `json:"elapsed_ms"`
	}{a.Kind, buckets, series, a.Elapsed.Milliseconds()})
}
