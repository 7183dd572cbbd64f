package query

import (
	"context"
	"fmt"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// What a user is in a bucket, in the rows of a lifecycle.
const (
	newUser = iota
	returningUser
	resurrectingUser
	dormantUser
)

// PlanLifecycle writes the one statement of a lifecycle. Its columns are the
// index of the bucket, what the users are in it, and their number. The axis
// begins with the bucket before the first of the answer.
func PlanLifecycle(q insight.Query, axis insight.Axis, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	events, err := retentionEvents(q, q.Event, d, args)
	if err != nil {
		return Statement{}, err
	}
	// All that lies before the axis is one bucket more, with the index -1. So a
	// user's first row is of the first event ever. A bucket makes its users
	// dormant in the next one.
	return finish(args, fmt.Sprintf(`WITH s AS (
SELECT "bucket", LAG("bucket") OVER (PARTITION BY `+d.User()+` ORDER BY "bucket") AS "before", LEAD("bucket") OVER (PARTITION BY `+d.User()+` ORDER BY "bucket") AS "after"
FROM (SELECT DISTINCT e.`+d.User()+`, CASE WHEN %[1]s < %[2]s THEN -1 ELSE %[3]s END AS "bucket"
%[4]s
  AND %[1]s < %[5]s) AS r
)
SELECT "bucket", CASE WHEN "before" IS NULL THEN %[6]d WHEN "before" = "bucket" - 1 THEN %[7]d ELSE %[8]d END AS "state", COUNT(*) AS "users"
FROM s
WHERE "bucket" > 0
GROUP BY 1, 2
UNION ALL
SELECT "bucket" + 1, %[9]d, COUNT(*)
FROM s
WHERE "bucket" >= 0 AND "bucket" < %[10]d AND ("after" IS NULL OR "after" > "bucket" + 1)
GROUP BY 1`,
		timestampColumn, d.Instant(axis.From), bucketIndex(d, timestampColumn, axis), events, d.Instant(axis.To),
		newUser, returningUser, resurrectingUser, dormantUser, len(axis.Starts)-1)), nil
}

// runLifecycle answers a lifecycle.
func (s *Service) runLifecycle(ctx context.Context, q insight.Query) (insight.Answer, error) {
	now := s.options.Now()
	axis, err := q.Axis(now)
	if err != nil {
		return insight.Answer{}, err
	}
	whole, err := q.LifecycleAxis(now, axis)
	if err != nil {
		return insight.Answer{}, err
	}
	a := insight.Answer{Kind: q.Kind, Buckets: axis.Starts, Lifecycle: insight.NewLifecycleAnswer(len(axis.Starts))}
	if len(axis.Starts) == 0 {
		return a, nil
	}
	states := [][]int64{newUser: a.Lifecycle.New, returningUser: a.Lifecycle.Returning, resurrectingUser: a.Lifecycle.Resurrecting, dormantUser: a.Lifecycle.Dormant}
	err = s.read(ctx, "run the query", func(ctx context.Context, d dialect.Dialect) error {
		clipped, err := s.clip(ctx, whole)
		if err != nil || len(clipped.Stretches) == 0 {
			return err
		}
		statement, err := PlanLifecycle(q, clipped, d)
		if err != nil {
			return err
		}
		rows, err := ask(ctx, s.reader(ctx), statement)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var bucket, state int
			var users int64
			if err := rows.Scan(&bucket, &state, &users); err != nil {
				return err
			}
			if bucket < 1 || bucket > len(axis.Starts) || state < 0 || state >= len(states) {
				return fmt.Errorf("the warehouse answered for bucket %d and state %d, which are none of the query's", bucket, state)
			}
			if !axis.Starts[bucket-1].After(now) { // nobody is missed before it begins
				states[state][bucket-1] = users
			}
		}
		return rows.Err()
	})
	if err != nil {
		return insight.Answer{}, err
	}
	return a, nil
}
