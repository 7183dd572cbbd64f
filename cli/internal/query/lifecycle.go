package query

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// renderLifecycle has a row for each bucket.
func renderLifecycle(answer []byte) ([]byte, error) {
	var l struct {
		Buckets      []string `json:"buckets"`
		New          []int64  `json:"new"`
		Returning    []int64  `json:"returning"`
		Resurrecting []int64  `json:"resurrecting"`
		Dormant      []int64  `json:"dormant"`
	}
	if err := json.Unmarshal(answer, &l); err != nil {
		return nil, err
	}
	columns := []column{{title: "start", cells: starts(l.Buckets), text: true}}
	for _, state := range []struct {
		title string
		users []int64
	}{{"new", l.New}, {"returning", l.Returning}, {"resurrecting", l.Resurrecting}, {"dormant", l.Dormant}} {
		if len(state.users) != len(l.Buckets) {
			return nil, fmt.Errorf("%q has %d values for %d buckets", state.title, len(state.users), len(l.Buckets))
		}
		c := column{title: state.title}
		for _, users := range state.users {
			c.cells = append(c.cells, strconv.FormatInt(users, 10))
		}
		columns = append(columns, c)
	}
	return draw(columns, 0), nil
}
