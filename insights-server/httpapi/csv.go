package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"mime"
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

// trendCSV writes a header, then one row a bucket: its start and a column a
// series. A missing value is an empty cell.
func trendCSV(a insight.Answer) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	row := make([]string, 0, 1+len(a.Series))
	row = append(row, "bucket")
	seen := map[string]int{}
	for _, s := range a.Series {
		row = append(row, safeCell(columnName(s, seen)))
	}
	if err := w.Write(row); err != nil {
		return nil, fmt.Errorf("write the CSV header: %w", err)
	}
	for i, bucket := range a.Buckets {
		row = append(row[:0], bucket.Format(time.RFC3339))
		for _, s := range a.Series {
			row = append(row, numberCell(s.Values[i]))
		}
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("write CSV row %d: %w", i+1, err)
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// columnName names a series, such as "purchase (p95 of amount)". Series that
// differ by their filters alone are numbered.
func columnName(s insight.SeriesAnswer, seen map[string]int) string {
	measure := string(s.Aggregation.Type)
	if s.Aggregation.Property != "" {
		measure += " of " + s.Aggregation.Property
	}
	name := s.Event + " (" + measure + ")"
	seen[name]++
	if n := seen[name]; n > 1 {
		name += " #" + strconv.Itoa(n)
	}
	return name
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
