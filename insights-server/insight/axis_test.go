package insight_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func axisOf(t *testing.T, zone, interval, within string, now time.Time) insight.Axis {
	t.Helper()
	q, err := insight.Parse([]byte(body(map[string]string{
		"timezone": fmt.Sprintf("%q", zone), "interval": fmt.Sprintf("%q", interval), "range": within,
	})))
	if err != nil {
		t.Fatal(err)
	}
	axis, err := q.Axis(now)
	if err != nil {
		t.Fatal(err)
	}
	return axis
}

func TestAxisBuckets(t *testing.T) {
	days := func(from, to string) string { return fmt.Sprintf(`{"from":%q,"to":%q}`, from, to) }
	for _, c := range []struct {
		name, zone, interval, within string
		want                         string // the starts, or the first … last (count)
		ends                         string
	}{
		{"leap days", "UTC", "day", days("2024-02-28", "2024-03-01"), "2024-02-28T00:00:00Z 2024-02-29T00:00:00Z 2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"},
		{"a week starts on Monday, before the range", "Europe/Berlin", "week", days("2024-01-03", "2024-01-08"), "2024-01-01T00:00:00+01:00 2024-01-08T00:00:00+01:00", "2024-01-09T00:00:00+01:00"},
		{"quarters", "UTC", "quarter", days("2024-02-15", "2024-07-01"), "2024-01-01T00:00:00Z 2024-04-01T00:00:00Z 2024-07-01T00:00:00Z", "2024-07-02T00:00:00Z"},
		{"years", "Asia/Kathmandu", "year", days("2023-12-31", "2024-01-01"), "2023-01-01T00:00:00+05:45 2024-01-01T00:00:00+05:45", "2024-01-02T00:00:00+05:45"},
		{"months over clock changes", "America/New_York", "month", days("2024-03-31", "2024-04-01"), "2024-03-01T00:00:00-05:00 2024-04-01T00:00:00-04:00", "2024-04-02T00:00:00-04:00"},
		{"a day of 23 hours", "Europe/Berlin", "hour", days("2024-03-31", "2024-03-31"), "2024-03-31T00:00:00+01:00 … 2024-03-31T23:00:00+02:00 (23)", "2024-04-01T00:00:00+02:00"},
		{"a day of 25 hours has 24 buckets", "Europe/Berlin", "hour", days("2024-10-27", "2024-10-27"), "2024-10-27T00:00:00+02:00 … 2024-10-27T23:00:00+01:00 (24)", "2024-10-28T00:00:00+01:00"},
		{"hours of a half-hour zone", "Asia/Kolkata", "hour", days("2024-01-01", "2024-01-01"), "2024-01-01T00:00:00+05:30 … 2024-01-01T23:00:00+05:30 (24)", "2024-01-02T00:00:00+05:30"},
		{"midnight does not exist", "America/Sao_Paulo", "day", days("2017-10-14", "2017-10-16"), "2017-10-14T00:00:00-03:00 2017-10-15T01:00:00-02:00 2017-10-16T00:00:00-02:00", "2017-10-17T00:00:00-02:00"},
		{"nor in Beirut", "Asia/Beirut", "day", days("2022-03-27", "2022-03-27"), "2022-03-27T01:00:00+03:00", "2022-03-28T00:00:00+03:00"},
		{"nor in Cairo", "Africa/Cairo", "day", days("2024-04-26", "2024-04-26"), "2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00"},
		{"the first hour of such a day", "America/Sao_Paulo", "hour", days("2017-10-15", "2017-10-15"), "2017-10-15T01:00:00-02:00 … 2017-10-15T23:00:00-02:00 (23)", "2017-10-16T00:00:00-02:00"},
		{"a day that was left out", "Pacific/Apia", "day", days("2011-12-29", "2011-12-31"), "2011-12-29T00:00:00-10:00 2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"},
		{"nothing but that day", "Pacific/Apia", "day", days("2011-12-30", "2011-12-30"), "", "2011-12-31T00:00:00+14:00"},
		{"half an hour left out", "Australia/Lord_Howe", "hour", days("2024-10-06", "2024-10-06"), "2024-10-06T00:00:00+10:30 … 2024-10-06T23:00:00+11:00 (24)", "2024-10-07T00:00:00+11:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			axis := axisOf(t, c.zone, c.interval, c.within, time.Time{})
			var got []string
			for _, s := range axis.Starts {
				got = append(got, s.Format(time.RFC3339))
			}
			text := strings.Join(got, " ")
			if strings.Contains(c.want, "…") {
				text = fmt.Sprintf("%s … %s (%d)", got[0], got[len(got)-1], len(got))
			}
			if text != c.want {
				t.Errorf("buckets are\n%s, want\n%s", text, c.want)
			}
			if to := axis.To.Format(time.RFC3339); to != c.ends {
				t.Errorf("the range ends at %s, want %s", to, c.ends)
			}
		})
	}
}

