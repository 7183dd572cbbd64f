package query

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// User is what is known of a user.
type User struct {
	ID string `json:"user_id"`
	// CreatedAt is the earliest that was posted; nil when none was.
	CreatedAt *time.Time `json:"created_at"`
	// Attributes is a compact JSON object; empty for a user whom only events
	// name.
	Attributes json.RawMessage `json:"attributes"`
	// FirstSeen and LastSeen are the times of the user's events; nil without any.
	FirstSeen  *time.Time `json:"first_seen"`
	LastSeen   *time.Time `json:"last_seen"`
	EventCount int64      `json:"event_count"`
}

// ProfileRequest asks for a user and a page of the events.
type ProfileRequest struct {
	ID string
	// After is where the page begins; nil is the newest event.
	After *EventCursor
	// Limit is at most MaxPage, which 0 means.
	Limit int
}

// Profile is a user and a page of the events, the newest first.
type Profile struct {
	User
	EventPage
}

// Profile gives a user; ErrNoUser when neither a row nor an event names one.
func (s *Service) Profile(ctx context.Context, r ProfileRequest) (Profile, error) {
	p := Profile{User: emptyUser(r.ID)}
	known := false
	err := s.read(ctx, "read a user", func(ctx context.Context, d dialect.Dialect) error {
		return s.snapshot(ctx, func(tx *sql.Tx) error {
			users := map[string]*User{r.ID: &p.User}
			rows, err := readUsers(ctx, tx, users, d)
			if err != nil {
				return err
			}
			if err := readSightings(ctx, tx, users, d); err != nil {
				return err
			}
			if known = rows > 0 || p.EventCount > 0; !known {
				return nil
			}
			p.EventPage, err = readPage(ctx, tx, EventsRequest{EventSelection: EventSelection{User: &r.ID}, After: r.After, Limit: r.Limit}, d)
			return err
		})
	})
	if err == nil && !known {
		err = fmt.Errorf("read a user: %w", ErrNoUser)
	}
	return p, err
}

func emptyUser(id string) User { return User{ID: id, Attributes: json.RawMessage("{}")} }

// readUsers fills in the rows of users, and tells how many there are.
func readUsers(ctx context.Context, tx *sql.Tx, users map[string]*User, d dialect.Dialect) (found int, err error) {
	statement := PlanUsers(keys(users), d)
	rows, err := tx.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, attributes string
		var created sql.NullTime
		if err := rows.Scan(&id, &created, &attributes); err != nil {
			return found, err
		}
		u, ok := users[id]
		if !ok {
			return found, fmt.Errorf("the warehouse answered for the user %q, whom nobody asked for", id)
		}
		found++
		u.CreatedAt = utc(created)
		if u.Attributes, err = readJSON(attributes, d); err != nil {
			return found, fmt.Errorf("read the attributes of %q: %w", id, err)
		}
	}
	return found, rows.Err()
}

// readSightings fills in when users were seen.
func readSightings(ctx context.Context, tx *sql.Tx, users map[string]*User, d dialect.Dialect) error {
	statement := PlanSightings(keys(users), d)
	rows, err := tx.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var n int64
		var first, last sql.NullTime
		if err := rows.Scan(&id, &n, &first, &last); err != nil {
			return err
		}
		u, ok := users[id]
		if !ok {
			return fmt.Errorf("the warehouse answered for the user %q, whom nobody asked for", id)
		}
		u.EventCount, u.FirstSeen, u.LastSeen = n, utc(first), utc(last)
	}
	return rows.Err()
}

func utc(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}

func keys(users map[string]*User) []string {
	ids := make([]string, 0, len(users))
	for id := range users {
		ids = append(ids, id)
	}
	return ids
}

// PlanUsers writes the statement for the rows of users: their id, when they
// were created, and their attributes.
func PlanUsers(ids []string, d dialect.Dialect) Statement {
	args := &dialect.Args{}
	attributes, _ := d.JSON(`a."attributes"`)
	return finish(args, `SELECT a."user_id", a."created_at", `+attributes+` AS "attributes_text"
FROM "users" AS a
WHERE a."user_id" IN (`+bindAll(ids, args, d)+`)`)
}

// PlanSightings writes the statement for the events of users: the id, their
// number, and the times of the first and the last.
func PlanSightings(ids []string, d dialect.Dialect) Statement {
	args := &dialect.Args{}
	return finish(args, `SELECT e."user_id", COUNT(*), MIN(`+timestampColumn+`), MAX(`+timestampColumn+`)
FROM "events" AS e
WHERE e."user_id" IN (`+bindAll(ids, args, d)+`)
GROUP BY 1`)
}

func bindAll(ids []string, args *dialect.Args, d dialect.Dialect) string {
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = d.Param(args.Bind(id), dialect.Text)
	}
	return strings.Join(places, ", ")
}

