package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// DeepEvents is the query for how often events are in the table: those whose
// times lie between $1 and $2, by id, n of them or, where the engine takes a
// list, in one value.
func DeepEvents(d warehouse.Dialect, n int) string {
	ids := placeholders(3, n)
	switch d {
	case warehouse.DuckDB:
		ids = `SELECT CAST(unnest(from_json($3, '["VARCHAR"]')) AS UUID)`
	case warehouse.PostgreSQL:
		ids = `SELECT unnest(CAST($3 AS uuid[]))`
	case warehouse.Redshift:
	}
	return `SELECT CAST("event_id" AS VARCHAR(36)), "timestamp", COUNT(*) FROM "events"
WHERE "timestamp" BETWEEN $1 AND $2 AND "event_id" IN (` + ids + `) GROUP BY "event_id", "timestamp"`
}

// batch is how many lines are looked for at once.
const batch = 2000

// identity is what makes two events the same.
type identity struct {
	id     string
	micros int64
}

// checker looks for the lines of one object in the tables.
type checker struct {
	a  *audit
	id string
	// events are those of the batch, and the first line of each; writes are the
	// batch's by user.
	events map[identity]int64
	writes map[string][]write
	held   int
	kind   warehouse.Kind
	// off is true when nothing is to be looked for.
	off      bool
	checked  int64
	findings []Finding
	// more findings are not kept.
	more int
}

type write struct {
	line  int64
	state warehouse.User
}

func newChecker(a *audit, j job) *checker {
	c := &checker{a: a, id: j.object.ID(), kind: j.object.Kind, off: !a.request.Deep || j.entry == nil || j.entry.status != "loaded"}
	c.reset()
	return c
}

func (c *checker) reset() {
	c.events, c.writes, c.held = map[identity]int64{}, map[string][]write{}, 0
}

func (c *checker) differs(line int64, what string, expected, found int64) {
	if len(c.findings) == maxNamed {
		c.more++
		return
	}
	c.findings = append(c.findings, Finding{Object: c.id, What: fmt.Sprintf("line %d: %s", line, what), Expected: expected, Found: found, Action: Report})
}

// line takes one line.
func (c *checker) line(ctx context.Context, number int64, line []byte) error {
	if c.off {
		return nil
	}
	c.checked++
	if err := c.take(number, line); err != nil {
		c.differs(number, "the object is loaded, and the line is no record: "+brief(err.Error()), 1, 0)
		return nil
	}
	if c.held++; c.held < batch {
		return nil
	}
	return c.flush(ctx)
}

func (c *checker) take(number int64, line []byte) error {
	switch c.kind {
	case warehouse.Events:
		e, _, err := wire.ParseEventRecord(line)
		if err != nil {
			return err
		}
		this := identity{strings.ToLower(e.EventID), e.Timestamp.UnixMicro()}
		if _, twice := c.events[this]; !twice {
			c.events[this] = number
		}
		return nil
	case warehouse.Updates:
		u, _, err := wire.ParseUpdateRecord(line)
		if err != nil {
			return err
		}
		return c.write(number, warehouse.FromUpdate(u))
	default:
		u, _, err := wire.ParseUserRecord(line)
		if err != nil {
			return err
		}
		return c.write(number, warehouse.FromNewUser(u))
	}
}

func (c *checker) write(number int64, w warehouse.UserWrite) error {
	state, err := w.State()
	if err != nil {
		return err
	}
	c.writes[w.UserID] = append(c.writes[w.UserID], write{number, state})
	return nil
}

// flush looks for what is held.
func (c *checker) flush(ctx context.Context) error {
	defer c.reset()
	if len(c.events) > 0 {
		if err := c.findEvents(ctx); err != nil {
			return fmt.Errorf("look for %d events: %w", len(c.events), err)
		}
	}
	if len(c.writes) > 0 {
		if err := c.findUsers(ctx); err != nil {
			return fmt.Errorf("look for %d users: %w", len(c.writes), err)
		}
	}
	return nil
}

func (c *checker) findEvents(ctx context.Context) error {
	db := c.a.warehouse.Database()
	ids := make([]string, 0, len(c.events))
	var first, last int64
	for e := range c.events {
		if len(ids) == 0 || e.micros < first {
			first = e.micros
		}
		if len(ids) == 0 || e.micros > last {
			last = e.micros
		}
		ids = append(ids, e.id)
	}
	args := []any{time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()}
	switch db.Dialect {
	case warehouse.DuckDB:
		list, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		args = append(args, string(list))
	case warehouse.PostgreSQL:
		args = append(args, pq.Array(ids))
	default:
		for _, id := range ids {
			args = append(args, id)
		}
	}
	found := map[identity]int64{}
	err := scan(ctx, db.SQL, DeepEvents(db.Dialect, len(ids)), args, func(rows *sql.Rows) error {
		var id string
		var at time.Time
		var n int64
		if err := rows.Scan(&id, &at, &n); err != nil {
			return err
		}
		found[identity{strings.ToLower(id), at.UnixMicro()}] += n
		return nil
	})
	if err != nil {
		return err
	}
	for e, line := range c.events {
		if n := found[e]; n != 1 {
			c.differs(line, fmt.Sprintf("rows of the event %s at %s", e.id, time.UnixMicro(e.micros).UTC().Format(wire.TimeFormat)), 1, n)
		}
	}
	return nil
}

// findUsers looks whether the users' rows have all that the writes say: then
// merging a write once more changes nothing.
func (c *checker) findUsers(ctx context.Context) error {
	ids := make([]string, 0, len(c.writes))
	for id := range c.writes {
		ids = append(ids, id)
	}
	users, err := c.a.warehouse.Users(ctx, ids)
	if err != nil {
		return err
	}
	rows := map[string][]warehouse.User{}
	for _, u := range users {
		rows[u.ID] = append(rows[u.ID], u)
	}
	for id, writes := range c.writes {
		have := rows[id]
		if len(have) != 1 {
			c.differs(writes[0].line, fmt.Sprintf("rows of the user %.100q", id), 1, int64(len(have)))
			continue
		}
		for _, w := range writes {
			if !holds(have[0], w.state) {
				c.differs(w.line, fmt.Sprintf("the row of the user %.100q has what the line says", id), 1, 0)
			}
		}
	}
	return nil
}

// holds tells whether merging a state into a row would change nothing.
func holds(row, state warehouse.User) bool {
	merged := warehouse.Merge(row, state)
	if !merged.UpdatedAt.Equal(row.UpdatedAt) || (merged.CreatedAt == nil) != (row.CreatedAt == nil) || len(merged.Attributes) != len(row.Attributes) {
		return false
	}
	if merged.CreatedAt != nil && !merged.CreatedAt.Equal(*row.CreatedAt) {
		return false
	}
	for name, a := range row.Attributes {
		if merged.Attributes[name] != a {
			return false
		}
	}
	return true
}
