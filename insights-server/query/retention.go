package query

import (
	"context"
	"fmt"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// cohortSize is what stands for a period in the rows that tell a cohort's size.
const cohortSize = -1

// PlanRetention writes the one statement of a retention. Its columns are the
// index of the cohort, the period (cohortSize for the cohort itself) and the
// number of users. Cohorts bounds the first events that make a cohort; all is
// the time line with the periods after it, whose first bucket is the cohorts'
// first.
func PlanRetention(q insight.Query, cohorts, all insight.Axis, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	first, err := retentionEvents(q, q.CohortEvent, d, args)
	if err != nil {
		return Statement{}, err
	}
	returned, err := retentionEvents(q, q.ReturnEvent, d, args)
	if err != nil {
		return Statement{}, err
	}
	// The first event is sought in all of time, and only then must lie in the
	// range. Nobody returns before the first bucket.
	return finish(args, fmt.Sprintf(`WITH c AS (
SELECT `+d.User()+`, %s AS "bucket"
FROM (SELECT e.`+d.User()+`, MIN(%s) AS "first"
%s
GROUP BY 1) AS f
WHERE "first" >= %s AND "first" < %s
), r AS (
SELECT e.`+d.User()+`, %s AS "bucket"
%s
  AND %s
GROUP BY 1, 2
)
SELECT c."bucket", %d AS "period", COUNT(*) AS "users" FROM c GROUP BY 1
UNION ALL
SELECT c."bucket", r."bucket" - c."bucket", COUNT(*)
FROM c JOIN r ON r.`+d.User()+` = c.`+d.User()+`
WHERE r."bucket" >= c."bucket" AND r."bucket" < c."bucket" + %d
GROUP BY 1, 2`,
		bucketIndex(d, `"first"`, all), timestampColumn, first,
		d.Instant(cohorts.From), d.Instant(cohorts.To),
		bucketIndex(d, timestampColumn, all), returned,
		strings.Join((&selection{dialect: d}).within(all), "\n  AND "),
		cohortSize, q.Periods)), nil
}

// retentionEvents writes FROM and WHERE for the events of that name.
func retentionEvents(q insight.Query, event string, d dialect.Dialect, args *dialect.Args) (string, error) {
	s := &selection{dialect: d, args: args}
	where := []string{`e.` + d.User() + ` IS NOT NULL`}
	if event != insight.AnyEvent {
		where = append(where, s.named(event))
	}
	condition, err := s.filter(q.Filter, "filters")
	if err != nil {
		return "", err
	}
	if condition != "" {
		where = append(where, condition)
	}
	return s.from(where), nil
}

// runRetention answers a retention.
func (s *Service) runRetention(ctx context.Context, q insight.Query) (insight.Answer, error) {
	now := s.options.Now()
	cohorts, err := q.Axis(now)
	if err != nil {
		return insight.Answer{}, err
	}
	all, err := q.PeriodsAxis(now, cohorts)
	if err != nil {
		return insight.Answer{}, err
	}
	a := insight.Answer{Kind: q.Kind, Cohorts: make([]insight.CohortAnswer, len(cohorts.Starts))}
	values := make([]int64, len(cohorts.Starts)*q.Periods)
	for i, start := range cohorts.Starts {
		a.Cohorts[i] = insight.CohortAnswer{Start: start, Values: values[i*q.Periods : (i+1)*q.Periods]}
	}
	if len(cohorts.Starts) == 0 {
		return a, nil
	}
	err = s.read(ctx, "run the query", func(ctx context.Context, d dialect.Dialect) error {
		clipped, err := s.clip(ctx, all)
		if err != nil || len(clipped.Stretches) == 0 {
			return err
		}
		if cohorts.From.Before(clipped.From) {
			cohorts.From = clipped.From
		}
		statement, err := PlanRetention(q, cohorts, clipped, d)
		if err != nil {
			return err
		}
		rows, err := ask(ctx, s.reader(ctx), statement)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var cohort, period int
			var users int64
			if err := rows.Scan(&cohort, &period, &users); err != nil {
				return err
			}
			if cohort < 0 || cohort >= len(a.Cohorts) || period < cohortSize || period >= q.Periods {
				return fmt.Errorf("the warehouse answered for cohort %d and period %d, which are none of the query's", cohort, period)
			}
			switch {
			case period == cohortSize:
				a.Cohorts[cohort].Size = users
			case !all.Starts[cohort+period].After(now): // events may be dated ahead
				a.Cohorts[cohort].Values[period] = users
			}
		}
		return rows.Err()
	})
	if err != nil {
		return insight.Answer{}, err
	}
	return a, nil
}
