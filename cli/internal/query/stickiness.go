package query

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// stickiness is the part of a stickiness' answer that a table shows.
type stickiness struct {
	Series []struct {
		Event     string  `json:"event"`
		Intervals []int   `json:"intervals"`
		Users     []int64 `json:"users"`
	} `json:"series"`
}

// renderStickiness has a row for each number of intervals and a column for each
// series. The rows after the last that has users are left out: a year of days
// would fill a screen with zeros.
func renderStickiness(answer []byte) ([]byte, error) {
	var s stickiness
	if err := json.Unmarshal(answer, &s); err != nil {
		return nil, err
	}
	rows := 0
	for _, series := range s.Series {
		if len(series.Users) != len(series.Intervals) {
			return nil, fmt.Errorf("%q has %d values for %d numbers of intervals", series.Event, len(series.Users), len(series.Intervals))
		}
		for i, users := range series.Users {
			if users > 0 {
				rows = max(rows, i+1)
			}
		}
	}
	lead := column{title: "intervals"}
	for i := range rows {
		lead.cells = append(lead.cells, strconv.Itoa(i+1))
	}
	lead.cells = append(lead.cells, "users")
	columns := []column{lead}
	for _, series := range s.Series {
		c := column{title: series.Event}
		total := int64(0)
		for i := range rows {
			users := int64(0)
			if i < len(series.Users) {
				users = series.Users[i]
			}
			total += users
			c.cells = append(c.cells, strconv.FormatInt(users, 10))
		}
		c.cells = append(c.cells, strconv.FormatInt(total, 10))
		columns = append(columns, c)
	}
	return draw(columns, 0, rows), nil
}
