package insight

import "time"

// ParseFilter reads a filter that stands alone, as in the parameter of a URL,
// which gives its errors their path. An error is an *Error.
func ParseFilter(body []byte, field string) (Filter, error) {
	root, err := readTreeAt(body, field)
	if err == nil {
		var filter Filter
		if filter, err = (&parser{}).filterOf(root); err == nil {
			return filter, nil
		}
	}
	if err.Field == "" { // of the text as a whole, which is no body here
		err.Field = field
	}
	return Filter{}, err
}

// ParseDays gives the instants at which the calendar days from and to, both
// included, begin and end in a time zone. An empty day leaves its side open:
// the zero time. An empty zone is UTC. An error is an *Error.
func ParseDays(from, to, timezone string) (start, end time.Time, _ error) {
	zone := time.UTC
	if timezone != "" {
		var err *Error
		if zone, err = parseZone(timezone, "timezone"); err != nil {
			return time.Time{}, time.Time{}, err
		}
	}
	var first, last time.Time
	for _, d := range []struct {
		text, field string
		day         *time.Time
	}{{from, "from", &first}, {to, "to", &last}} {
		if d.text == "" {
			continue
		}
		day, err := parseDay(node{path: d.field, kind: jsonString, text: d.text})
		if err != nil {
			return time.Time{}, time.Time{}, err
		}
		*d.day = day
	}
	if from != "" {
		start = firstInstant(zone, first)
	}
	if to != "" {
		end = firstInstant(zone, last.AddDate(0, 0, 1))
	}
	if from != "" && to != "" && last.Before(first) {
		return time.Time{}, time.Time{}, errorf(CodeRangeReversed, "to", "The last day, %s, is before the first, %s. Swap the two days.", to, from)
	}
	return start, end, nil
}

// ParsePeriod reads a range from the parameters of a URL: from and to, or last,
// those that are given. It gives a query of which only the range and the zone
// count. An empty zone is UTC. An error is an *Error.
func ParsePeriod(given map[string]string, timezone string) (Query, error) {
	q := Query{Zone: time.UTC}
	if timezone != "" {
		var err *Error
		if q.Zone, err = parseZone(timezone, "timezone"); err != nil {
			return Query{}, err
		}
	}
	parameters := node{kind: jsonObject}
	for _, name := range []string{"from", "to", "last"} {
		if text, ok := given[name]; ok {
			parameters.members = append(parameters.members, member{name, node{path: name, kind: jsonString, text: text}})
		}
	}
	var err *Error
	if q.Range, err = parseRange(parameters); err != nil {
		return Query{}, err
	}
	return q, nil
}
