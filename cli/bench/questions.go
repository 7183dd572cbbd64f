package main

import (
	"fmt"
	"time"
)

// question is one thing asked of everybody. Each round asks of a range that is a
// day shorter, so that nobody answers from what it has kept.
type question struct {
	name, asks string
	// dataloaf is the body of POST /api/v1/query; the others are SQL whose column
	// "v" holds the figures. %[1]s and %[2]s are the first day and the day after
	// the last; in dataloaf the last itself.
	dataloaf, clickhouse, postgres string
	// days is how long the range is in the first round; it ends with the data.
	days int
}

// in are the days of a round's range.
func (q question) in(round int) (from, to time.Time) {
	end := firstDay.AddDate(0, 0, days)
	return end.AddDate(0, 0, round-q.days), end
}

func (q question) of(text string, round int) string {
	from, to := q.in(round)
	return fmt.Sprintf(text, from.Format(time.DateOnly), to.Format(time.DateOnly))
}

func (q question) body(round int) string {
	from, to := q.in(round)
	return fmt.Sprintf(q.dataloaf, from.Format(time.DateOnly), to.AddDate(0, 0, -1).Format(time.DateOnly))
}

// The SQL is what somebody who knows the engine would write. {amount} and {country}
// stand for how a table holds a property: a column of its own, or a path.
var questions = []question{
	{
		name: "Q1", asks: "daily count of one event over 90 days", days: 90,
		dataloaf:   `{"range":{"from":"%s","to":"%s"},"interval":"day","series":[{"event":"purchase","aggregation":{"type":"total"}}]}`,
		clickhouse: `SELECT toStartOfDay(timestamp) AS d, count() AS v FROM events WHERE event = 'purchase' AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d ORDER BY d`,
		postgres:   `SELECT date_trunc('day', timestamp) AS d, count(*) AS v FROM events WHERE event = 'purchase' AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d ORDER BY d`,
	},
	{
		name: "Q2", asks: "weekly unique users over a year", days: days,
		dataloaf:   `{"range":{"from":"%s","to":"%s"},"interval":"week","series":[{"event":"*","aggregation":{"type":"unique_users"}}]}`,
		clickhouse: `SELECT toMonday(timestamp) AS d, uniqExact(user_id) AS v FROM events WHERE timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d ORDER BY d`,
		postgres:   `SELECT date_trunc('week', timestamp) AS d, count(DISTINCT user_id) AS v FROM events WHERE timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d ORDER BY d`,
	},
	{
		name: "Q3", asks: "Q1 broken down by country", days: 90,
		dataloaf:   `{"range":{"from":"%s","to":"%s"},"interval":"day","series":[{"event":"purchase","aggregation":{"type":"total"}}],"breakdown":{"scope":"event","property":"country","limit":10}}`,
		clickhouse: `SELECT toStartOfDay(timestamp) AS d, {country} AS c, count() AS v FROM events WHERE event = 'purchase' AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d, c ORDER BY d, c`,
		postgres:   `SELECT date_trunc('day', timestamp) AS d, {country} AS c, count(*) AS v FROM events WHERE event = 'purchase' AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d, c ORDER BY d, c`,
	},
	{
		name: "Q4", asks: "weekly average of amount where amount > 100 and country = DE", days: days,
		dataloaf:   `{"range":{"from":"%s","to":"%s"},"interval":"week","series":[{"event":"*","aggregation":{"type":"average","property":"amount"}}],"filters":{"match":"all","conditions":[{"scope":"event","property":"amount","operator":"greater_than","value":100},{"scope":"event","property":"country","operator":"equals","value":"DE"}]}}`,
		clickhouse: `SELECT toMonday(timestamp) AS d, avg({amount}) AS v FROM events WHERE timestamp >= '%[1]s' AND timestamp < '%[2]s' AND {amount} > 100 AND {country} = 'DE' GROUP BY d ORDER BY d`,
		postgres:   `SELECT date_trunc('week', timestamp) AS d, avg({amount}) AS v FROM events WHERE timestamp >= '%[1]s' AND timestamp < '%[2]s' AND {amount} > 100 AND {country} = 'DE' GROUP BY d ORDER BY d`,
	},
	{
		name: "Q5", asks: "three-step funnel within 7 days", days: days,
		dataloaf: `{"kind":"funnel","range":{"from":"%s","to":"%s"},"window":"7d","steps":[{"event":"view_item"},{"event":"add_to_cart"},{"event":"purchase"}]}`,
		clickhouse: `SELECT n, countIf(level >= n) AS v FROM (
  SELECT windowFunnel(604800000000)(toUInt64(toUnixTimestamp64Micro(timestamp)), event = 'view_item', event = 'add_to_cart', event = 'purchase') AS level
  FROM events WHERE event IN ('view_item', 'add_to_cart', 'purchase') AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY user_id
) ARRAY JOIN [1, 2, 3] AS n GROUP BY n ORDER BY n`,
		// The latest start that an event can belong to is enough to know whether it
		// is in the window.
		postgres: `SELECT n, count(DISTINCT user_id) AS v FROM (
  SELECT user_id, CASE event WHEN 'view_item' THEN 1 WHEN 'add_to_cart' THEN CASE WHEN s1 >= timestamp - interval '7 days' THEN 2 END ELSE CASE WHEN s2 >= timestamp - interval '7 days' THEN 3 END END AS n
  FROM (
    SELECT *, max(CASE WHEN event = 'add_to_cart' THEN s1 END) OVER w AS s2
    FROM (
      SELECT user_id, event, timestamp, event_id, max(CASE WHEN event = 'view_item' THEN timestamp END) OVER w AS s1
      FROM events WHERE event IN ('view_item', 'add_to_cart', 'purchase') AND timestamp >= '%[1]s' AND timestamp < '%[2]s'
      WINDOW w AS (PARTITION BY user_id ORDER BY timestamp, event_id)
    ) AS a
    WINDOW w AS (PARTITION BY user_id ORDER BY timestamp, event_id)
  ) AS b
) AS c WHERE n IS NOT NULL GROUP BY n ORDER BY n`,
	},
	{
		name: "Q6", asks: "weekly retention over 8 weeks", days: 56,
		dataloaf: `{"kind":"retention","range":{"from":"%s","to":"%s"},"interval":"week","periods":8,"cohort_event":"signup","return_event":"open_app"}`,
		clickhouse: `SELECT c, k, uniqExact(user_id) AS v FROM (
  SELECT f.c AS c, e.user_id AS user_id, dateDiff('week', f.c, toMonday(e.timestamp)) AS k
  FROM events AS e INNER JOIN (SELECT user_id, toMonday(min(timestamp)) AS c FROM events WHERE event = 'signup' GROUP BY user_id HAVING min(timestamp) >= '%[1]s' AND min(timestamp) < '%[2]s') AS f ON f.user_id = e.user_id
  WHERE e.event = 'open_app' AND e.timestamp >= toMonday(toDate('%[1]s'))
) WHERE k BETWEEN 0 AND 7 GROUP BY c, k ORDER BY c, k`,
		postgres: `SELECT c, k, count(DISTINCT user_id) AS v FROM (
  SELECT f.c, e.user_id, floor(extract(epoch FROM date_trunc('week', e.timestamp) - f.c) / 604800) AS k
  FROM events AS e JOIN (SELECT user_id, date_trunc('week', min(timestamp)) AS c FROM events WHERE event = 'signup' GROUP BY user_id HAVING min(timestamp) >= '%[1]s' AND min(timestamp) < '%[2]s') AS f ON f.user_id = e.user_id
  WHERE e.event = 'open_app' AND e.timestamp >= date_trunc('week', timestamp '%[1]s')
) AS r WHERE k BETWEEN 0 AND 7 GROUP BY c, k ORDER BY c, k`,
	},
	{
		name: "Q7", asks: "monthly median of amount", days: days,
		dataloaf:   `{"range":{"from":"%s","to":"%s"},"interval":"month","series":[{"event":"purchase","aggregation":{"type":"median","property":"amount"}}]}`,
		clickhouse: `SELECT toStartOfMonth(timestamp) AS d, quantileExactInclusive(0.5)({amount}) AS v FROM events WHERE event = 'purchase' AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d ORDER BY d`,
		postgres:   `SELECT date_trunc('month', timestamp) AS d, percentile_cont(0.5) WITHIN GROUP (ORDER BY {amount}) AS v FROM events WHERE event = 'purchase' AND timestamp >= '%[1]s' AND timestamp < '%[2]s' GROUP BY d ORDER BY d`,
	},
	{
		name: "Q8", asks: "weekly count broken down by a user attribute", days: days,
		dataloaf:   `{"range":{"from":"%s","to":"%s"},"interval":"week","series":[{"event":"*","aggregation":{"type":"total"}}],"breakdown":{"scope":"user","property":"tier","limit":10}}`,
		clickhouse: `SELECT toMonday(e.timestamp) AS d, u.tier AS t, count() AS v FROM events AS e INNER JOIN users AS u ON u.user_id = e.user_id WHERE e.timestamp >= '%[1]s' AND e.timestamp < '%[2]s' GROUP BY d, t ORDER BY d, t`,
		postgres:   `SELECT date_trunc('week', e.timestamp) AS d, u.attributes->>'tier' AS t, count(*) AS v FROM events AS e JOIN users AS u ON u.user_id = e.user_id WHERE e.timestamp >= '%[1]s' AND e.timestamp < '%[2]s' GROUP BY d, t ORDER BY d, t`,
	},
}
