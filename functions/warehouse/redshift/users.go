package redshift

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// The bounds of one statement. Redshift takes 32,767 parameters and 16 MB
// (https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-sql.html).
const (
	idsPerStatement   = 1000
	rowsPerStatement  = 500
	bytesPerStatement = 4 << 20
)

// ReadUsers implements writer.Engine.
func (e *engine) ReadUsers(ctx context.Context, tx *sql.Tx, ids []string) ([]warehouse.User, error) {
	var users []warehouse.User
	for some := range slices.Chunk(ids, idsPerStatement) {
		read, large, err := readUsers(ctx, tx, some)
		if err != nil {
			return nil, err
		}
		if len(large) > 0 {
			more, err := readLargeUsers(ctx, tx, large)
			if err != nil {
				return nil, err
			}
			read = append(read, more...)
		}
		users = append(users, read...)
	}
	return users, nil
}

// readUsers reads users whose JSON fits text, and gives the rest without it.
func readUsers(ctx context.Context, tx *sql.Tx, ids []string) (users []warehouse.User, large map[string]warehouse.User, err error) {
	rows, err := tx.QueryContext(ctx, ReadUsers(len(ids)), anys(ids)...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	large = map[string]warehouse.User{}
	for rows.Next() {
		var u warehouse.User
		var created sql.NullTime
		var attributes, times sql.NullString
		if err := rows.Scan(&u.ID, &created, &u.UpdatedAt, &attributes, &times); err != nil {
			return nil, nil, err
		}
		if created.Valid {
			at := created.Time.UTC()
			u.CreatedAt = &at
		}
		u.UpdatedAt = u.UpdatedAt.UTC()
		if !attributes.Valid || !times.Valid {
			large[u.ID] = u
			continue
		}
		if u.Attributes, err = warehouse.DecodeAttributes(attributes.String, times.String); err != nil {
			return nil, nil, fmt.Errorf("user %q: %w", u.ID, err)
		}
		users = append(users, u)
	}
	return users, large, rows.Err()
}

// readLargeUsers reads the JSON of users that is too long for text.
func readLargeUsers(ctx context.Context, tx *sql.Tx, large map[string]warehouse.User) ([]warehouse.User, error) {
	ids := make([]string, 0, len(large))
	for id := range large {
		ids = append(ids, id)
	}
	rows, err := tx.QueryContext(ctx, ReadLargeUsers(len(ids)), anys(ids)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var users []warehouse.User
	for rows.Next() {
		var id, attributes, times string
		if err := rows.Scan(&id, &attributes, &times); err != nil {
			return nil, err
		}
		u := large[id]
		values, err := hex.DecodeString(attributes)
		if err != nil {
			return nil, fmt.Errorf("user %q: the attributes are not hexadecimal: %w", id, err)
		}
		ats, err := hex.DecodeString(times)
		if err != nil {
			return nil, fmt.Errorf("user %q: the attributes' times are not hexadecimal: %w", id, err)
		}
		if u.Attributes, err = warehouse.DecodeAttributes(string(values), string(ats)); err != nil {
			return nil, fmt.Errorf("user %q: %w", id, err)
		}
		users = append(users, u)
	}
	return users, rows.Err()
}

func anys(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// userRow is a user as a statement takes it.
type userRow struct {
	user              warehouse.User
	attributes, times string
}

func (r userRow) large() bool { return len(r.attributes) > maxText || len(r.times) > maxText }

// PrepareUsers implements writer.Engine: attributes lie in one column.
func (e *engine) PrepareUsers(context.Context, *sql.Tx, iter.Seq[warehouse.User]) error { return nil }

// WriteUsers implements writer.Engine. There is no upsert: the rows that exist
// are deleted, and all are inserted.
func (e *engine) WriteUsers(ctx context.Context, tx *sql.Tx, users []warehouse.User) error {
	if _, err := tx.ExecContext(ctx, CreateUserStage); err != nil {
		return fmt.Errorf("make the stage of users: %w", err)
	}
	rows := make([]userRow, len(users))
	for i, u := range users {
		rows[i].user = u
		rows[i].attributes, rows[i].times = u.EncodeAttributes()
	}
	for some := range batches(rows) {
		if err := stageUsers(ctx, tx, some); err != nil {
			return fmt.Errorf("stage %d users: %w", len(some), err)
		}
	}
	for _, statement := range []string{DeleteUsers, InsertUsers, DropUserStage} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("replace %d users: %w", len(users), err)
		}
	}
	for _, r := range rows {
		if !r.large() {
			continue
		}
		if err := insertLarge(ctx, tx, r); err != nil {
			return fmt.Errorf("insert the user %q of %d bytes: %w", r.user.ID, len(r.attributes)+len(r.times), err)
		}
	}
	return nil
}

// batches cuts rows into what fits one statement.
func batches(rows []userRow) func(yield func([]userRow) bool) {
	return func(yield func([]userRow) bool) {
		for len(rows) > 0 {
			n, bytes := 0, 0
			for n < len(rows) && n < rowsPerStatement {
				if !rows[n].large() {
					bytes += len(rows[n].attributes) + len(rows[n].times)
				}
				if n > 0 && bytes > bytesPerStatement {
					break
				}
				n++
			}
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// stageUsers puts rows into the stage; large ones without their JSON, so that
// what is stored of them is deleted with the rest.
func stageUsers(ctx context.Context, tx *sql.Tx, rows []userRow) error {
	args := make([]any, 0, 5*len(rows))
	for _, r := range rows {
		var attributes, times any
		if !r.large() {
			attributes, times = r.attributes, r.times
		}
		args = append(args, r.user.ID, r.user.CreatedAt, r.user.UpdatedAt.UTC(), attributes, times)
	}
	_, err := tx.ExecContext(ctx, StageUsers(len(rows)), args...)
	return err
}

func insertLarge(ctx context.Context, tx *sql.Tx, r userRow) error {
	attributes, times := pieces(r.attributes), pieces(r.times)
	args := append([]any{r.user.ID, r.user.CreatedAt, r.user.UpdatedAt.UTC()}, anys(append(attributes, times...))...)
	_, err := tx.ExecContext(ctx, InsertLargeUser(len(attributes), len(times)), args...)
	return err
}

// pieces cuts text into pieces of at most maxText bytes, between characters.
func pieces(text string) []string {
	var out []string
	for len(text) > maxText {
		at := maxText
		for !utf8.RuneStart(text[at]) {
			at--
		}
		out = append(out, strings.Clone(text[:at]))
		text = text[at:]
	}
	return append(out, text)
}
