// Package document keeps what people save, such as insights and dashboards, in the
// warehouse's own table loaf_documents: JSON by kind and id, with a version that
// notices a stale write.
package document

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// MaxBytes is the longest body: Redshift's longest text has 65,535 bytes
// (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html).
const MaxBytes = 65_535

// Kind says what a document is, such as "insight". It is at most 40 characters.
type Kind string

// Document is one of a kind.
type Document struct {
	Kind Kind
	// ID is a UUID that the store makes.
	ID string
	// Version counts from 1 and goes up by one with each change.
	Version int64
	// Body is a JSON value of at most MaxBytes.
	Body json.RawMessage
	// CreatedBy and UpdatedBy are people's addresses, or names of tokens.
	CreatedAt, UpdatedAt time.Time
	CreatedBy, UpdatedBy string
}

// The errors of a Store; others wrap warehouse.ErrUnavailable, or are defects.
var (
	// ErrNotFound says that there is no such document, or no more.
	ErrNotFound = errors.New("there is no such document")
	// ErrStale says that somebody else changed the document in the meantime.
	ErrStale = errors.New("the document was changed in the meantime")
	// ErrTooLarge says that a body has more than MaxBytes.
	ErrTooLarge = errors.New("the document is too large")
)

// Options of a Store. The zero value is good.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes ids; nil means random UUIDs.
	NewID func() string
}

// Store keeps documents in a warehouse. It is safe for concurrent use.
type Store struct {
	db      warehouse.Database
	options Options
}

// New makes a store. It does not touch the database: that may not be there yet.
func New(db warehouse.Database, o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	return &Store{db: db, options: o}
}

const columns = `"kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by"`

// List gives the documents of a kind, the oldest first. A warehouse without
// tables has none.
func (s *Store) List(ctx context.Context, kind Kind) ([]Document, error) {
	documents, err := s.read(ctx, `SELECT `+columns+` FROM "loaf_documents" WHERE "kind" = $1 ORDER BY "created_at", "id"`, string(kind))
	if err != nil {
		if there, look := s.there(ctx); look == nil && !there {
			return nil, nil
		}
		return nil, explain(ctx, "list the documents of kind "+string(kind), err)
	}
	return documents, nil
}

// Get gives one document.
func (s *Store) Get(ctx context.Context, kind Kind, id string) (Document, error) {
	documents, err := s.read(ctx, `SELECT `+columns+` FROM "loaf_documents" WHERE "kind" = $1 AND "id" = $2`, string(kind), id)
	switch {
	case err != nil:
		if there, look := s.there(ctx); look == nil && !there {
			return Document{}, notFound(kind, id)
		}
		return Document{}, explain(ctx, "read the "+string(kind)+" "+id, err)
	case len(documents) == 0:
		return Document{}, notFound(kind, id)
	}
	return documents[0], nil
}

// Create saves a new document, of version 1.
func (s *Store) Create(ctx context.Context, kind Kind, body json.RawMessage, by string) (Document, error) {
	if len(body) > MaxBytes {
		return Document{}, fmt.Errorf("save a new %s of %d bytes: %w", kind, len(body), ErrTooLarge)
	}
	at := s.options.Now().UTC().Truncate(time.Microsecond)
	d := Document{Kind: kind, ID: s.options.NewID(), Version: 1, Body: body, CreatedAt: at, CreatedBy: by, UpdatedAt: at, UpdatedBy: by}
	_, err := s.change(ctx, `INSERT INTO "loaf_documents" (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		string(d.Kind), d.ID, d.Version, string(d.Body), d.CreatedAt, d.CreatedBy, d.UpdatedAt, d.UpdatedBy)
	if err != nil {
		return Document{}, explain(ctx, "save a new "+string(kind), err)
	}
	return d, nil
}

// Update changes a document that has the version; ErrStale where it has another.
func (s *Store) Update(ctx context.Context, kind Kind, id string, version int64, body json.RawMessage, by string) (Document, error) {
	if len(body) > MaxBytes {
		return Document{}, fmt.Errorf("save the %s %s of %d bytes: %w", kind, id, len(body), ErrTooLarge)
	}
	at := s.options.Now().UTC().Truncate(time.Microsecond)
	n, err := s.change(ctx, `UPDATE "loaf_documents" SET "version" = $1, "body" = $2, "updated_at" = $3, "updated_by" = $4
WHERE "kind" = $5 AND "id" = $6 AND "version" = $7`, version+1, string(body), at, by, string(kind), id, version)
	if err != nil {
		return Document{}, explain(ctx, "save the "+string(kind)+" "+id, err)
	}
	d, err := s.Get(ctx, kind, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("save the %s %s: version %d is given, it has %d: %w", kind, id, version, d.Version, ErrStale)
	}
	return d, err
}

// Delete removes a document. version 0 means whatever version it has.
func (s *Store) Delete(ctx context.Context, kind Kind, id string, version int64) error {
	n, err := s.change(ctx, `DELETE FROM "loaf_documents" WHERE "kind" = $1 AND "id" = $2 AND ("version" = $3 OR $3 = 0)`, string(kind), id, version)
	if err != nil {
		return explain(ctx, "delete the "+string(kind)+" "+id, err)
	}
	if n > 0 {
		return nil
	}
	d, err := s.Get(ctx, kind, id)
	if err != nil {
		return err
	}
	return fmt.Errorf("delete the %s %s: version %d is given, it has %d: %w", kind, id, version, d.Version, ErrStale)
}

func notFound(kind Kind, id string) error { return fmt.Errorf("%s %q: %w", kind, id, ErrNotFound) }

func (s *Store) read(ctx context.Context, statement string, args ...any) ([]Document, error) {
	rows, err := s.db.SQL.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var documents []Document
	for rows.Next() {
		var d Document
		var body string
		if err := rows.Scan(&d.Kind, &d.ID, &d.Version, &body, &d.CreatedAt, &d.CreatedBy, &d.UpdatedAt, &d.UpdatedBy); err != nil {
			return nil, err
		}
		d.Body, d.CreatedAt, d.UpdatedAt = json.RawMessage(body), d.CreatedAt.UTC(), d.UpdatedAt.UTC()
		documents = append(documents, d)
	}
	return documents, rows.Err()
}

// attempts at a change that lost a race with another writer.
const attempts = 5

// change runs one statement, each its own transaction, and gives the number of
// rows that it reached. Who loses a race tries again, and finds the row as the
// other left it.
func (s *Store) change(ctx context.Context, statement string, args ...any) (int64, error) {
	for attempt := 1; ; attempt++ {
		result, err := s.db.SQL.ExecContext(ctx, statement, args...)
		if err == nil {
			return result.RowsAffected()
		}
		if attempt == attempts || !warehouse.LostRace(err) {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(time.Duration(attempt) * 20 * time.Millisecond):
		}
	}
}

// there reports whether the table is: a warehouse may not have been migrated yet.
func (s *Store) there(ctx context.Context) (bool, error) {
	var n int
	err := s.db.SQL.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.tables
WHERE table_schema = current_schema() AND table_name = 'loaf_documents'`).Scan(&n)
	return n > 0, err
}

// explain says what was being done, and whether it may pass.
func explain(ctx context.Context, doing string, err error) error {
	switch {
	case context.Cause(ctx) != nil:
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case warehouse.ConnectionFailed(err), errors.Is(err, sql.ErrConnDone):
		return fmt.Errorf("%s: %w: %w", doing, warehouse.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}
