package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// EventsRequest asks for a page of events, the newest first.
type EventsRequest struct {
	EventSelection
	// After is where the page begins; nil is the newest event.
	After *EventCursor
	// Limit is at most MaxPage, which 0 means.
	Limit int
}

// EventPage is a page of events.
type EventPage struct {
	Events []Event
	// Next is where the next page begins; nil when there is none.
	Next *EventCursor
}

// Activity gives the newest events.
func (s *Service) Activity(ctx context.Context, r EventsRequest) (EventPage, error) {
	page := EventPage{Events: []Event{}}
	err := s.read(ctx, "read the newest events", func(ctx context.Context, d dialect.Dialect) error {
		var err error
		page, err = readPage(ctx, s.db.SQL, r, d)
		return err
	})
	return page, err
}

// readPage reads one event more than it gives: that tells whether there is a
// next page.
func readPage(ctx context.Context, q querier, r EventsRequest, d dialect.Dialect) (EventPage, error) {
	page := EventPage{Events: []Event{}}
	limit := pageSize(r.Limit)
	statement, err := PlanEvents(r, limit+1, d)
	if err != nil {
		return page, err
	}
	err = readEvents(ctx, q, statement, d, func(e Event) error {
		page.Events = append(page.Events, e)
		return nil
	})
	if len(page.Events) > limit {
		page.Events = page.Events[:limit]
		next := cursorOf(page.Events[limit-1])
		page.Next = &next
	}
	return page, err
}

// PlanEvents writes the statement for so many events, the newest first.
func PlanEvents(r EventsRequest, limit int, d dialect.Dialect) (Statement, error) {
	s := &selection{dialect: d, args: &dialect.Args{}}
	where, err := s.conditions(r.EventSelection)
	if err != nil {
		return Statement{}, err
	}
	if r.After != nil {
		where = append(where, s.beyond(*r.After, "<"))
	}
	return s.newest(where, limit), nil
}

func (s *selection) newest(where []string, limit int) Statement {
	return finish(s.args, "SELECT "+eventColumns(s.dialect)+"\n"+s.from(where)+
		"\nORDER BY "+timestampColumn+` DESC, e."event_id" DESC`+"\nLIMIT "+strconv.Itoa(limit))
}

// LastLoad is the number of the newest load; 0 before the first. It takes no
// turn: it costs next to nothing, and tells whether anything more need be asked.
func (s *Service) LastLoad(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, ErrTimeout)
	defer cancel()
	err := s.ready(ctx)
	if errors.Is(err, errNoTables) {
		return 0, nil
	}
	var last int64
	if err == nil {
		last, err = lastLoad(ctx, s.db.SQL)
	}
	return last, explain(ctx, "read the number of the last load", err)
}

func lastLoad(ctx context.Context, q querier) (int64, error) {
	rows, err := q.QueryContext(ctx, `SELECT MAX("load_id") FROM "loaf_loads"`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var last sql.NullInt64
	for rows.Next() {
		if err := rows.Scan(&last); err != nil {
			return 0, err
		}
	}
	return last.Int64, rows.Err()
}

// NewsRequest asks for what the loads after one have brought.
type NewsRequest struct {
	EventSelection
	// After is the number of the load.
	After int64
	// Limit is how many events are given at most.
	Limit int
}

// News is what some loads have brought.
type News struct {
	// Load is the number of the newest of them.
	Load int64
	// Count is the number of the selection's events among theirs, and Events are
	// the newest of those.
	Count  int64
	Events []Event
}

// News gives what has been loaded since a load; without tables, and before the
// first load, News.Load is 0. A selection that cannot be asked for is an error
// even where nothing is new. Loads are numbered in the order
// in which they commit, so asking again from News.Load misses nothing.
func (s *Service) News(ctx context.Context, r NewsRequest) (News, error) {
	news := News{Events: []Event{}}
	err := s.read(ctx, "read what was loaded", func(ctx context.Context, d dialect.Dialect) error {
		return s.snapshot(ctx, func(tx *sql.Tx) error {
			last, err := lastLoad(ctx, tx)
			if err != nil {
				return err
			}
			news.Load = last
			return readNews(ctx, tx, r, &news, d)
		})
	})
	return news, err
}

func readNews(ctx context.Context, tx *sql.Tx, r NewsRequest, news *News, d dialect.Dialect) error {
	limit := pageSize(r.Limit)
	list, count, err := PlanNews(r, news.Load, limit+1, d)
	if err != nil || news.Load <= r.After {
		return err
	}
	err = readEvents(ctx, tx, list, d, func(e Event) error {
		news.Events = append(news.Events, e)
		return nil
	})
	if err != nil {
		return err
	}
	news.Count = int64(len(news.Events))
	if len(news.Events) <= limit {
		return nil
	}
	news.Events = news.Events[:limit]
	return tx.QueryRowContext(ctx, count.SQL, count.Args...).Scan(&news.Count)
}

// PlanNews writes two statements: for the newest so many events of the loads
// after one, until another, and for the number of all of them.
func PlanNews(r NewsRequest, until int64, limit int, d dialect.Dialect) (list, count Statement, err error) {
	for i, out := range []*Statement{&list, &count} {
		s := &selection{dialect: d, args: &dialect.Args{}}
		where := []string{fmt.Sprintf(`e."load_id" > %d`, r.After), fmt.Sprintf(`e."load_id" <= %d`, until)}
		more, err := s.conditions(r.EventSelection)
		if err != nil {
			return Statement{}, Statement{}, err
		}
		where = append(where, more...)
		if i == 0 {
			*out = s.newest(where, limit)
			continue
		}
		*out = finish(s.args, strings.Join([]string{"SELECT COUNT(*)", s.from(where)}, "\n"))
	}
	return list, count, nil
}
