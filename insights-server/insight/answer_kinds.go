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