// lengths adds up, by bucket, how long the stretches of an axis are.
func lengths(axis insight.Axis) []time.Duration {
	sums := make([]time.Duration, len(axis.Starts))
	for i, s := range axis.Stretches {
		end := axis.To
		if i+1 < len(axis.Stretches) {
			end = axis.Stretches[i+1].Start
		}
		sums[s.Bucket] += end.Sub(s.Start)
	}
	return sums
}

func TestAxisHourThatRepeatsIsOneBucket(t *testing.T) {
	for zone, c := range map[string]struct {
		day  string
		want map[string]time.Duration // starts of the hours that are no hour long
	}{
		"Europe/Berlin":       {"2024-10-27", map[string]time.Duration{"2024-10-27T02:00:00+02:00": 2 * time.Hour}},
		"Australia/Lord_Howe": {"2024-04-07", map[string]time.Duration{"2024-04-07T01:00:00+11:00": 90 * time.Minute}},
		"America/New_York":    {"2024-11-03", map[string]time.Duration{"2024-11-03T01:00:00-04:00": 2 * time.Hour}},
		"Australia/Adelaide":  {"2024-04-07", map[string]time.Duration{"2024-04-07T02:00:00+10:30": 2 * time.Hour}},
		// From 03:45 back to 02:45: a quarter of one hour and three of the next.
		"Pacific/Chatham": {"2024-04-07", map[string]time.Duration{"2024-04-07T02:00:00+13:45": 75 * time.Minute, "2024-04-07T03:00:00+13:45": 105 * time.Minute}},
		// From 03:00 back to 01:00: two hours, one after the other, and again.
		"Antarctica/Troll": {"2024-10-27", map[string]time.Duration{"2024-10-27T01:00:00+02:00": 2 * time.Hour, "2024-10-27T02:00:00+02:00": 2 * time.Hour}},
		// From 00:01 back to 23:01 of the day before, which has ended: what
		// lies there of it is part of this day, in an hour that began before.
		"America/St_Johns": {"2010-11-07", map[string]time.Duration{"2010-11-06T23:00:00-02:30": 59 * time.Minute, "2010-11-07T00:00:00-02:30": 61 * time.Minute}},
	} {
		axis := axisOf(t, zone, "hour", fmt.Sprintf(`{"from":%q,"to":%q}`, c.day, c.day), time.Time{})
		total := time.Duration(0)
		for i, length := range lengths(axis) {
			total += length
			start := axis.Starts[i].Format(time.RFC3339)
			want, special := c.want[start]
			if !special {
				want = time.Hour
			}
			if length != want {
				t.Errorf("%s: the hour of %s is %v long, want %v", zone, start, length, want)
			}
			delete(c.want, start)
			if i > 0 && !axis.Starts[i-1].Before(axis.Starts[i]) {
				t.Errorf("%s: the hour of %s does not start after the one before", zone, start)
			}
		}
		if len(c.want) > 0 {
			t.Errorf("%s: no hours start at %v", zone, c.want)
		}
		if total != axis.To.Sub(axis.From) {
			t.Errorf("%s: the hours take %v of %v", zone, total, axis.To.Sub(axis.From))
		}
	}
}

func TestAxisShortHourStartsAtItsFirstInstant(t *testing.T) {
	// At 02:00 clocks go to 02:30.
	axis := axisOf(t, "Australia/Lord_Howe", "hour", `{"from":"2024-10-06","to":"2024-10-06"}`, time.Time{})
	if got := axis.Starts[2].Format(time.RFC3339); got != "2024-10-06T02:30:00+11:00" {
		t.Errorf("the third hour starts at %s", got)
	}
	if got := axis.Starts[3].Sub(axis.Starts[2]); got != 30*time.Minute {
		t.Errorf("it is %v long", got)
	}
}

func TestAxisDayStartsAtTheFirstOfTwoMidnights(t *testing.T) {
	// At 00:01 clocks went back to 23:01 of the day before.
	axis := axisOf(t, "America/St_Johns", "day", `{"from":"2010-11-07","to":"2010-11-07"}`, time.Time{})
	if got := axis.From.Format(time.RFC3339); got != "2010-11-07T00:00:00-02:30" {
		t.Errorf("the day starts at %s", got)
	}
}

