package insight

import (
	"strings"
	"time"
	_ "time/tzdata" // a scratch image and many servers have no zone files
)

// parseZone finds an IANA zone. time.LoadLocation knows two names that mean
// the server's own zone, and reads whatever file lies in the system's zone
// folder: answers must not depend on either.
func parseZone(name, path string) (*time.Location, *Error) {
	unknown := errorf(CodeUnknownTimezone, path, "There is no time zone %s. Give an IANA name such as \"Europe/Berlin\" or \"UTC\".", quoteShort(name))
	switch {
	case name == "", strings.EqualFold(name, "Local"), name == "localtime", name == "posixrules", name == "Factory",
		strings.HasPrefix(name, "posix/"), strings.HasPrefix(name, "right/"):
		return nil, unknown
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknown
	}
	return zone, nil
}

// firstInstant is the earliest instant at which clocks in the zone show the
// civil time or a later one. Civil times are written as UTC times here. In a
// gap that is the instant of the jump; of a time that comes twice, the first.
func firstInstant(zone *time.Location, civil time.Time) time.Time {
	// No zone is a day or more ahead of UTC: here, clocks show less.
	t := civil.Add(-24 * time.Hour).In(zone)
	for {
		_, offset := t.Zone()
		at := civil.Add(-time.Duration(offset) * time.Second)
		if at.Before(t) { // the change of clocks at t jumped over it
			at = t
		}
		change, ok := nextChange(t)
		if !ok || at.Before(change) {
			return at.In(zone)
		}
		t = change
	}
}

// nextChange gives an instant after t up to which clocks in t's zone run
// evenly; false when they do for ever.
func nextChange(t time.Time) (time.Time, bool) {
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return time.Time{}, false
	}
	if !end.After(t) {
		// On the last day of a leap year that the zone's table does not reach,
		// ZoneBounds gives the day's start for the end. No zone changes clocks
		// on New Year's Eve by a rule.
		end = t.Add(time.Hour)
	}
	return end, true
}

// civilOf is what clocks in the zone show at an instant.
func civilOf(t time.Time, zone *time.Location) time.Time {
	l := t.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
}

// floorCivil is the start of the interval that holds the civil time.
func floorCivil(c time.Time, interval Interval) time.Time {
	year, month, day := c.Date()
	switch interval {
	case Hour:
		return time.Date(year, month, day, c.Hour(), 0, 0, 0, time.UTC)
	case Week:
		sinceMonday := (int(c.Weekday()) + 6) % 7
		return time.Date(year, month, day-sinceMonday, 0, 0, 0, 0, time.UTC)
	case Month:
		return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	case Quarter:
		return time.Date(year, month-(month-1)%3, 1, 0, 0, 0, 0, time.UTC)
	case Year:
		return time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
	default:
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
}

// addCivil moves the start of an interval by n intervals.
func addCivil(c time.Time, interval Interval, n int) time.Time {
	switch interval {
	case Hour:
		return c.Add(time.Duration(n) * time.Hour)
	case Week:
		return c.AddDate(0, 0, 7*n)
	case Month:
		return c.AddDate(0, n, 0)
	case Quarter:
		return c.AddDate(0, 3*n, 0)
	case Year:
		return c.AddDate(n, 0, 0)
	default:
		return c.AddDate(0, 0, n)
	}
}