// UserCursor is a place between users: after the one that it names, in the
// order of Users.
type UserCursor struct {
	Micros int64
	ID     string
}

// String is the cursor as clients hand it on.
func (c UserCursor) String() string { return encodeCursor(c.Micros, c.ID) }

// ParseUserCursor reads what String wrote; false for anything else.
func ParseUserCursor(text string) (UserCursor, bool) {
	at, id, ok := decodeCursor(text)
	return UserCursor{Micros: at, ID: id}, ok && storable(id)
}

// UsersRequest asks for a page of users.
type UsersRequest struct {
	// Search keeps the users whose id, or one of whose attributes that are
	// strings, holds it, case ignored.
	Search string
	// After is where the page begins; nil is the first user.
	After *UserCursor
	// Limit is at most MaxPage, which 0 means.
	Limit int
}

// UserPage is a page of users.
type UserPage struct {
	Users []User
	// Next is where the next page begins; nil when there is none.
	Next *UserCursor
}

// Users lists users, those first whose row changed last. Users without a row,
// whom only events name, are among them, by the time of their first event.
func (s *Service) Users(ctx context.Context, r UsersRequest) (UserPage, error) {
	page := UserPage{Users: []User{}}
	err := s.read(ctx, "list the users", func(ctx context.Context, d dialect.Dialect) error {
		return s.snapshot(ctx, func(tx *sql.Tx) error {
			return readUserPage(ctx, tx, r, &page, d)
		})
	})
	return page, err
}

func readUserPage(ctx context.Context, tx *sql.Tx, r UsersRequest, page *UserPage, d dialect.Dialect) error {
	limit := pageSize(r.Limit)
	places, err := readUserPlaces(ctx, tx, PlanUserList(r, limit+1, d))
	if err != nil {
		return err
	}
	if len(places) > limit {
		places = places[:limit]
		page.Next = &places[limit-1]
	}
	if len(places) == 0 {
		return nil
	}
	page.Users = make([]User, len(places))
	users := make(map[string]*User, len(places))
	for i, p := range places {
		page.Users[i] = emptyUser(p.ID)
		users[p.ID] = &page.Users[i]
	}
	if _, err := readUsers(ctx, tx, users, d); err != nil {
		return err
	}
	return readSightings(ctx, tx, users, d)
}

func readUserPlaces(ctx context.Context, tx *sql.Tx, statement Statement) ([]UserCursor, error) {
	rows, err := tx.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var places []UserCursor
	for rows.Next() {
		var id string
		var at time.Time
		if err := rows.Scan(&id, &at); err != nil {
			return nil, err
		}
		places = append(places, UserCursor{Micros: at.UnixMicro(), ID: id})
	}
	return places, rows.Err()
}

// PlanUserList writes the statement for so many users: their ids, and the times
// that they are listed by.
func PlanUserList(r UsersRequest, limit int, d dialect.Dialect) Statement {
	args := &dialect.Args{}
	stored, seen := "", ""
	if r.Search != "" {
		needle := d.Lower(d.Param(args.Bind(r.Search), dialect.Text))
		stored = "\nLEFT JOIN (SELECT DISTINCT t.\"user_id\" FROM (" + d.AttributeTexts() + ") AS t\nWHERE " + d.Find(d.Lower(`t."text"`), needle) + ") AS g ON g.\"user_id\" = a.\"user_id\"" +
			"\nWHERE g.\"user_id\" IS NOT NULL OR " + d.Find(d.Lower(`a."user_id"`), needle)
		seen = " AND " + d.Find(d.Lower(`e."user_id"`), needle)
	}
	after := ""
	if r.After != nil {
		at := d.Instant(time.UnixMicro(r.After.Micros))
		after = fmt.Sprintf("\nWHERE p.\"at\" <= %[1]s AND (p.\"at\" < %[1]s OR %[2]s > %[3]s)",
			at, d.BinaryOrder(`p."user_id"`), d.Param(args.Bind(r.After.ID), dialect.Text))
	}
	return finish(args, `SELECT p."user_id", p."at"
FROM (SELECT a."user_id", a."updated_at" AS "at"
FROM "users" AS a`+stored+`
UNION ALL
SELECT k."user_id", k."at"
FROM (SELECT e."user_id", MIN(`+timestampColumn+`) AS "at"
FROM "events" AS e
WHERE e."user_id" IS NOT NULL`+seen+`
GROUP BY 1) AS k
LEFT JOIN "users" AS a ON a."user_id" = k."user_id"
WHERE a."user_id" IS NULL) AS p`+after+`
ORDER BY p."at" DESC, `+d.BinaryOrder(`p."user_id"`)+`
LIMIT `+strconv.Itoa(limit))
}
