package writer

import (
	"reflect"
	"testing"
	"time"
)

func TestPeriodsLeaveOutTheDaysBetween(t *testing.T) {
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	many := make([]int, 0, 40)
	for i := range 20 {
		many = append(many, 10*i)
	}
	// The longest gaps stay: the two at the end, and of the others the first.
	many = append(many, 1000, 2000, 2001)
	for name, c := range map[string]struct {
		days []int
		want [][2]int
	}{
		"none":            {nil, nil},
		"one day":         {[]int{3}, [][2]int{{3, 4}}},
		"days in a row":   {[]int{3, 4, 5}, [][2]int{{3, 6}}},
		"a late event":    {[]int{-180, 0, 1}, [][2]int{{-180, -179}, {0, 2}}},
		"a day left out":  {[]int{0, 2}, [][2]int{{0, 1}, {2, 3}}},
		"too many":        {many, append(tens(13), [][2]int{{130, 191}, {1000, 1001}, {2000, 2002}}...)},
		"as many as fit":  {many[:16], tens(16)},
		"one more of all": {many[:17], append(tens(15), [2]int{150, 161})},
	} {
		days := make([]time.Time, len(c.days))
		for i, d := range c.days {
			days[i] = first.AddDate(0, 0, d)
		}
		var got [][2]int
		for _, p := range Periods(days) {
			got = append(got, [2]int{int(p.From.Sub(first).Hours() / 24), int(p.To.Sub(first).Hours() / 24)})
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// tens are n periods of a day, ten days apart.
func tens(n int) [][2]int {
	out := make([][2]int, n)
	for i := range out {
		out[i] = [2]int{10 * i, 10*i + 1}
	}
	return out
}
