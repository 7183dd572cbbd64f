package query

import (
	"context"
	"fmt"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// PlanStickiness writes the one statement of a stickiness. Its columns are the
// index of the series, a number of intervals, and how many users did the
// series' events in so many.
func PlanStickiness(q insight.Query, axis insight.Axis, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	arms := make([]string, len(q.Series))
	for i, series := range q.Series {
		s := &selection{dialect: d, args: args, path: fmt.Sprintf("series[%d]", i)}
		from, err := s.source(q, series, axis)
		if err != nil {
			return Statement{}, err
		}
		arms[i] = fmt.Sprintf(`SELECT %d AS "series", "n" AS "intervals", COUNT(*) AS "users"
FROM (SELECT `+d.User()+`, COUNT(DISTINCT "bucket") AS "n"
FROM (SELECT e.`+d.User()+`, %s AS "bucket"
%s
  AND e.`+d.User()+` IS NOT NULL) AS r
GROUP BY 1) AS p
GROUP BY 2`, i, bucketIndex(d, timestampColumn, axis), from)
	}
	return finish(args, strings.Join(arms, "\nUNION ALL\n")), nil
}

// runStickiness answers a stickiness.
func (s *Service) runStickiness(ctx context.Context, q insight.Query) (insight.Answer, error) {
	axis, err := q.Axis(s.options.Now())
	if err != nil {
		return insight.Answer{}, err
	}
	a := insight.Answer{Kind: q.Kind, Stickiness: make([]insight.StickinessAnswer, len(q.Series))}
	for i, series := range q.Series {
		a.Stickiness[i] = insight.StickinessAnswer{Event: series.Event, Users: make([]int64, len(axis.Starts))}
	}
	if len(axis.Starts) == 0 {
		return a, nil
	}
	err = s.read(ctx, "run the query", func(ctx context.Context, d dialect.Dialect) error {
		clipped, err := s.clip(ctx, axis)
		if err != nil || len(clipped.Stretches) == 0 {
			return err
		}
		statement, err := PlanStickiness(q, clipped, d)
		if err != nil {
			return err
		}
		rows, err := ask(ctx, s.reader(ctx), statement)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var series, intervals int
			var users int64
			if err := rows.Scan(&series, &intervals, &users); err != nil {
				return err
			}
			if series < 0 || series >= len(a.Stickiness) || intervals < 1 || intervals > len(axis.Starts) {
				return fmt.Errorf("the warehouse answered for %d intervals of series %d, which are none of the query's", intervals, series)
			}
			a.Stickiness[series].Users[intervals-1] = users
		}
		return rows.Err()
	})
	if err != nil {
		return insight.Answer{}, err
	}
	return a, nil
}