// TestAxisFarAhead goes beyond the tables of the zones, where Go's bounds of a
// zone are wrong on the last day of a leap year.
func TestAxisFarAhead(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"} {
		for _, year := range []int{2040, 2041, 2100, 2400, 9996} {
			within := fmt.Sprintf(`{"from":"%d-01-01","to":"%d-12-31"}`, year, year)
			days := axisOf(t, zone, "day", within, time.Time{})
			first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			want := int(first.AddDate(1, 0, 0).Sub(first).Hours()) / 24
			if len(days.Starts) != want {
				t.Errorf("%s: %d has %d days, want %d", zone, year, len(days.Starts), want)
			}
			total := time.Duration(0)
			for _, length := range lengths(axisOf(t, zone, "hour", within, time.Time{})) {
				total += length
			}
			if total != time.Duration(want)*24*time.Hour {
				t.Errorf("%s: the hours of %d take %v", zone, year, total)
			}
		}
	}
}

func TestAxisLast(t *testing.T) {
	now := time.Date(2024, 3, 31, 22, 30, 0, 0, time.UTC) // 2024-04-01 00:30 in Berlin, a Monday
	for _, c := range []struct{ last, zone, interval, from, to, first string }{
		{"1d", "UTC", "day", "2024-03-31T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-31T00:00:00Z"},
		{"1d", "Europe/Berlin", "day", "2024-04-01T00:00:00+02:00", "2024-04-02T00:00:00+02:00", "2024-04-01T00:00:00+02:00"},
		{"30d", "Europe/Berlin", "day", "2024-03-03T00:00:00+01:00", "2024-04-02T00:00:00+02:00", "2024-03-03T00:00:00+01:00"},
		{"1w", "Europe/Berlin", "day", "2024-04-01T00:00:00+02:00", "2024-04-02T00:00:00+02:00", "2024-04-01T00:00:00+02:00"},
		{"2w", "UTC", "day", "2024-03-18T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-18T00:00:00Z"},
		{"1mo", "Europe/Berlin", "week", "2024-04-01T00:00:00+02:00", "2024-04-02T00:00:00+02:00", "2024-04-01T00:00:00+02:00"},
		{"3mo", "UTC", "week", "2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-01-01T00:00:00Z"},
		{"2mo", "UTC", "week", "2024-02-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-01-29T00:00:00Z"},
		{"1h", "UTC", "hour", "2024-03-31T22:00:00Z", "2024-03-31T23:00:00Z", "2024-03-31T22:00:00Z"},
		{"24h", "Europe/Berlin", "hour", "2024-03-31T00:00:00+01:00", "2024-04-01T01:00:00+02:00", "2024-03-31T00:00:00+01:00"},
		{"3h", "Asia/Kolkata", "hour", "2024-04-01T02:00:00+05:30", "2024-04-01T05:00:00+05:30", "2024-04-01T02:00:00+05:30"},
		{"3h", "Asia/Kolkata", "day", "2024-04-01T02:00:00+05:30", "2024-04-01T05:00:00+05:30", "2024-04-01T00:00:00+05:30"},
	} {
		axis := axisOf(t, c.zone, c.interval, fmt.Sprintf(`{"last":%q}`, c.last), now)
		from, to, first := axis.From.Format(time.RFC3339), axis.To.Format(time.RFC3339), axis.Starts[0].Format(time.RFC3339)
		if from != c.from || to != c.to || first != c.first {
			t.Errorf("last %s in %s is %s to %s, first bucket %s; want %s to %s, %s", c.last, c.zone, from, to, first, c.from, c.to, c.first)
		}
	}
}

func TestAxisLastHoursCountsExistingHours(t *testing.T) {
	// 24 hours back from Berlin's day of 23 hours reach into the day before.
	now := time.Date(2024, 3, 31, 21, 59, 59, 0, time.UTC) // 23:59:59
	axis := axisOf(t, "Europe/Berlin", "hour", `{"last":"24h"}`, now)
	if len(axis.Starts) != 24 || axis.Starts[0].Format(time.RFC3339) != "2024-03-30T23:00:00+01:00" {
		t.Errorf("got %d hours from %s", len(axis.Starts), axis.Starts[0])
	}
}

func TestAxisRefusesTooManyBuckets(t *testing.T) {
	q, err := insight.Parse([]byte(body(map[string]string{"range": `{"last":"1500mo"}`, "interval": `"hour"`})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = q.Axis(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	var e *insight.Error
	if !errors.As(err, &e) || e.Code != insight.CodeTooManyBuckets || e.Field != "interval" {
		t.Errorf("got %v", err)
	}
}
