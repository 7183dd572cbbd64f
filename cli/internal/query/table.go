package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// trend is the part of a trend's answer that a table shows. Numbers stay as
// the server wrote them.
type trend struct {
	Buckets []string `json:"buckets"`
	Series  []struct {
		Event       string `json:"event"`
		Aggregation struct {
			Type     string `json:"type"`
			Property string `json:"property"`
		} `json:"aggregation"`
		Breakdown json.RawMessage `json:"breakdown"`
		numbers
		Previous *numbers `json:"previous"`
	} `json:"series"`
	Formulas []struct {
		Name      string          `json:"name"`
		Breakdown json.RawMessage `json:"breakdown"`
		numbers
		Previous *numbers `json:"previous"`
	} `json:"formulas"`
}

type numbers struct {
	Count  json.Number    `json:"count"`
	Values []*json.Number `json:"values"`
}

// column is one column of the table.
type column struct {
	title string
	cells []string
	// text is aligned to the left, where numbers are to the right.
	text bool
}

// render makes a table of the answer to a question. An answer of a kind that
// has no table comes as JSON that a person can read.
func render(answer, question []byte, now time.Time) ([]byte, error) {
	var a struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, err
	}
	switch a.Kind {
	case "trend":
		return renderTrend(answer)
	case "funnel":
		return renderFunnel(answer)
	case "retention":
		return renderRetention(answer, question, now)
	case "stickiness":
		return renderStickiness(answer)
	case "lifecycle":
		return renderLifecycle(answer)
	case "paths":
		return renderPaths(answer)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, answer, "", "  "); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func renderTrend(answer []byte) ([]byte, error) {
	var t trend
	if err := json.Unmarshal(answer, &t); err != nil {
		return nil, err
	}
	// Without a breakdown every series' group is null.
	grouped := false
	for _, s := range t.Series {
		grouped = grouped || !isNull(s.Breakdown)
	}
	columns := []column{{title: "start", cells: append(starts(t.Buckets), "events"), text: true}}
	for _, s := range t.Series {
		title := s.Event + " " + s.Aggregation.Type
		if s.Aggregation.Property != "" {
			title = fmt.Sprintf("%s %s(%s)", s.Event, s.Aggregation.Type, s.Aggregation.Property)
		}
		if grouped {
			title += " " + group(s.Breakdown)
		}
		current, err := s.column(title, len(t.Buckets))
		if err != nil {
			return nil, err
		}
		columns = append(columns, current)
		if s.Previous == nil {
			continue
		}
		before, err := s.Previous.column(title+", previous", len(t.Buckets))
		if err != nil {
			return nil, err
		}
		columns = append(columns, before)
	}
	for _, f := range t.Formulas {
		title := f.Name
		if grouped {
			title += " " + group(f.Breakdown)
		}
		current, err := f.column(title, len(t.Buckets))
		if err != nil {
			return nil, err
		}
		columns = append(columns, current)
		if f.Previous == nil {
			continue
		}
		before, err := f.Previous.column(title+", previous", len(t.Buckets))
		if err != nil {
			return nil, err
		}
		columns = append(columns, before)
	}
	return draw(columns, 0, len(t.Buckets)), nil
}

func (n numbers) column(title string, buckets int) (column, error) {
	if len(n.Values) != buckets {
		return column{}, fmt.Errorf("%q has %d values for %d buckets", title, len(n.Values), buckets)
	}
	c := column{title: title}
	for _, v := range n.Values {
		if v == nil {
			c.cells = append(c.cells, "-")
			continue
		}
		c.cells = append(c.cells, v.String())
	}
	c.cells = append(c.cells, n.Count.String())
	return c, nil
}

// group is the label of a breakdown's group.
func group(value json.RawMessage) string {
	var text string
	if err := json.Unmarshal(value, &text); err != nil || isNull(value) {
		return "(not set)"
	}
	return text
}

func isNull(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// starts are the buckets' starts: days when all of them are midnights, else in
// full.
func starts(buckets []string) []string {
	days := make([]string, 0, len(buckets)+1)
	for _, b := range buckets {
		at, err := time.Parse(time.RFC3339, b)
		if err != nil || at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 {
			return append([]string(nil), buckets...)
		}
		days = append(days, at.Format(time.DateOnly))
	}
	return days
}

// draw aligns the columns, and draws a line above each of the rows in lines.
func draw(columns []column, lines ...int) []byte {
	widths := make([]int, len(columns))
	for i, c := range columns {
		columns[i].title = oneLine(c.title)
		widths[i] = runewidth.StringWidth(columns[i].title)
		for j, cell := range c.cells {
			cell = oneLine(cell)
			c.cells[j] = cell
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	var out bytes.Buffer
	row := func(cell func(column) string) {
		for i, c := range columns {
			if i > 0 {
				out.WriteString("  ")
			}
			fill := runewidth.FillLeft
			if c.text {
				fill = runewidth.FillRight
			}
			out.WriteString(fill(cell(c), widths[i]))
		}
		out.WriteByte('\n')
	}
	line := func() {
		for i, w := range widths {
			if i > 0 {
				out.WriteString("  ")
			}
			out.WriteString(strings.Repeat("-", w))
		}
		out.WriteByte('\n')
	}
	row(func(c column) string { return c.title })
	rows := len(columns[0].cells)
	for i := range max(rows, 1) {
		if slices.Contains(lines, i) {
			line()
		}
		if i < rows {
			row(func(c column) string { return c.cells[i] })
		}
	}
	return out.Bytes()
}

// oneLine keeps control characters of an event's or a group's name off the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '�'
		}
		return r
	}, s)
}
