package query

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// retention is the part of a retention's answer that a table shows.
type retention struct {
	Cohorts []struct {
		Cohort string  `json:"cohort"`
		Size   int64   `json:"size"`
		Values []int64 `json:"values"`
	} `json:"cohorts"`
}

// renderRetention has a row for each cohort and a column for each period after.
// The answer has 0 for periods that have not begun. Those cells are empty, and
// out of the last row: nobody could have come back yet.
func renderRetention(answer, question []byte, now time.Time) ([]byte, error) {
	var r retention
	if err := json.Unmarshal(answer, &r); err != nil {
		return nil, err
	}
	// Only the question has the interval. Without one every period counts as
	// begun.
	var asked struct {
		Interval string `json:"interval"`
	}
	_ = json.Unmarshal(question, &asked)
	periods := 0
	if len(r.Cohorts) > 0 {
		periods = len(r.Cohorts[0].Values)
	}
	labels := make([]string, 0, len(r.Cohorts))
	size := column{title: "size"}
	columns := make([]column, periods)
	returned, among := make([]int64, periods), make([]int64, periods)
	total := int64(0)
	for _, c := range r.Cohorts {
		if len(c.Values) != periods {
			return nil, fmt.Errorf("the cohort %q has %d values for %d periods", c.Cohort, len(c.Values), periods)
		}
		start, err := time.Parse(time.RFC3339, c.Cohort)
		if err != nil {
			return nil, err
		}
		labels = append(labels, c.Cohort)
		size.cells = append(size.cells, strconv.FormatInt(c.Size, 10))
		total += c.Size
		for k, v := range c.Values {
			// Clocks differ: who came back is shown, whatever this one says.
			if v == 0 && !begun(start, asked.Interval, k, now) {
				columns[k].cells = append(columns[k].cells, "")
				continue
			}
			returned[k] += v
			among[k] += c.Size
			columns[k].cells = append(columns[k].cells, share(v, c.Size))
		}
	}
	size.cells = append(size.cells, strconv.FormatInt(total, 10))
	for k := range columns {
		columns[k].title = strconv.Itoa(k)
		columns[k].cells = append(columns[k].cells, share(returned[k], among[k]))
	}
	lead := []column{{title: "cohort", cells: append(starts(labels), "all"), text: true}, size}
	return draw(append(lead, columns...), 0, len(r.Cohorts)), nil
}

// begun tells whether the k-th period after a cohort's has begun. The offset is
// that of the cohort's start, so that it may be an hour off after clocks change.
func begun(start time.Time, interval string, k int, now time.Time) bool {
	switch interval {
	case "day":
		start = start.AddDate(0, 0, k)
	case "week":
		start = start.AddDate(0, 0, 7*k)
	case "month":
		start = start.AddDate(0, k, 0)
	default:
		return true
	}
	return !start.After(now)
}

// share is a number of users and what part of the cohort they are, the part as
// wide as it gets so that the numbers are in line.
func share(users, of int64) string {
	if of == 0 {
		return "-"
	}
	part := float64(users) / float64(of)
	return fmt.Sprintf("%d %6s", users, percent(&part))
}
