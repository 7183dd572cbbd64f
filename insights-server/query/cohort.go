package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// A condition on a cohort becomes a join: each condition of the cohort is the
// list of the users for whom its positive form holds, and what is asked of an
// event is whether its user is on the list. So a negative condition holds for
// users of whom nothing is known, as it does in a filter, and an event without a
// user is on no list.

// ErrNoCohort is wrapped by Options.Cohorts for an id that no cohort has.
var ErrNoCohort = errors.New("there is no such cohort")

// withCohorts looks up the cohorts that a query names.
func (s *Service) withCohorts(ctx context.Context, q insight.Query) (insight.Query, error) {
	now := s.options.Now()
	return q.WithCohorts(func(c insight.Condition) (*insight.Cohort, error) {
		err := ErrNoCohort
		var found insight.Cohort
		if s.options.Cohorts != nil {
			found, err = s.options.Cohorts(ctx, c.CohortID)
		}
		if errors.Is(err, ErrNoCohort) {
			return nil, &insight.Error{Code: insight.CodeUnknownValue, Field: c.Field + ".value", Message: "There is no cohort of this id. Take one of those that GET /api/v1/cohorts lists."}
		}
		if err != nil {
			return nil, err
		}
		found = found.Resolve(now)
		return &found, nil
	})
}

// inCohort writes a condition on a cohort.
func (s *selection) inCohort(c insight.Condition, path string) (string, error) {
	if c.Cohort == nil {
		return "", fmt.Errorf("%s: the cohort %q was not looked up", path, c.CohortID)
	}
	member, err := s.member(*c.Cohort, path)
	if err != nil {
		return "", err
	}
	switch c.Operator {
	case insight.In:
		return member, nil
	case insight.NotIn:
		return "NOT " + member, nil
	default:
		return "", fmt.Errorf("%s: no SQL for operator %q on a cohort", path, c.Operator)
	}
}

// member says whether the user of the row "e" is in the cohort: true or false,
// never NULL.
func (s *selection) member(c insight.Cohort, path string) (string, error) {
	parts := make([]string, len(c.Conditions))
	for i, condition := range c.Conditions {
		at := fmt.Sprintf("%s.conditions[%d]", path, i)
		list, negated, err := s.listed(condition, at)
		if err != nil {
			return "", err
		}
		place := slices.Index(s.lists, list)
		if place < 0 {
			place = len(s.lists)
			s.lists = append(s.lists, list)
		}
		parts[i] = fmt.Sprintf(`k%d.`+s.dialect.User()+` IS NOT NULL`, place)
		if negated {
			parts[i] = fmt.Sprintf(`k%d.`+s.dialect.User()+` IS NULL`, place)
		}
	}
	joint := " AND "
	switch c.Match {
	case insight.MatchAll:
	case insight.MatchAny:
		joint = " OR "
	default:
		return "", fmt.Errorf("%s: no SQL for match %q", path, c.Match)
	}
	return `(e.` + s.dialect.User() + ` IS NOT NULL AND (` + strings.Join(parts, joint) + "))", nil
}

// listed writes the SELECT of the users for whom a condition's positive form
// holds, each once.
func (s *selection) listed(c insight.CohortCondition, path string) (list string, negated bool, err error) {
	switch c.Type {
	case insight.CohortAttribute:
		property, err := s.dialect.UserAttribute(s.args, c.Attribute.Property)
		if err != nil {
			return "", false, nameError(err, path+".property")
		}
		positive, negated := positiveOf(c.Attribute.Operator)
		comparison, err := s.compare(property, positive, c.Attribute.Values)
		if err != nil {
			return "", false, fmt.Errorf("%s: %w", path, err)
		}
		return `SELECT a.` + s.dialect.User() + ` FROM ` + dialect.Users(s.dialect, property.Columns) + ` WHERE ` + comparison, negated, nil
	case insight.CohortFunnel:
		list, err = s.inFunnel(c, path)
		return list, false, err
	case insight.CohortEvent:
		inner := &selection{dialect: s.dialect, args: s.args}
		where := append(inner.within(cohortAxis(c)), `e.`+s.dialect.User()+` IS NOT NULL`)
		if c.Event != insight.AnyEvent {
			where = append(where, inner.named(c.Event))
		}
		condition, err := inner.filter(c.Filter, path+".filters")
		if err != nil {
			return "", false, err
		}
		if condition != "" {
			where = append(where, condition)
		}
		return fmt.Sprintf("SELECT e."+s.dialect.User()+"\n%s\nGROUP BY 1\nHAVING COUNT(*) >= %d", inner.from(where), c.AtLeast), !c.Done, nil
	default:
		return "", false, fmt.Errorf("%s: no SQL for type %q", path, c.Type)
	}
}

