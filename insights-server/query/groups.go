package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// A breakdown is answered by two statements in one snapshot. The first counts
// the events of each value, and finds the groups of each series; the second
// aggregates over the events of each group, so that a user or a number of
// several values counts once in the rest. Where events alone are counted, and
// the engine writes each value in one way, the counts of values add up to those
// of groups, and one statement that reads the events once does both.

// The indexes of the groups that are no value of a property.
const (
	nullGroup = -1
	restGroup = -2
)

// Groups are the groups that a breakdown names for one series, the largest
// first.
type Groups struct {
	groups []group
}

// group is a text and the keys that the engine has for it: an engine may keep
// one object in several ways.
type group struct {
	text  string
	keys  []string
	count int64
}

// maxObjects is how many different objects and arrays one property may have
// for a breakdown. Their texts are put together in memory; no engine writes
// them alike.
const maxObjects = 100_000

// PlanGroups writes the statement that counts the events of the values that
// may be groups. Its columns are the index of the series, the key and the
// count. Of keys that are final it gives as many as the query names groups;
// those of objects and arrays, and the strings that may read like one, it gives
// all, for Go to put together.
func PlanGroups(q insight.Query, axis insight.Axis, d dialect.Dialect) (statement Statement, marked bool, err error) {
	args := &dialect.Args{}
	arms := make([]string, len(q.Series))
	for i, series := range q.Series {
		s := &selection{dialect: d, args: args, path: fmt.Sprintf("series[%d]", i)}
		key, err := s.groupKey(*q.Breakdown)
		if err != nil {
			return Statement{}, false, err
		}
		source, err := s.source(q, series, axis)
		if err != nil {
			return Statement{}, false, err
		}
		marked = key.Marked
		counts := fmt.Sprintf(`SELECT %s AS "key", COUNT(*) AS "n"
%s
GROUP BY 1`, key.SQL, source)
		arms[i] = rankKeys(d, i, counts, q.Breakdown.Limit, marked)
	}
	return finish(args, strings.Join(arms, "\nUNION ALL\n")), marked, nil
}

func rankKeys(d dialect.Dialect, series int, counts string, limit int, marked bool) string {
	order := `"n" DESC, ` + d.BinaryOrder(`"key"`)
	if !marked {
		return fmt.Sprintf(`SELECT "series", "key", "n" FROM (SELECT %d AS "series", "key", "n" FROM (%s) AS r
WHERE "key" IS NOT NULL
ORDER BY %s LIMIT %d) AS r%d`, series, counts, order, limit, series)
	}
	return fmt.Sprintf(`SELECT %d AS "series", "key", "n" FROM (SELECT "key", "n", "object", ROW_NUMBER() OVER (PARTITION BY "object" ORDER BY %s) AS "place"
FROM (SELECT "key", "n", CASE WHEN LEFT("key", 1) = '%s' OR LEFT("key", 2) IN ('%s{', '%s[') THEN 1 ELSE 0 END AS "object" FROM (%s) AS r
WHERE "key" IS NOT NULL) AS r) AS r
WHERE "place" <= CASE WHEN "object" = 1 THEN %d ELSE %d END`,
		series, order, dialect.JSONMark, dialect.FinalMark, dialect.FinalMark, counts, maxObjects+1, limit)
}

