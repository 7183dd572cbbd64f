// Package migrate brings a warehouse's tables to the newest version, one
// transaction a step, so that a process killed in between leaves whole steps
// and the next run goes on from there.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Step is one migration.
type Step struct {
	// Version counts from 1 without gaps.
	Version int
	Name    string
	// Statements run in order within one transaction.
	Statements []string
}

// Read takes the steps from files named migrations/0001_name.sql. A statement
// ends with a semicolon at the end of a line.
func Read(files fs.FS) ([]Step, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	steps := make([]Step, 0, len(names))
	for i, name := range names {
		number, rest, ok := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: want %04d_name.sql", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		steps = append(steps, Step{Version: version, Name: rest, Statements: split(string(text))})
	}
	return steps, nil
}

func split(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			lines = append(lines, line)
		}
	}
	var statements []string
	for s := range strings.SplitSeq(strings.Join(lines, ""), ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			statements = append(statements, s)
		}
	}
	return statements
}

// Locker keeps a second migration out until tx ends.
type Locker func(ctx context.Context, tx *sql.Tx) error

// The statements around the steps.
const (
	CreateTable    = `CREATE TABLE IF NOT EXISTS "loaf_migrations" ("version" INTEGER NOT NULL, "name" VARCHAR(200) NOT NULL, "applied_at" TIMESTAMP NOT NULL)`
	CurrentVersion = `SELECT COALESCE(MAX("version"), 0) FROM "loaf_migrations"`
	InsertVersion  = `INSERT INTO "loaf_migrations" ("version", "name", "applied_at") VALUES ($1, $2, $3)`
)

// Run applies the steps that are missing, noting the time of each. It refuses,
// with an error wrapping warehouse.ErrNewerSchema, tables that have steps it
// does not know.
func Run(ctx context.Context, db *sql.DB, steps []Step, lock Locker, now func() time.Time) error {
	for {
		done, err := next(ctx, db, steps, lock, now)
		if err != nil {
			return err
		}
		if done {
			return nil
		}
	}
}

// next applies at most one step and reports whether none was left.
func next(ctx context.Context, db *sql.DB, steps []Step, lock Locker, now func() time.Time) (done bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("begin a migration: %w", err)
	}
	defer func() {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) && err == nil {
			err = fmt.Errorf("roll back a migration: %w", rollback)
		}
	}()
	if err := lock(ctx, tx); err != nil {
		return false, fmt.Errorf("lock for a migration: %w", err)
	}
	if _, err := tx.ExecContext(ctx, CreateTable); err != nil {
		return false, fmt.Errorf("create the table of migrations: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, CurrentVersion).Scan(&version); err != nil {
		return false, fmt.Errorf("read the schema version: %w", err)
	}
	if version > len(steps) {
		return false, fmt.Errorf("schema version %d, this program knows %d: %w", version, len(steps), warehouse.ErrNewerSchema)
	}
	if version == len(steps) {
		return true, nil
	}
	step := steps[version]
	for _, statement := range step.Statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("migration %04d_%s: %w\n%s", step.Version, step.Name, err, statement)
		}
	}
	if _, err := tx.ExecContext(ctx, InsertVersion, step.Version, step.Name, now().UTC().Truncate(time.Microsecond)); err != nil {
		return false, fmt.Errorf("record migration %04d_%s: %w", step.Version, step.Name, err)
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("commit migration %04d_%s: %w", step.Version, step.Name, err)
	}
	return false, nil
}
