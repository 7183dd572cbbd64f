package query

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// funnel is the part of a funnel's answer that a table shows.
type funnel struct {
	Steps []step `json:"steps"`
	// Groups is nil without a breakdown.
	Groups []struct {
		Breakdown json.RawMessage `json:"breakdown"`
		Steps     []step          `json:"steps"`
	} `json:"groups"`
}

type step struct {
	Event          string      `json:"event"`
	Users          json.Number `json:"users"`
	Conversion     *float64    `json:"conversion"`
	StepConversion *float64    `json:"step_conversion"`
	MedianSeconds  *float64    `json:"median_seconds"`
}

// renderFunnel has a row for each step. Groups are rows too and not columns: a
// breakdown may have a thousand of them, and no terminal is that wide.
func renderFunnel(answer []byte) ([]byte, error) {
	var f funnel
	if err := json.Unmarshal(answer, &f); err != nil {
		return nil, err
	}
	of := column{title: "group", text: true}
	columns := []column{{title: "step", text: true}, {title: "users"}, {title: "conversion"}, {title: "step conversion"}, {title: "median time"}}
	lines := []int{0}
	add := func(label string, steps []step) {
		if len(steps) == 0 {
			return
		}
		lines = append(lines, len(of.cells))
		for i, s := range steps {
			// Once a group, so that the eye finds where the next begins.
			if i > 0 {
				label = ""
			}
			of.cells = append(of.cells, label)
			for j, cell := range []string{
				strconv.Itoa(i+1) + " " + s.Event, s.Users.String(),
				percent(s.Conversion), percent(s.StepConversion), duration(s.MedianSeconds),
			} {
				columns[j].cells = append(columns[j].cells, cell)
			}
		}
	}
	add("(all)", f.Steps)
	for _, g := range f.Groups {
		add(group(g.Breakdown), g.Steps)
	}
	if f.Groups != nil {
		columns = append([]column{of}, columns...)
	}
	return draw(columns, lines...), nil
}

func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", *share*100)
}

// duration has the two largest units of a time. It rounds before it splits, so
// that 59.99 s is a minute and not 60 s.
func duration(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	s := *seconds
	if ms := math.Round(s * 1000); ms < 1000 {
		if ms == 0 && s > 0 {
			return "<1ms"
		}
		if ms == 0 {
			return "0s"
		}
		return fmt.Sprintf("%.0fms", ms)
	}
	if tenths := math.Round(s * 10); tenths < 600 {
		return strconv.FormatFloat(tenths/10, 'f', -1, 64) + "s"
	}
	if whole := int64(math.Round(s)); whole < 3600 {
		return two(whole, 60, "m", "s")
	}
	if minutes := int64(math.Round(s / 60)); minutes < 24*60 {
		return two(minutes, 60, "h", "m")
	}
	return two(int64(math.Round(s/3600)), 24, "d", "h")
}

func two(n, per int64, large, small string) string {
	text := strconv.FormatInt(n/per, 10) + large
	if n%per != 0 {
		text += strconv.FormatInt(n%per, 10) + small
	}
	return text
}