// PlanGroupTotals writes the one statement that finds the groups and counts their
// events. Its columns are those of PlanTrend and the "key", which is a named
// group's own. False for a query that needs two statements.
func PlanGroupTotals(q insight.Query, axis insight.Axis, d dialect.Dialect) (statement Statement, ok bool, err error) {
	if q.Breakdown == nil || q.Compare != "" {
		return Statement{}, false, nil
	}
	args := &dialect.Args{}
	var tables, arms []string
	for i, series := range q.Series {
		if series.Aggregation.Type != insight.Total {
			return Statement{}, false, nil
		}
		s := &selection{dialect: d, args: args, path: fmt.Sprintf("series[%d]", i)}
		key, err := s.groupKey(*q.Breakdown)
		if err != nil || key.Marked {
			return Statement{}, false, err
		}
		source, err := s.source(q, series, axis)
		if err != nil {
			return Statement{}, false, err
		}
		tables = append(tables, fmt.Sprintf(`r%[1]d AS MATERIALIZED (SELECT %[2]s AS "key", %[3]s AS "bucket", COUNT(*) AS "n"
%[4]s
GROUP BY 1, 2),
g%[1]d AS (SELECT "key", ROW_NUMBER() OVER (ORDER BY %[5]s) - 1 AS "group"
FROM (SELECT "key", SUM("n") AS "n" FROM r%[1]d WHERE "key" IS NOT NULL GROUP BY 1 ORDER BY %[5]s LIMIT %[6]d) AS r)`,
			i, key.SQL, bucketIndex(d, timestampColumn, axis), source, `"n" DESC, `+d.BinaryOrder(`"key"`), q.Breakdown.Limit))
		arms = append(arms, fmt.Sprintf(`SELECT %[1]d AS "series", COALESCE(g."group", CASE WHEN r."key" IS NULL THEN %[2]d ELSE %[3]d END) AS "group", r."bucket", CAST(SUM(r."n") AS BIGINT) AS "events", 0 AS "measured", %[4]s AS "value", MIN(g."key") AS "key"
FROM r%[1]d AS r LEFT JOIN g%[1]d AS g ON g."key" = r."key"
GROUP BY 2, 3`, i, nullGroup, restGroup, d.Value("NULL")))
	}
	return finish(args, "WITH "+strings.Join(tables, ",\n")+"\n"+strings.Join(arms, "\nUNION ALL\n")), true, nil
}

// groupText is the text of a key's group.
func groupText(key string, marked bool) (string, error) {
	if !marked {
		return key, nil
	}
	text := key[1:]
	if key[:1] == dialect.FinalMark {
		return text, nil
	}
	canonical, err := wire.Canonical([]byte(text))
	if err != nil {
		return "", fmt.Errorf("read a value of the breakdown: %w", err)
	}
	return string(canonical), nil
}

// findGroups runs the statement of PlanGroups.
func findGroups(ctx context.Context, r warehouse.Querier, q insight.Query, axis insight.Axis, d dialect.Dialect) ([]Groups, error) {
	statement, marked, err := PlanGroups(q, axis, d)
	if err != nil {
		return nil, err
	}
	rows, err := ask(ctx, r, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]map[string]*group, len(q.Series))
	objects := 0
	for rows.Next() {
		var series int
		var key string
		var n int64
		if err := rows.Scan(&series, &key, &n); err != nil {
			return nil, err
		}
		if series < 0 || series >= len(found) || (marked && key == "") {
			return nil, fmt.Errorf("the warehouse answered with the group %q for series %d", key, series)
		}
		if marked && key[:1] == dialect.JSONMark {
			if objects++; objects > maxObjects {
				return nil, &insight.Error{
					Code: insight.CodeTooMany, Field: "breakdown.property",
					Message: fmt.Sprintf("The property has more than %d different objects and arrays. Break down by one that has fewer.", maxObjects),
				}
			}
		}
		text, err := groupText(key, marked)
		if err != nil {
			return nil, err
		}
		if found[series] == nil {
			found[series] = map[string]*group{}
		}
		g := found[series][text]
		if g == nil {
			g = &group{text: text}
			found[series][text] = g
		}
		g.keys = append(g.keys, key)
		g.count += n
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	groups := make([]Groups, len(q.Series))
	for i, byText := range found {
		for _, g := range byText {
			groups[i].groups = append(groups[i].groups, *g)
		}
		groups[i].rank(q.Breakdown.Limit)
	}
	return groups, nil
}

// rank sorts the groups, the largest first and equal ones by code point, and
// keeps as many as the limit.
func (g *Groups) rank(limit int) {
	slices.SortFunc(g.groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.text, b.text))
	})
	g.groups = g.groups[:min(len(g.groups), limit)]
	for i := range g.groups { // the same SQL for the same question
		slices.Sort(g.groups[i].keys)
	}
}

// name gives the group of a place, counted from the largest, its text.
func (g *Groups) name(place int, text string) {
	for len(g.groups) <= place {
		g.groups = append(g.groups, group{})
	}
	g.groups[place].text = text
}
