package query

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// Event is a stored event.
type Event struct {
	// ID is a UUID in lower case.
	ID   string `json:"event_id"`
	Name string `json:"event"`
	// User is nil for an event without a user.
	User *string   `json:"user_id"`
	Time time.Time `json:"timestamp"`
	// Properties is a compact JSON object.
	Properties json.RawMessage `json:"properties"`
}

// MaxPage is how many events or users one page holds at most.
const MaxPage = 500

// EventCursor is a place between events: after the one that it names, in the
// order of their times and, at the same time, of their ids. What is stored
// meanwhile moves no event to the other side of it.
type EventCursor struct {
	Micros int64
	ID     string
}

func cursorOf(e Event) EventCursor { return EventCursor{Micros: e.Time.UnixMicro(), ID: e.ID} }

// String is the cursor as clients hand it on.
func (c EventCursor) String() string { return encodeCursor(c.Micros, c.ID) }

var eventIDPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ParseEventCursor reads what String wrote; false for anything else.
func ParseEventCursor(text string) (EventCursor, bool) {
	at, id, ok := decodeCursor(text)
	return EventCursor{Micros: at, ID: id}, ok && eventIDPattern.MatchString(id)
}

func encodeCursor(micros int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(micros, 10) + " " + id))
}

func decodeCursor(text string) (micros int64, id string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, "", false
	}
	at, id, ok := strings.Cut(string(raw), " ")
	micros, err = strconv.ParseInt(at, 10, 64)
	return micros, id, ok && err == nil && inCalendar(micros)
}

// inCalendar reports that an instant has a year of four digits, as each of ours
// does: those of a cursor become part of a statement.
func inCalendar(micros int64) bool {
	year := time.UnixMicro(micros).UTC().Year()
	return year >= 1 && year <= 9999
}

// EventSelection chooses events. Its zero value is all of them.
type EventSelection struct {
	// Event is a name; empty or "*" means all.
	Event string
	// User is a user's id; nil means those of all and of none.
	User   *string
	Filter insight.Filter
}

// conditions writes a selection's, for any order of events.
func (s *selection) conditions(r EventSelection) ([]string, error) {
	var where []string
	if r.Event != "" && r.Event != insight.AnyEvent {
		where = append(where, s.named(r.Event))
	}
	if r.User != nil {
		where = append(where, `e."user_id" = `+s.dialect.Param(s.args.Bind(*r.User), dialect.Text))
	}
	condition, err := s.filter(r.Filter, "filters")
	if condition != "" {
		where = append(where, condition)
	}
	return where, err
}

// beyond writes that an event lies beyond a cursor; sign is "<" on the way back
// in time and ">" forward. The first comparison alone would do nothing but
// repeat the second; it is what an engine can skip blocks of the table by.
func (s *selection) beyond(c EventCursor, sign string) string {
	at := s.dialect.Instant(time.UnixMicro(c.Micros))
	return fmt.Sprintf(`%[1]s %[2]s= %[3]s AND (%[1]s %[2]s %[3]s OR e."event_id" %[2]s %[4]s)`,
		timestampColumn, sign, at, s.dialect.ID(s.args.Bind(c.ID)))
}

// eventColumns are the columns that scanEvent reads.
func eventColumns(d dialect.Dialect) string {
	properties, _ := d.JSON(`e."properties"`)
	return d.EventID(`e."event_id"`) + ` AS "id", e."event", e."user_id", ` + timestampColumn + ", " + properties + ` AS "properties_text"`
}

func scanEvent(rows *sql.Rows, d dialect.Dialect) (Event, error) {
	var e Event
	var properties string
	if err := rows.Scan(&e.ID, &e.Name, &e.User, &e.Time, &properties); err != nil {
		return Event{}, err
	}
	e.Time = e.Time.UTC()
	var err error
	if e.Properties, err = readJSON(properties, d); err != nil {
		return Event{}, fmt.Errorf("read the properties of event %s: %w", e.ID, err)
	}
	return e, nil
}

// readJSON reads a column that the dialect's JSON wrote.
func readJSON(text string, d dialect.Dialect) (json.RawMessage, error) {
	raw := []byte(text)
	if _, hexadecimal := d.JSON(""); hexadecimal {
		var err error
		if raw, err = hex.DecodeString(text); err != nil {
			return nil, err
		}
	}
	var compact bytes.Buffer
	compact.Grow(len(raw))
	if err := json.Compact(&compact, raw); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readEvents runs a statement whose columns are eventColumns.
func readEvents(ctx context.Context, q querier, statement Statement, d dialect.Dialect, each func(Event) error) error {
	rows, err := q.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanEvent(rows, d)
		if err != nil {
			return err
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// pageSize is the number of items that are asked for.
func pageSize(limit int) int {
	if limit <= 0 || limit > MaxPage {
		return MaxPage
	}
	return limit
}
