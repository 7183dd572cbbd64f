package httpapi

import (
	"slices"
	"strconv"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// stickinessRows has a row for each number of intervals, and a column for each
// series. Series of the same event are numbered.
func stickinessRows(a insight.Answer) [][]string {
	header := []string{"intervals"}
	seen := map[string]int{}
	for _, s := range a.Stickiness {
		name := s.Event
		seen[name]++
		if n := seen[name]; n > 1 {
			name += " #" + strconv.Itoa(n)
		}
		header = append(header, safeCell(name))
	}
	rows := [][]string{header}
	if len(a.Stickiness) == 0 {
		return rows
	}
	for i := range a.Stickiness[0].Users {
		row := []string{strconv.Itoa(i + 1)}
		for _, s := range a.Stickiness {
			row = append(row, strconv.FormatInt(s.Users[i], 10))
		}
		rows = append(rows, row)
	}
	return rows
}

// lifecycleRows has a row for each bucket.
func lifecycleRows(a insight.Answer) [][]string {
	rows := [][]string{{"bucket", "new", "returning", "resurrecting", "dormant"}}
	for i, bucket := range a.Buckets {
		row := []string{bucket.Format(time.RFC3339)}
		for _, users := range [][]int64{a.Lifecycle.New, a.Lifecycle.Returning, a.Lifecycle.Resurrecting, a.Lifecycle.Dormant} {
			row = append(row, strconv.FormatInt(users[i], 10))
		}
		rows = append(rows, row)
	}
	return rows
}

// formulaColumn names a formula and its group, as columnName does a series.
func formulaColumn(f insight.FormulaAnswer, all []insight.FormulaAnswer, seen map[string]int) string {
	name := f.Name
	switch {
	case f.Group != nil:
		name += " / " + *f.Group
	case slices.ContainsFunc(all, func(f insight.FormulaAnswer) bool { return f.Group != nil }):
		name += " / (not set)"
	}
	seen[name]++
	if n := seen[name]; n > 1 {
		name += " #" + strconv.Itoa(n)
	}
	return name
}

// pathRows has a row for each link, and one for those whose path ends before a
// step. A column tells what a row is of, since an event may have any name.
func pathRows(a insight.Answer) [][]string {
	rows := [][]string{{"step", "of", "from", "to", "users"}}
	cell := func(event *string) string {
		if event == nil {
			return ""
		}
		return safeCell(*event)
	}
	for k, s := range a.Paths {
		step := strconv.Itoa(k + 1)
		for _, l := range s.Links {
			of := "link"
			switch {
			case l.From == nil && l.To == nil:
				of = "rest to rest"
			case l.From == nil:
				of = "from rest"
			case l.To == nil:
				of = "to rest"
			}
			rows = append(rows, []string{step, of, cell(l.From), cell(l.To), strconv.FormatInt(l.Users, 10)})
		}
		rows = append(rows, []string{step, "ended", "", "", strconv.FormatInt(s.Ended, 10)})
	}
	return rows
}
