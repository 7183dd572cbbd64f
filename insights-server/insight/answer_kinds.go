package insight

import "encoding/json"

// StickinessAnswer is one series of a stickiness.
type StickinessAnswer struct {
	Event string
	// Users has, at index n-1, how many users did the event in exactly n
	// intervals of the range.
	Users []int64
}

// MarshalJSON writes the numbers of intervals beside the users.
func (s StickinessAnswer) MarshalJSON() ([]byte, error) {
	intervals := make([]int, len(s.Users))
	for i := range intervals {
		intervals[i] = i + 1
	}
	return json.Marshal(struct {
		Event     string  `json:"event"`
		Intervals []int   `json:"intervals"`
		Users     []int64 `json:"users"`
	}{s.Event, intervals, orEmpty(s.Users)})
}

// LifecycleAnswer has the users of each bucket. A user who did the event in a
// bucket is new, returning or resurrecting there; one who did not, but did in
// the bucket before, is dormant.
type LifecycleAnswer struct {
	// New did the event for the first time ever.
	New []int64
	// Returning did it in the bucket before, too.
	Returning []int64
	// Resurrecting did it before, but not in the bucket before.
	Resurrecting []int64
	// Dormant did it in the bucket before, and not in this one.
	Dormant []int64
}

// NewLifecycleAnswer has no users in so many buckets.
func NewLifecycleAnswer(buckets int) LifecycleAnswer {
	return LifecycleAnswer{make([]int64, buckets), make([]int64, buckets), make([]int64, buckets), make([]int64, buckets)}
}

func (a Answer) lifecycleJSON() ([]byte, error) {
	l := a.Lifecycle
	return json.Marshal(struct {
		Kind         Kind     `json:"kind"`
		Buckets      []string `json:"buckets"`
		New          []int64  `json:"new"`
		Returning    []int64  `json:"returning"`
		Resurrecting []int64  `json:"resurrecting"`
		Dormant      []int64  `json:"dormant"`
	}{a.Kind, a.bucketTexts(), orEmpty(l.New), orEmpty(l.Returning), orEmpty(l.Resurrecting), orEmpty(l.Dormant)})
}

// FormulaAnswer is what a formula makes of the series' values, or of those of
// one group.
type FormulaAnswer struct {
	Name, Expression string
	// Group is as in a SeriesAnswer.
	Group  *string
	Values Values
	// Previous is there for a query with PreviousPeriod.
	Previous *Values
}

// MarshalJSON writes what the API says of a formula.
func (f FormulaAnswer) MarshalJSON() ([]byte, error) {
	type previous struct {
		Values Values `json:"values"`
	}
	var before *previous
	if f.Previous != nil {
		before = &previous{*f.Previous}
	}
	values := f.Values
	if values == nil {
		values = Values{}
	}
	return json.Marshal(struct {
		Name       string    `json:"name"`
		Expression string    `json:"expression"`
		Breakdown  *string   `json:"breakdown"`
		Values     Values    `json:"values"`
		Previous   *previous `json:"previous,omitempty"`
	}{f.Name, f.Expression, f.Group, values, before})
}

// PathStep is one step of paths.
type PathStep struct {
	// Events are those of the step, the commonest first, then the rest.
	Events []PathEvent `json:"events"`
	// Links lead to them from those of the step before, or from the paths'
	// event, the most used first.
	Links []PathLink `json:"links"`
	// Ended is how many users came to the step before, and no further.
	Ended int64 `json:"ended"`
}

// PathEvent is an event at a step.
type PathEvent struct {
	// Event is nil for the rest: the events that the limit leaves out.
	Event *string `json:"event"`
	Users int64   `json:"users"`
}

// PathLink is how many users went from one event to the next. Nil is the rest.
type PathLink struct {
	From  *string `json:"from"`
	To    *string `json:"to"`
	Users int64   `json:"users"`
}
