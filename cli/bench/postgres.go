package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// server is a PostgreSQL that belongs to the bench, with the settings that its
// handbook gives an analytical machine of 24 GiB; the rest are the defaults.
type server struct {
	cmd *exec.Cmd
	db  *sql.DB
}

func startPostgres(ctx context.Context, folder string) (*server, error) {
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if len(found) == 0 {
			return nil, errors.New("PostgreSQL's server is missing: install Debian's postgresql, or leave it out with -against clickhouse,clickhouse-json")
		}
		initdb = slices.Max(found)
	}
	var credential *syscall.Credential
	if os.Geteuid() == 0 {
		// It refuses to run as root.
		if credential, err = nobody(folder); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(folder, "data")
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(initdb), program), args...)
		cmd.Dir = folder
		cmd.SysProcAttr = killWithParent()
		cmd.SysProcAttr.Credential = credential
		return cmd
	}
	if out, err := command("initdb", "--pgdata", data, "--username", "bench", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	s := &server{cmd: command("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "shared_buffers=4GB", "-c", "work_mem=512MB",
		"-c", "maintenance_work_mem=1GB", "-c", "effective_cache_size=12GB", "-c", "max_wal_size=8GB", "-c", "random_page_cost=1.1", "-c", "jit=off")}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if s.db, err = sql.Open("postgres", "host="+folder+" user=bench dbname=postgres sslmode=disable"); err != nil {
		return nil, errors.Join(err, s.close())
	}
	for range 300 {
		if err = s.db.PingContext(ctx); err == nil {
			return s, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.Join(err, s.close())
}

// nobody gives a folder to the system's user of PostgreSQL, or nobody.
func nobody(folder string) (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	// Both are small and positive: they come from the system's own list.
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(folder, uid, gid)
}

func (s *server) close() error {
	if s.db != nil {
		_ = s.db.Close() // the server goes with it
	}
	return errors.Join(s.cmd.Process.Signal(os.Interrupt), s.cmd.Wait())
}

// load makes the tables that one starts with: properties as jsonb, an index on
// (event, timestamp).
func (s *server) load(ctx context.Context, raw string) (time.Duration, error) {
	begun := time.Now()
	for _, statement := range []string{
		`CREATE TABLE events (event_id uuid NOT NULL, event text NOT NULL, user_id text, timestamp timestamp NOT NULL, received_at timestamp NOT NULL, properties jsonb NOT NULL)`,
		`CREATE TABLE users (user_id text PRIMARY KEY, attributes jsonb NOT NULL)`,
	} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	for table, columns := range map[string][]string{
		"events": {"event_id", "event", "user_id", "timestamp", "received_at", "properties"},
		"users":  {"user_id", "attributes"},
	} {
		if err := s.copyIn(ctx, filepath.Join(raw, table), table, columns); err != nil {
			return 0, fmt.Errorf("load the %s into PostgreSQL: %w", table, err)
		}
	}
	for _, statement := range []string{`CREATE INDEX ON events (event, timestamp)`, `VACUUM ANALYZE`} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

func (s *server) copyIn(ctx context.Context, folder, table string, columns []string) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the first error is the one to tell
		}
	}()
	in, err := tx.PrepareContext(ctx, pq.CopyIn(table, columns...)) //nolint:staticcheck // what replaces it is not released
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	err = eachLine(folder, func(line map[string]any) error {
		for i, c := range columns {
			values[i] = line[c]
		}
		_, err := in.ExecContext(ctx, values...)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := in.ExecContext(ctx); err != nil {
		return err
	}
	if err := in.Close(); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *server) size(ctx context.Context) (size int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT pg_total_relation_size('events') + pg_total_relation_size('users')`).Scan(&size)
	return size, err
}

var jsonb = strings.NewReplacer("{amount}", "(properties->>'amount')::float8", "{country}", "properties->>'country'")

func (s *server) ask(ctx context.Context, q question, round int) (answer, error) {
	begun := time.Now()
	rows, err := s.db.QueryContext(ctx, jsonb.Replace(q.of(q.postgres, round)))
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return answer{}, err
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	var v float64
	into[len(into)-1] = &v
	sum := 0.0
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return answer{}, err
		}
		sum += v
	}
	return answer{time.Since(begun), sum}, rows.Err()
}
