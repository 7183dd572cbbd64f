package query

import (
	"encoding/json"
	"strconv"
)

// renderPaths has a row for each link of a step, the most used first, and one
// for those whose path ends before it.
func renderPaths(answer []byte) ([]byte, error) {
	var p struct {
		Users int64 `json:"users"`
		Steps []struct {
			Links []struct {
				From  *string `json:"from"`
				To    *string `json:"to"`
				Users int64   `json:"users"`
			} `json:"links"`
			Ended int64 `json:"ended"`
		} `json:"steps"`
	}
	if err := json.Unmarshal(answer, &p); err != nil {
		return nil, err
	}
	name := func(event *string) string {
		if event == nil {
			return "(others)"
		}
		return *event
	}
	columns := []column{{title: "step", text: true}, {title: "from", text: true}, {title: "to", text: true}, {title: "users"}, {title: "share"}}
	var lines []int
	add := func(cells ...string) {
		for i, cell := range cells {
			columns[i].cells = append(columns[i].cells, cell)
		}
	}
	part := func(users int64) string {
		if p.Users == 0 {
			return "-"
		}
		share := float64(users) / float64(p.Users)
		return percent(&share)
	}
	for k, s := range p.Steps {
		lines = append(lines, len(columns[0].cells))
		step := strconv.Itoa(k + 1)
		for _, l := range s.Links {
			add(step, name(l.From), name(l.To), strconv.FormatInt(l.Users, 10), part(l.Users))
			step = "" // once a step
		}
		add(step, "", "(ended)", strconv.FormatInt(s.Ended, 10), part(s.Ended))
	}
	return draw(columns, lines...), nil
}
