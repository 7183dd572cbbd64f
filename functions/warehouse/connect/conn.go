package connect

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"regexp"
	"time"

	"github.com/lib/pq"
)

// grace is how long a connection outlives the context of its transaction: enough
// for the server to hear that it is to stop, and to say so. Without it a server
// that is gone without a word is waited for until TCP gives up.
const grace = 5 * time.Second

// driverConn is what lib/pq's connections can do.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection of lib/pq that lets no caller wait for ever: a transaction
// ends with its context, whatever it was doing and whatever the server does.
type conn struct {
	driverConn
	wire net.Conn
	// copying is true while a COPY FROM STDIN is under way. database/sql lets one
	// goroutine at a time use a connection, so it needs no lock.
	copying bool
	// cut is true once the network connection was ended, or will be.
	cut bool
}

// dialer keeps the network connection that lib/pq makes.
type dialer struct {
	net.Dialer
	wire net.Conn
	// opened is set once there is a connection: what is dialed after it carries a
	// cancel request.
	opened bool
}

// DialContext implements pq.DialerContext.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	if err == nil && !d.opened {
		d.wire = c
	}
	return c, err
}

// DialTimeout implements pq.Dialer.
func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// dial makes a connection.
func dial(ctx context.Context, c pq.Config) (driver.Conn, error) {
	connector, err := pq.NewConnectorConfig(c)
	if err != nil {
		return nil, err
	}
	by := &dialer{}
	connector.Dialer(by)
	opened, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	by.opened = true
	able, ok := opened.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection, a %T, lacks a method that is needed", opened), opened.Close())
	}
	return &conn{driverConn: able, wire: by.wire}, nil
}

// IsValid implements driver.Validator: a connection whose transaction was cut off
// is not used again.
func (c *conn) IsValid() bool { return !c.cut && c.driverConn.IsValid() }

// BeginTx implements driver.ConnBeginTx. When ctx ends before the transaction does,
// the network connection ends a while later, and with it what still waits on it.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	ctx, cancel := context.WithCancel(ctx)
	t := &tx{conn: c, cancel: cancel, stop: context.AfterFunc(ctx, func() {
		// It fails on a connection that is closed, which is as well.
		_ = c.wire.SetDeadline(time.Now().Add(grace))
	})}
	var err error
	if t.Tx, err = c.driverConn.BeginTx(ctx, opts); err != nil {
		return nil, t.end(err)
	}
	return t, nil
}

// tx is a transaction of a conn.
type tx struct {
	driver.Tx
	conn *conn
	// stop keeps the end of the context from ending the connection, and tells
	// whether it came in time; cancel ends what lib/pq does until then.
	stop   func() bool
	cancel context.CancelFunc
}

// Commit implements driver.Tx.
func (t *tx) Commit() error { return t.end(t.Tx.Commit()) }

// Rollback implements driver.Tx. While a COPY is under way lib/pq has a goroutine
// that reads every answer, that to ROLLBACK as well, for which lib/pq would then
// wait for good. The end of the connection is a rollback, too.
func (t *tx) Rollback() error {
	if !t.conn.copying {
		return t.end(t.Tx.Rollback())
	}
	t.conn.cut = true
	return t.end(driver.ErrBadConn)
}

// end is the end of a transaction. Where its context ended first, the network
// connection has a deadline, and is of no use any more.
func (t *tx) end(err error) error {
	if !t.stop() {
		t.conn.cut = true
	}
	var closed error
	if t.conn.cut {
		closed = t.conn.wire.Close()
	}
	t.cancel()
	return errors.Join(err, closed)
}

// fromStdin tells a COPY by which a client sends rows.
var fromStdin = regexp.MustCompile(`(?is)^\s*COPY\b.*\bFROM\s+STDIN\b`)

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	copies := fromStdin.MatchString(query)
	prepared, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil || !copies {
		return prepared, err
	}
	c.copying = true
	return &copyIn{Stmt: prepared, conn: c}, nil
}

// copyIn is a COPY FROM STDIN. lib/pq's knows no contexts, so nothing is lost by
// wrapping it.
type copyIn struct {
	driver.Stmt
	conn *conn
}

// Exec implements driver.Stmt: it sends a row, or, without one, ends the COPY.
func (s *copyIn) Exec(row []driver.Value) (driver.Result, error) {
	//nolint:staticcheck // lib/pq's COPY has no other
	result, err := s.Stmt.Exec(row)
	if len(row) == 0 {
		s.conn.copying = false
	}
	return result, err
}

// Close implements driver.Stmt.
func (s *copyIn) Close() error {
	err := s.Stmt.Close()
	s.conn.copying = false
	return err
}