// cohortAxis is a condition's range, within the time that events can have.
func cohortAxis(c insight.CohortCondition) insight.Axis {
	axis := insight.Axis{From: c.From, To: c.To}
	if axis.From.Before(firstTimestamp) { // see there
		axis.From = firstTimestamp
	}
	if axis.To.Before(axis.From) {
		axis.To = axis.From
	}
	return axis
}

// joinLists joins the lists of users to the row "e".
func (s *selection) joinLists() string {
	var joins strings.Builder
	for i, list := range s.lists {
		fmt.Fprintf(&joins, "\nLEFT JOIN (%s) AS k%d ON k%d."+s.dialect.User()+" = e."+s.dialect.User(), list, i, i)
	}
	return joins.String()
}

// everyone is each user that has a row or an event, once.
func everyone(d dialect.Dialect) string {
	columns := `"user_id"`
	if d.User() != columns {
		columns += ", " + d.User()
	}
	return `FROM (SELECT ` + columns + ` FROM "users" UNION SELECT ` + columns + ` FROM "events" WHERE "user_id" IS NOT NULL) AS e`
}

// PlanCohortCount writes the statement that counts a cohort's users.
func PlanCohortCount(c insight.Cohort, d dialect.Dialect) (Statement, error) {
	s := &selection{dialect: d, args: &dialect.Args{}}
	member, err := s.member(c, "definition")
	if err != nil {
		return Statement{}, err
	}
	return finish(s.args, "SELECT COUNT(*) "+everyone(d)+s.joinLists()+"\nWHERE "+member), nil
}

// PlanCohortUsers writes the statement that lists a cohort's users by code
// point, from the one after.
func PlanCohortUsers(c insight.Cohort, after string, limit int, d dialect.Dialect) (Statement, error) {
	s := &selection{dialect: d, args: &dialect.Args{}}
	member, err := s.member(c, "definition")
	if err != nil {
		return Statement{}, err
	}
	user := d.BinaryOrder(`e."user_id"`)
	if after != "" {
		member += "\n  AND " + user + " > " + d.Param(s.args.Bind(after), dialect.Text)
	}
	return finish(s.args, fmt.Sprintf("SELECT e.\"user_id\" %s%s\nWHERE %s\nORDER BY %s LIMIT %d", everyone(d), s.joinLists(), member, user, limit)), nil
}

// CohortCount counts the users of a cohort.
func (s *Service) CohortCount(ctx context.Context, c insight.Cohort) (int64, error) {
	var n int64
	err := s.read(ctx, "count the users of a cohort", func(ctx context.Context, d dialect.Dialect) error {
		statement, err := PlanCohortCount(c.Resolve(s.options.Now()), d)
		if err != nil {
			return err
		}
		return s.db.SQL.QueryRowContext(ctx, statement.SQL, statement.Args...).Scan(&n)
	})
	return n, err
}

// MaxCohortPage is how many users CohortUsers gives at most.
const MaxCohortPage = 1000

// CohortUsers lists the users of a cohort by code point, from the one after the
// given one; more says that there are others behind them.
func (s *Service) CohortUsers(ctx context.Context, c insight.Cohort, after string, limit int) (users []string, more bool, err error) {
	limit = min(max(limit, 1), MaxCohortPage)
	users = []string{}
	err = s.read(ctx, "list the users of a cohort", func(ctx context.Context, d dialect.Dialect) error {
		statement, err := PlanCohortUsers(c.Resolve(s.options.Now()), after, limit+1, d)
		if err != nil {
			return err
		}
		rows, err := s.db.SQL.QueryContext(ctx, statement.SQL, statement.Args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var user string
			if err := rows.Scan(&user); err != nil {
				return err
			}
			users = append(users, user)
		}
		return rows.Err()
	})
	if len(users) > limit {
		users, more = users[:limit], true
	}
	return users, more, err
}
