// Package dialect holds what differs between the engines' SQL, one file each.
// The planner writes everything else once.
package dialect

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Dialect writes SQL expressions for one engine.
type Dialect interface {
	// Name is the engine's.
	Name() warehouse.Dialect
	// User is the column of events and of users by which users are counted and
	// joined: their ids, or what stands for them and is cheaper.
	User() string
	// CountUsers counts the different users, a column User, in each of at most so
	// many groups.
	CountUsers(user string, groups int) string
	// Micros turns a timestamp expression into whole microseconds since 1970.
	Micros(timestamp string) string
	// Quotient divides integers that are not negative, rounding down.
	Quotient(dividend, divisor string) string
	// Instant is a literal that compares with a timestamp column.
	Instant(t time.Time) string
	// Param marks the type of a bound value, where the engine must be told.
	Param(placeholder string, t Type) string
	// EventProperty reads a property of the row "e" of the events table.
	EventProperty(args *Args, name string) (Property, error)
	// UserAttribute reads an attribute of the row "a" of Users.
	UserAttribute(args *Args, name string) (Property, error)
	// Lower folds case as Unicode's simple lower-casing does.
	Lower(text string) string
	// Find tells whether a text holds another that is not empty.
	Find(text, part string) string
	// Sum adds the numbers of a property up.
	Sum(p Property) string
	// Quantile interpolates between the closest ranks.
	Quantile(number string, q float64) string
	// Float makes a number a double.
	Float(number string) string
	// NumberText writes a number for a search, whole ones without a fraction.
	NumberText(number string) string
	// Null is a typed NULL.
	Null(t Type) string
	// GroupKey is the text that a property's group goes by; NULL where it is not
	// set. See Key.
	GroupKey(p Property) Key
	// BinaryOrder makes a text sort by code point.
	BinaryOrder(text string) string
	// List is an aggregate: the numbers of a group in any order, as one value. It
	// is empty for engines that have no lists.
	List(number string) string
	// AttributeTypes is a statement: the name, the JSON type and the number of
	// users of each attribute and type.
	AttributeTypes() string
	// AttributeTexts is a statement: the "user_id" and the "text" of each
	// attribute that is a string.
	AttributeTexts() string
	// JSON writes a column of JSON as text, however long; hexadecimal tells that
	// the text is the JSON's bytes in that form.
	JSON(column string) (sql string, hexadecimal bool)
	// EventID writes the column of event ids as text.
	EventID(column string) string
	// ID is an event id to compare with that column.
	ID(placeholder string) string
	// Once writes a SELECT so that it is run once, however often its rows are looked
	// at.
	Once(statement string) string
	// Value makes a computed number, or NULL, the type of the answer's value
	// column.
	Value(number string) string
}

// Type is the type of a bound value.
type Type int

// The types of bound values.
const (
	Text Type = iota
	Number
	Boolean
)

// Property holds the expressions that read one property. Each is NULL for a
// row whose property is of another type, is null or is absent. An empty
// expression means that no row holds that type.
type Property struct {
	Text    string
	Number  string
	Boolean string
	// Set is true, and never NULL or false, for a row whose property is there
	// and not null; for others it is NULL or false.
	Set string
	// Complex is the compact JSON of an object or array, as the engine keeps it.
	Complex string
	// Exact is Number in the type that the engine adds up best.
	Exact string
	// Columns are what the expressions read beside the table's own columns: see
	// Users.
	Columns []string
}

// Users is the users table as the row "a" that attributes are read from, with
// the columns that they need. These stand in a SELECT of their own, so that an
// engine computes each once for a row and not wherever an expression names it.
func Users(d Dialect, columns []string) string {
	if len(columns) == 0 {
		return `"users" AS a`
	}
	return `(SELECT a.` + d.User() + `, ` + strings.Join(columns, ", ") + ` FROM "users" AS a) AS a`
}

// Key is the SQL of what events are grouped by. The engines do not write every
// value in the same way; a letter before the text tells whether it is final.
type Key struct {
	SQL string
	// Marked is true when each text begins with one of the marks.
	Marked bool
}

// The marks of a Key.
const (
	// FinalMark stands before a text that is the group's own.
	FinalMark = "s"
	// JSONMark stands before the JSON of an object or array, whose members may
	// be in any order and whose numbers in any form.
	JSONMark = "j"
	// NumberMark stands before a number in any form.
	NumberMark = "n"
)

// markedKey puts the mark before the text of each type. Number is marked
// already.
func markedKey(p Property, number string, concat func(a, b string) string) Key {
	var parts []string
	if p.Text != "" {
		parts = append(parts, concat("'"+FinalMark+"'", p.Text))
	}
	if p.Number != "" {
		parts = append(parts, number)
	}
	if p.Boolean != "" {
		parts = append(parts, fmt.Sprintf("CASE WHEN %[1]s THEN '%[2]strue' WHEN NOT %[1]s THEN '%[2]sfalse' END", p.Boolean, FinalMark))
	}
	if p.Complex != "" {
		parts = append(parts, concat("'"+JSONMark+"'", p.Complex))
	}
	return Key{SQL: firstOf(parts), Marked: true}
}

func firstOf(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "COALESCE(" + strings.Join(parts, ", ") + ")"
}

func bars(a, b string) string { return a + " || (" + b + ")" }

// Args collects bound values. Equal values share a placeholder.
type Args struct {
	values []any
	marks  map[any]string
}

// mark encloses the number of a value in SQL that is not finished: no SQL and
// no name holds a NUL.
const mark = "\x00"

// Bind gives the mark of a value: a string, float64 or bool.
func (a *Args) Bind(v any) string {
	if m, ok := a.marks[v]; ok {
		return m
	}
	if a.marks == nil {
		a.marks = map[any]string{}
	}
	m := mark + strconv.Itoa(len(a.values)) + mark
	a.values = append(a.values, v)
	a.marks[v] = m
	return m
}

// Finish puts placeholders in the place of the marks, and gives the values in
// their order. A value whose mark was not used is left out: engines refuse one
// that is bound in vain.
func (a *Args) Finish(sql string) (string, []any) {
	var out strings.Builder
	var values []any
	places := map[string]int{}
	for i, part := range strings.Split(sql, mark) {
		if i%2 == 0 {
			out.WriteString(part)
			continue
		}
		if places[part] == 0 {
			index, _ := strconv.Atoi(part) // written by Bind
			values = append(values, a.values[index])
			places[part] = len(values)
		}
		out.WriteString("$" + strconv.Itoa(places[part]))
	}
	return out.String(), values
}

// Quote quotes an identifier.
func Quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// For gives the dialect of a database. Properties and attributes are the typed
// columns of its events and its users; collation is PostgreSQL's for lower-casing.
func For(name warehouse.Dialect, properties, attributes warehouse.Properties, collation string) (Dialect, error) {
	switch name {
	case warehouse.DuckDB:
		return DuckDB{Properties: properties, Attributes: attributes}, nil
	case warehouse.PostgreSQL:
		return PostgreSQL{Collation: collation}, nil
	case warehouse.Redshift:
		return Redshift{}, nil
	default:
		return nil, fmt.Errorf("no SQL dialect %q", name)
	}
}

// instantFormat writes times in UTC, to the microsecond that the warehouse keeps.
const instantFormat = "2006-01-02 15:04:05.000000"
