// Package redshifttest gives tests a stand-in for Amazon Redshift: a server
// that speaks Redshift's protocol over TLS, asks for passwords as Redshift does
// and passes the statements on to a real PostgreSQL, rewritten by an explicit
// list. What it cannot show is how Redshift itself takes a statement; that the
// golden files and their list of words are for.
package redshifttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
)

// CopyRole is the one role that may read the buckets, and Region where they are.
const (
	CopyRole = "arn:aws:iam::111122223333:role/stack-copy"
	Region   = "eu-central-1"
)

// Server is a stand-in with one empty database.
type Server struct {
	// Host, Port and Database say where it is.
	Host, Database string
	Port           int
	// RootCAs vouch for it; CAFile is them in PEM form.
	RootCAs *x509.CertPool
	CAFile  []byte
	// Admin is the superuser that it was made with.
	Admin warehouse.Login

	tb      testing.TB
	objects string
	backend string
	// behind is a connection of the server's own, around its rewriting.
	behind *sql.DB
	tls    *tls.Config

	mu         sync.Mutex
	passwords  map[string]string
	faults     []*fault
	refused    []refusal
	lost       int
	statements []string
	logins     int
	open       map[net.Conn]bool
	closed     bool
	sessions   sync.WaitGroup
}

// fault is what happens in place of a statement.
type fault struct {
	pattern *regexp.Regexp
	times   int
	answer  *Answer
}

// Answer is an error of the server. A nil one cuts the connection.
type Answer struct{ Code, Message, Detail string }

// Conflict is how Redshift says that a transaction lost a race.
var Conflict = &Answer{"XX000", "1023", "Serializable isolation violation on table - 104237, transactions forming the cycle are: 4711, 4712 (pid:1073)"}

// servers numbers them, for names that must be unique in PostgreSQL.
var servers atomic.Int64

// Start starts a stand-in that ends with the test. objects is the folder that
// stands for S3: an object lies at bucket/key.
func Start(tb testing.TB, objects string) *Server {
	tb.Helper()
	address, err := url.Parse(postgrestest.URL(tb))
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{
		Host: "127.0.0.1", Database: strings.TrimPrefix(address.Path, "/"), tb: tb, objects: objects, backend: address.Host,
		Admin: warehouse.Login{Username: "admin", Password: "Admin-password-1"}, passwords: map[string]string{}, open: map[net.Conn]bool{},
	}
	s.SetPassword(s.Admin)
	if s.behind, err = sql.Open("postgres", address.String()); err != nil {
		tb.Fatal(err)
	}
	for _, statement := range furniture {
		if _, err := s.behind.Exec(strings.ReplaceAll(statement, "DATABASE_NAME", s.Database)); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
	s.makeCertificate()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.Port = listener.Addr().(*net.TCPAddr).Port
	s.sessions.Go(func() { s.accept(listener) })
	tb.Cleanup(func() {
		_ = listener.Close()
		s.Cut()
		s.mu.Lock()
		s.closed = true
		for c := range s.open {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.sessions.Wait()
		_ = s.behind.Close()
	})
	return s
}

// Accounts are users with names that no other test has: in PostgreSQL they
// belong to the server and not to a database.
func Accounts() warehouse.Accounts {
	n := servers.Add(1)
	user := func(role string) warehouse.Login {
		return warehouse.Login{Username: fmt.Sprintf("loaf_%s_%d", role, n), Password: "Secret-of-" + role}
	}
	return warehouse.Accounts{Load: user("load"), Update: user("update"), Insights: user("insights")}
}

// SetPassword makes the login the one that counts, as a rotation does.
func (s *Server) SetPassword(l warehouse.Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passwords[l.Username] = digest(l)
}

// Fail answers the next statements that match with an error, or cuts the
// connection where there is none.
func (s *Server) Fail(pattern string, times int, answer *Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{regexp.MustCompile(pattern), times, answer})
}

// Refuse makes COPY refuse lines that contain a text.
func (s *Server) Refuse(text, column, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, refusal{text, column, message})
}

// Lose makes the next COPY lose rows without a word.
func (s *Server) Lose(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = rows
}

// Cut cuts all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
}

// Statements are those that came, in order, and Logins how many sessions began.
func (s *Server) Statements() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.statements...)
}

// Logins is how many sessions have begun.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// Open is how many connections are open.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// fault notes a statement and gives what shall happen in its place.
func (s *Server) fault(statement string) (answer *Answer, strikes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statements = append(s.statements, statement)
	for _, f := range s.faults {
		if f.times > 0 && f.pattern.MatchString(statement) {
			f.times--
			return f.answer, true
		}
	}
	return nil, false
}

func (s *Server) makeCertificate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redshift"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(s.Host)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.CAFile = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.RootCAs = x509.NewCertPool()
	s.RootCAs.AppendCertsFromPEM(s.CAFile)
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
