package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// Everything that an answer is made from is read in one transaction, which sees
// one state of the tables: what is typed, where events lie, the events
// themselves, and which load came last. So an answer is of the state that it
// names, whatever is loaded meanwhile.

// reading is that transaction, and what is noted on the way.
type reading struct {
	tx *sql.Tx
	// columns says to read whole columns, and vectors is that in the place of tx.
	columns    bool
	vectors    *vectorReading
	done       bool
	state      state
	statements []Statement
}

type readingKey struct{}

func readingOf(ctx context.Context) *reading {
	r, _ := ctx.Value(readingKey{}).(*reading)
	return r
}

// reader is what statements run on: within an answer its transaction.
func (s *Service) reader(ctx context.Context) reader {
	if r := readingOf(ctx); r != nil && r.tx != nil {
		return r.tx
	}
	return s.db.SQL
}

// reader is a *sql.DB or *sql.Tx.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ask runs a statement of an answer, and notes it for those who ask how the
// answer was made.
func ask(ctx context.Context, q warehouse.Querier, statement Statement) (*sql.Rows, error) {
	if r := readingOf(ctx); r != nil {
		r.statements = append(r.statements, statement)
	}
	return q.QueryContext(ctx, statement.SQL, statement.Args...)
}

// answer runs a query.
func (s *Service) answer(ctx context.Context, q insight.Query) (insight.Answer, state, error) {
	r := &reading{columns: s.options.ColumnBytes > 0 && s.db.Vectors != nil && fromColumns(q)}
	ctx = context.WithValue(ctx, readingKey{}, r)
	a, err := s.runKind(ctx, q)
	if err == nil && !r.done {
		// No event can be in range, so nothing was read yet.
		err = s.read(ctx, "read how fresh the data is", func(context.Context, dialect.Dialect) error { return nil })
	}
	if err != nil {
		return insight.Answer{}, state{}, err
	}
	a.Data = r.state.data()
	if q.Explain {
		if a.Explain, err = explanation(s.db.Dialect, r.statements); err != nil {
			return insight.Answer{}, state{}, err
		}
	}
	return a, r.state, nil
}

// within does the work in the reading's transaction, which it begins. The work may be
// done twice, and must leave no trace when it ends with errOtherWay.
func (r *reading) within(ctx context.Context, s *Service, work func() error) error {
	if r.columns {
		err := r.withinColumns(ctx, s, work)
		if !errors.Is(err, errOtherWay) {
			return err
		}
		r.statements = nil
	}
	return s.snapshot(ctx, func(tx *sql.Tx) error {
		r.tx = tx
		defer func() { r.tx, r.done = nil, true }()
		if err := s.ready(ctx); err != nil {
			return err
		}
		var err error
		if r.state, err = readState(ctx, tx); err != nil {
			return err
		}
		return work()
	})
}

func explanation(name warehouse.Dialect, statements []Statement) (*insight.Explanation, error) {
	e := &insight.Explanation{Dialect: string(name), Statements: make([]insight.ExplainedStatement, len(statements))}
	for i, statement := range statements {
		runnable, err := dialect.Runnable(name, statement.SQL, statement.Args)
		if err != nil {
			return nil, fmt.Errorf("explain the query: %w", err)
		}
		args := statement.Args
		if args == nil {
			args = []any{}
		}
		e.Statements[i] = insight.ExplainedStatement{SQL: statement.SQL, Args: args, Runnable: runnable}
	}
	return e, nil
}

// state names a state of the tables that answers are made from. Two equal ones
// give equal answers: every load takes a new number, and so does what deletes rows;
// every merge of users adds a row to the ledger, whose loaded rows are never removed
// and expire under a new number alone; tables change with migrations; and a warehouse
// that is built anew was loaded at other times.
type state struct {
	load, merges, migrations int64
	// loadedAt is when the newest load ended; the zero time before the first.
	loadedAt time.Time
}

// SelectState is the query for the state.
const SelectState = `SELECT l."load_id", l."loaded_at", f."n", m."n"
FROM (SELECT MAX("load_id") AS "load_id", MAX("finished_at") AS "loaded_at" FROM "loaf_loads") AS l,
(SELECT COUNT(*) AS "n" FROM "loaf_files" WHERE "status" = 'loaded') AS f,
(SELECT COUNT(*) AS "n" FROM "loaf_migrations") AS m`

func readState(ctx context.Context, r reader) (state, error) {
	var load sql.NullInt64
	var loadedAt sql.NullTime
	var found state
	if err := r.QueryRowContext(ctx, SelectState).Scan(&load, &loadedAt, &found.merges, &found.migrations); err != nil {
		return state{}, err
	}
	found.load = load.Int64
	if loadedAt.Valid {
		found.loadedAt = loadedAt.Time.UTC()
	}
	return found, nil
}

func (s state) data() insight.Data {
	if s.load == 0 {
		return insight.Data{}
	}
	return insight.Data{LoadID: &s.load, LoadedAt: &s.loadedAt}
}
