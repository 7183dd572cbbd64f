package insight

// stickiness reads the fields of KindStickiness.
func (p *parser) stickiness(f *fields, q *Query) *Error {
	var err *Error
	if q.Interval, err = parseInterval(f, periodIntervals); err != nil {
		return err
	}
	return p.seriesList(f, q, p.chosenEvents)
}

// chosenEvents reads a series that chooses events and aggregates nothing.
func (p *parser) chosenEvents(n node) (Series, *Error) {
	f, err := n.fields("A series")
	if err != nil {
		return Series{}, err
	}
	var s Series
	if s.Event, err = parseEvent(f, "event"); err != nil {
		return Series{}, err
	}
	if s.Filter, err = p.filter(f); err != nil {
		return Series{}, err
	}
	return s, f.done()
}

// lifecycle reads the fields of KindLifecycle.
func (p *parser) lifecycle(f *fields, q *Query) *Error {
	var err *Error
	if q.Event, err = parseEvent(f, "event"); err != nil {
		return err
	}
	q.Interval, err = parseInterval(f, periodIntervals)
	return err
}

// paths reads the fields of KindPaths.
func (p *parser) paths(f *fields, q *Query) *Error {
	var err *Error
	if q.Event, err = parseEvent(f, "event"); err != nil {
		return err
	}
	direction, err := f.required("direction", `Give "after" for what follows the event, "before" for what leads to it.`)
	if err != nil {
		return err
	}
	if q.Direction, err = word(direction, CodeUnknownValue, directions); err != nil {
		return err
	}
	steps, err := f.required("steps", "Give how many events to look at, from 1 to 5.")
	if err != nil {
		return err
	}
	if q.PathSteps, err = steps.whole(1, MaxPathSteps); err != nil {
		return err
	}
	q.PathLimit = DefaultPathLimit
	if limit, ok := f.get("limit"); ok {
		if q.PathLimit, err = limit.whole(1, MaxPathLimit); err != nil {
			return err
		}
	}
	q.Window, err = parseWindow(f, "Give the time between the event and the last step")
	return err
}
