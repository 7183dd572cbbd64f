package chaos_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"

	_ "github.com/lib/pq" // the driver of what stands around the runs
)

// database is a database of PostgreSQL, and a way to it that is cut at times.
type database struct {
	url  string
	cuts *proxy
}

func (d *database) exec(ctx context.Context, statements ...string) (err error) {
	db, err := sql.Open("postgres", d.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// empty takes everything out of it, connections included: what a run before has
// left must not hold a lock.
func (d *database) empty(ctx context.Context) error {
	return d.exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
		`DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`)
}

// loseRaces has transactions fail as if another had been first: when they write
// the ledger, or when they commit. A sequence counts, since it is not rolled back.
func (d *database) loseRaces(ctx context.Context, dice *dice) error {
	trigger := `CREATE TRIGGER chaos AFTER INSERT ON "loaf_files" FOR EACH ROW EXECUTE FUNCTION chaos()`
	if dice.n(2) == 0 {
		trigger = `CREATE CONSTRAINT TRIGGER chaos AFTER INSERT ON "loaf_files" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos()`
	}
	statements := []string{
		`CREATE SEQUENCE chaos_n`, `CREATE TABLE chaos_strikes (n bigint)`,
		`CREATE FUNCTION chaos() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE this bigint := nextval('chaos_n'); BEGIN
		  IF EXISTS (SELECT 1 FROM chaos_strikes WHERE n = this) THEN RAISE EXCEPTION 'lost a race' USING ERRCODE = '40001'; END IF;
		  RETURN NULL;
		END $$`, trigger,
	}
	for n := range 60 {
		if dice.strikes(lostRace) {
			statements = append(statements, fmt.Sprintf(`INSERT INTO chaos_strikes VALUES (%d)`, n+1))
		}
	}
	return d.exec(ctx, statements...)
}

// winRaces ends that.
func (d *database) winRaces(ctx context.Context) error {
	return d.exec(ctx, `DELETE FROM chaos_strikes`)
}

// proxy stands between a program and PostgreSQL, and cuts connections: before a
// message reaches the server, or after the server has done what it asks and before
// the program hears of it.
type proxy struct {
	url    string
	server string
	dice   *dice
}

func newProxy(to string) (*proxy, error) {
	address, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{server: address.Host}
	address.Host = listener.Addr().String()
	p.url = address.String()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p, nil
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var mu sync.Mutex
	muted := false
	go func() {
		// Whatever ends one side ends the other.
		defer client.Close()
		defer server.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			mu.Lock()
			deaf := muted
			mu.Unlock()
			if err != nil || deaf {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	first := true
	for {
		message, err := readMessage(client, first)
		if err != nil {
			return
		}
		// The server answers these at once; others wait for one of them.
		answered := message[0] == 'Q' || message[0] == 'S' || message[0] == 'c'
		if !first && answered && p.dice.chance(0.1) && p.dice.strikes(connectionCut) {
			if p.dice.n(2) == 0 {
				return
			}
			mu.Lock()
			muted = true
			mu.Unlock()
		}
		first = false
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// readMessage reads one message of a client
// (https://www.postgresql.org/docs/15/protocol-message-formats.html). The first
// has no type.
func readMessage(r io.Reader, first bool) ([]byte, error) {
	head := 5
	if first {
		head = 4
	}
	message := make([]byte, head)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint32(message[head-4:])) - 4
	message = append(message, make([]byte, length)...)
	_, err := io.ReadFull(r, message[head:])
	return message, err
}
