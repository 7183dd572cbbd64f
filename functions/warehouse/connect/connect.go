// Package connect opens connections to a warehouse that is reached over the
// network, Amazon Redshift or a PostgreSQL server in its place: TLS that is
// always verified, a login that may change while the program runs, and a pool
// that lets go of connections soon.
package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// DefaultPort is Redshift's.
const DefaultPort = 5439

// CaseSensitive is what every session on Redshift sets first: without it
// Redshift lower-cases the names in SUPER paths, and camelCase properties
// would never be found.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
const CaseSensitive = `SET enable_case_sensitive_identifier TO true`

// Config says where a warehouse is and who logs in.
type Config struct {
	Dialect warehouse.Dialect
	Host    string
	// Port is DefaultPort when 0.
	Port     int
	Database string
	// Login is asked for each new connection, and asked for a fresh one when
	// the warehouse refuses it: a password that was rotated meanwhile.
	Login warehouse.LoginFunc
	// RootCAs are the authorities that may vouch for the host; nil means the
	// system's, or those that the program embeds where there are none.
	RootCAs *x509.CertPool
	// Application names the program in the warehouse's own tables.
	Application string
}

// timeout bounds the making of a connection. Redshift Serverless takes one at
// once and wakes up behind it; what takes longer is a network that drops
// packets.
const timeout = 20 * time.Second

// idle is how long a connection may lie unused: Redshift Serverless bills
// while connections are open.
const idle = 5 * time.Second

// Open makes a pool of connections and opens none of them. Those that lie
// unused close within seconds.
func Open(c driver.Connector) *sql.DB {
	db := sql.OpenDB(c)
	db.SetConnMaxIdleTime(idle)
	return db
}

// Connector opens connections. Its errors wrap warehouse.ErrUnavailable.
type Connector struct {
	dialect warehouse.Dialect
	session []string
	target  string
	open    func(ctx context.Context) (driver.Conn, error)
}

// lib/pq takes TLS settings by the name that they were registered under and
// keeps them for good, so those of the same server share one: a function opens
// its warehouse anew at every invocation.
var (
	settingsMu sync.Mutex
	settings   = map[server]string{}
)

type server struct {
	host  string
	roots *x509.CertPool
}

// verified gives the name of settings by which Go verifies the chain and the
// name of a host, which is lib/pq's "verify-full"; there is no way to have less.
func verified(host string, roots *x509.CertPool) (string, error) {
	settingsMu.Lock()
	defer settingsMu.Unlock()
	this := server{host, roots}
	if name, ok := settings[this]; ok {
		return name, nil
	}
	name := "dataloaf-" + strconv.Itoa(len(settings)+1)
	if err := pq.RegisterTLSConfig(name, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: roots}); err != nil {
		return "", err
	}
	settings[this] = name
	return name, nil
}

// New makes a connector; it connects to nothing.
func New(c Config) (*Connector, error) {
	if c.Host == "" || c.Database == "" || c.Login == nil {
		return nil, errors.New("connect to the warehouse: host, database and login must be given")
	}
	if c.Port == 0 {
		c.Port = DefaultPort
	}
	if c.Port < 1 || c.Port > 65535 {
		return nil, fmt.Errorf("connect to the warehouse: there is no port %d", c.Port)
	}
	session, err := sessionOf(c.Dialect)
	if err != nil {
		return nil, err
	}
	name, err := verified(c.Host, c.RootCAs)
	if err != nil {
		return nil, fmt.Errorf("connect to the warehouse: %w", err)
	}
	// Written out rather than read from a URL: the PG… variables of the
	// environment must have no say.
	base := pq.Config{
		Host: c.Host, Port: uint16(c.Port), Database: c.Database, ApplicationName: c.Application,
		SSLMode: pq.SSLMode("pqgo-" + name), SSLSNI: true, ConnectTimeout: timeout,
		ClientEncoding: "UTF8", Datestyle: "ISO, MDY",
		// Redshift's base, PostgreSQL 8.0, is met with text alone.
		DisablePreparedBinaryResult: true,
	}
	return &Connector{
		dialect: c.Dialect, session: session,
		target: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
		open: func(ctx context.Context) (driver.Conn, error) {
			return withLogin(ctx, c.Login, func(l warehouse.Login) (driver.Conn, error) {
				config := base
				config.User, config.Password = l.Username, l.Password
				if until, ok := ctx.Deadline(); ok {
					config.ConnectTimeout = max(min(timeout, time.Until(until)), time.Millisecond)
				}
				return dial(ctx, config)
			})
		},
	}, nil
}

// FromURL makes a connector of a URL, postgres://user:password@host:port/database,
// whose parameters decide about TLS: for servers that someone runs beside the
// program.
func FromURL(url string, dialect warehouse.Dialect) (*Connector, error) {
	session, err := sessionOf(dialect)
	if err != nil {
		return nil, err
	}
	config, err := pq.NewConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the warehouse's URL: %w", err)
	}
	return &Connector{
		dialect: dialect, session: session,
		target: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))),
		open:   func(ctx context.Context) (driver.Conn, error) { return dial(ctx, config) },
	}, nil
}

func sessionOf(d warehouse.Dialect) ([]string, error) {
	switch d {
	case warehouse.Redshift:
		return []string{CaseSensitive}, nil
	case warehouse.PostgreSQL:
		return nil, nil
	default:
		return nil, fmt.Errorf("the dialect %q has no server to connect to", d)
	}
}

// withLogin logs in, and once more with a fresh login where the warehouse
// refuses the one that was known.
func withLogin(ctx context.Context, login warehouse.LoginFunc, open func(warehouse.Login) (driver.Conn, error)) (driver.Conn, error) {
	known, err := login(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("get the login: %w", err)
	}
	conn, err := open(known)
	if !refused(err) {
		return conn, err
	}
	fresh, freshErr := login(ctx, true)
	switch {
	case freshErr != nil:
		return nil, errors.Join(err, fmt.Errorf("get a fresh login: %w", freshErr))
	case fresh == known:
		return nil, err
	}
	return open(fresh)
}

// refused tells the refusal of a login from other errors: by SQLSTATE 28P01 or,
// on Redshift, 28000
// (https://www.postgresql.org/docs/15/errcodes-appendix.html).
func refused(err error) bool {
	var server *pq.Error
	return errors.As(err, &server) && server.Code.Class() == "28"
}

// Connect implements driver.Connector.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: connect to %s: %w", warehouse.ErrUnavailable, c.target, err)
	}
	for _, statement := range c.session {
		if err := exec(ctx, conn, statement); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: begin a session on %s: %w", warehouse.ErrUnavailable, c.target, err), conn.Close())
		}
	}
	return conn, nil
}

func exec(ctx context.Context, conn driver.Conn, statement string) error {
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver runs no statements")
	}
	_, err := execer.ExecContext(ctx, statement, nil)
	return err
}

// Driver implements driver.Connector.
func (c *Connector) Driver() driver.Driver { return &pq.Driver{} }

// Dialect is the SQL that the warehouse speaks.
func (c *Connector) Dialect() warehouse.Dialect { return c.dialect }

// ReadRootCAs reads the authorities of a PEM file.
func ReadRootCAs(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the authorities: %s holds no certificate in PEM form", file)
	}
	return pool, nil
}
