package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// preference is how much a client wants a media type.
type preference struct {
	quality float64
	// specificity is 2 for the type itself, 1 for "text/*", 0 for "*/*".
	specificity int
	// place is where in the header it stands.
	place int
}

// prefersCSV reads Accept headers. JSON is the default, and wins a draw that
// neither precision nor order decides.
func prefersCSV(accept []string) bool {
	text := preference{specificity: -1}
	object := preference{specificity: -1}
	for place, item := range strings.Split(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		p := preference{quality: 1, place: place}
		if q, given := parameters["q"]; given {
			if p.quality, err = strconv.ParseFloat(q, 64); err != nil || !(p.quality >= 0 && p.quality <= 1) {
				continue
			}
		}
		p.keep(&text, media, "text/csv")
		p.keep(&object, media, "application/json")
	}
	switch {
	case text.quality != object.quality:
		return text.quality > object.quality
	case text.quality == 0:
		return false
	case text.specificity != object.specificity:
		return text.specificity > object.specificity
	default:
		return text.place < object.place
	}
}

// keep replaces best when media matches the type more precisely.
func (p preference) keep(best *preference, media, want string) {
	family, _, _ := strings.Cut(want, "/")
	switch media {
	case want:
		p.specificity = 2
	case family + "/*":
		p.specificity = 1
	case "*/*":
		p.specificity = 0
	default:
		return
	}
	if p.specificity > best.specificity {
		*best = p
	}
}

// answerCSV writes an answer of any kind as a table with a header. A missing
// value is an empty cell.
func answerCSV(a insight.Answer) ([]byte, error) {
	var rows [][]string
	switch a.Kind {
	case insight.KindFunnel:
		rows = funnelRows(a)
	case insight.KindRetention:
		rows = retentionRows(a)
	case insight.KindStickiness:
		rows = stickinessRows(a)
	case insight.KindLifecycle:
		rows = lifecycleRows(a)
	case insight.KindPaths:
		rows = pathRows(a)
	default:
		rows = trendRows(a)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for i, row := range rows {
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("write CSV row %d: %w", i, err)
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// trendRows has a row for each bucket: its start and a column for each series,
// with the period before beside it.
func trendRows(a insight.Answer) [][]string {
	grouped := slices.ContainsFunc(a.Series, func(s insight.SeriesAnswer) bool { return s.Group != nil })
	header := []string{"bucket"}
	seen := map[string]int{}
	for _, s := range a.Series {
		name := columnName(s, grouped, seen)
		header = append(header, safeCell(name))
		if s.Previous != nil {
			header = append(header, safeCell(name+", previous"))
		}
	}
	for _, f := range a.Formulas {
		name := formulaColumn(f, a.Formulas, seen)
		header = append(header, safeCell(name))
		if f.Previous != nil {
			header = append(header, safeCell(name+", previous"))
		}
	}
	rows := [][]string{header}
	for i, bucket := range a.Buckets {
		row := make([]string, 0, len(header))
		row = append(row, bucket.Format(time.RFC3339))
		for _, s := range a.Series {
			row = append(row, numberCell(s.Values[i]))
			if s.Previous != nil {
				row = append(row, numberCell(s.Previous.Values[i]))
			}
		}
		for _, f := range a.Formulas {
			row = append(row, numberCell(f.Values[i]))
			if f.Previous != nil {
				row = append(row, numberCell((*f.Previous)[i]))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// columnName names a series, such as "purchase (p95 of amount)", and its group
// after a slash. Series that differ by their filters alone are numbered.
func columnName(s insight.SeriesAnswer, grouped bool, seen map[string]int) string {
	measure := string(s.Aggregation.Type)
	if s.Aggregation.Property != "" {
		measure += " of " + s.Aggregation.Property
	}
	name := s.Event + " (" + measure + ")"
	switch {
	case s.Group != nil:
		name += " / " + *s.Group
	case grouped:
		name += " / (not set)"
	}
	seen[name]++
	if n := seen[name]; n > 1 {
		name += " #" + strconv.Itoa(n)
	}
	return name
}

// funnelRows has a row for each step. With groups those of all users come
// first; a column tells what a row is of, since a group may have any name.
func funnelRows(a insight.Answer) [][]string {
	header := []string{"step", "event", "users", "conversion", "step_conversion", "median_seconds"}
	if a.Groups == nil {
		return append([][]string{header}, stepRows(nil, a.Steps)...)
	}
	rows := [][]string{append([]string{"of", "breakdown"}, header...)}
	rows = append(rows, stepRows([]string{"all", ""}, a.Steps)...)
	for _, g := range a.Groups {
		lead := []string{"not set", ""}
		if g.Group != nil {
			lead = []string{"group", safeCell(*g.Group)}
		}
		rows = append(rows, stepRows(lead, g.Steps)...)
	}
	return rows
}

func stepRows(lead []string, steps []insight.StepAnswer) [][]string {
	rows := make([][]string, len(steps))
	for i, s := range steps {
		rows[i] = append(slices.Clone(lead), strconv.Itoa(i+1), safeCell(s.Event), strconv.FormatInt(s.Users, 10),
			numberCell(s.Conversion), numberCell(s.StepConversion), numberCell(s.MedianSeconds))
	}
	return rows
}

// retentionRows has a row for each cohort, and a column for each period after.
func retentionRows(a insight.Answer) [][]string {
	header := []string{"cohort", "size"}
	if len(a.Cohorts) > 0 {
		for k := range a.Cohorts[0].Values {
			header = append(header, strconv.Itoa(k))
		}
	}
	rows := [][]string{header}
	for _, c := range a.Cohorts {
		row := []string{c.Start.Format(time.RFC3339), strconv.FormatInt(c.Size, 10)}
		for _, v := range c.Values {
			row = append(row, strconv.FormatInt(v, 10))
		}
		rows = append(rows, row)
	}
	return rows
}

func numberCell(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case math.Abs(v) >= 1e21 || (v != 0 && math.Abs(v) < 1e-6):
		return strconv.FormatFloat(v, 'e', -1, 64)
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// safeCell keeps spreadsheets from running a text as a formula: event names
// come from whoever holds the collection key.
func safeCell(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}
