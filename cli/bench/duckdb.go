package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb", in loafctl's version
)

// openDuckDB opens a file in this process: what loafctl dev does, without the rest.
func openDuckDB(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("duckdb", path)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// bareLoad reads all raw objects of events into a table of a new file, by columns
// (as read_json takes them), or by what it finds out of the types itself for "".
func bareLoad(ctx context.Context, path, raw, columns string) (rows int, err error) {
	db, err := openDuckDB(ctx, path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	statement := fmt.Sprintf(`CREATE TABLE events AS SELECT * FROM read_json('%s', format = 'newline_delimited'%s)`,
		strings.ReplaceAll(filepath.Join(raw, "events/**/*.gz"), "'", "''"), columns)
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM events`).Scan(&rows)
	return rows, err
}

// grow brings the events' table of a warehouse to a size with copies of the rows
// that it has, each with an id of its own and a time of the year before them: the
// copies lie as a year of loads would have left them, in the order of time.
func grow(ctx context.Context, path string, to int) (err error) {
	db, err := openDuckDB(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var have int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM events`).Scan(&have); err != nil {
		return err
	}
	if have == 0 {
		return errors.New("there is no event to copy")
	}
	copies := (to - have) / have
	if copies < 1 {
		return nil
	}
	if _, err := db.ExecContext(ctx, `CREATE TEMP TABLE original AS SELECT * FROM events`); err != nil {
		return err
	}
	const together = 100 // copies in one statement
	for first := 0; first < copies; first += together {
		_, err := db.ExecContext(ctx, fmt.Sprintf(`INSERT INTO events
SELECT original.* REPLACE (uuidv7() AS event_id, 0 AS load_id,
  (SELECT min("timestamp") FROM original) - INTERVAL 366 DAY + to_microseconds(CAST((n.range + random()) * %d AS BIGINT)) AS "timestamp")
FROM range(%d, %d) AS n, original ORDER BY n.range`,
			days*24*3600*1_000_000/copies, first, min(first+together, copies)))
		if err != nil {
			return fmt.Errorf("copy the events: %w", err)
		}
	}
	_, err = db.ExecContext(ctx, `CHECKPOINT`)
	return err
}

// openBareUsers makes a table of users in a new file.
func openBareUsers(ctx context.Context, path string, users int) (*sql.DB, error) {
	db, err := openDuckDB(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		`CREATE TABLE users (user_id VARCHAR PRIMARY KEY, attributes JSON NOT NULL, updated_at TIMESTAMP NOT NULL)`,
		fmt.Sprintf(`INSERT INTO users SELECT 'user-' || range, '{"tier":"free","seats":1}', TIMESTAMP '2025-01-01' FROM range(%d)`, users),
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

// upsert writes a batch in a transaction of its own. An attribute that is there
// already is replaced, whichever was written later: that alone is less than DataLoaf
// promises.
func upsert(ctx context.Context, db *sql.DB, batch []userUpdate) error {
	text, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO users
SELECT u.user_id, u.attributes, u.updated_at
FROM (SELECT unnest(from_json($1, '[{"user_id":"VARCHAR","attributes":"JSON","updated_at":"TIMESTAMP"}]')) AS u)
ON CONFLICT (user_id) DO UPDATE SET attributes = json_merge_patch(attributes, excluded.attributes), updated_at = excluded.updated_at`, string(text))
	return err
}
