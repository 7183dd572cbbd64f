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
