package redshifttest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// The codes of the messages that come before a session.
const (
	sslRequest    = 80877103
	cancelRequest = 80877102
)

func (s *Server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.open[conn] = true
		s.mu.Unlock()
		s.sessions.Go(func() {
			defer func() {
				_ = conn.Close()
				s.mu.Lock()
				delete(s.open, conn)
				s.mu.Unlock()
			}()
			// A session ends with an error when either side goes away.
			_ = s.serve(conn)
		})
	}
}

// serve takes a connection through TLS, password and session.
func (s *Server) serve(conn net.Conn) error {
	first, err := readStartup(conn)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(first) != sslRequest {
		return send(conn, errorMessage(&Answer{"28000", "no pg_hba.conf entry, SSL off", ""}))
	}
	if _, err := conn.Write([]byte{'S'}); err != nil {
		return err
	}
	client := tls.Server(conn, s.tls)
	startup, err := readStartup(client)
	if err != nil {
		return err
	}
	backend, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", s.backend)
	if err != nil {
		return err
	}
	defer backend.Close()
	if binary.BigEndian.Uint32(startup) == cancelRequest {
		return sendStartup(backend, startup)
	}
	user, rest := startupUser(startup)
	if ok, err := s.authenticate(client, user); err != nil || !ok {
		return errors.Join(err, send(client, errorMessage(&Answer{"28000", fmt.Sprintf("password authentication failed for user %q", user), ""})))
	}
	s.mu.Lock()
	s.logins++
	s.mu.Unlock()
	if user == s.Admin.Username {
		user = "dataloaf" // postgrestest's superuser
	}
	if err := sendStartup(backend, slices.Concat(startup[:4], []byte("user\x00"+user+"\x00"), rest)); err != nil {
		return err
	}
	session := &session{server: s, client: client, backend: backend}
	if err := session.untilReady(true); err != nil {
		return err
	}
	for {
		kind, body, err := receive(client)
		if err != nil || kind == 'X' {
			return err
		}
		if err := session.handle(kind, body); err != nil {
			return err
		}
	}
}

// authenticate asks for a password as Redshift does for users with an MD5
// digest. For one of another kind it asks as Redshift does for SHA-256.
func (s *Server) authenticate(client io.ReadWriter, user string) (bool, error) {
	s.mu.Lock()
	stored := s.passwords[user]
	s.mu.Unlock()
	if stored != "" && !strings.HasPrefix(stored, "md5") {
		return false, send(client, message('R', []byte{0, 0, 0, 13}))
	}
	salt := make([]byte, 4)
	if _, err := rand.Read(salt); err != nil {
		return false, err
	}
	if err := send(client, message('R', append([]byte{0, 0, 0, 5}, salt...))); err != nil {
		return false, err
	}
	_, answer, err := receive(client)
	if err != nil {
		return false, err
	}
	sum := md5.Sum(append([]byte(strings.TrimPrefix(stored, "md5")), salt...))
	return stored != "" && string(bytes.TrimRight(answer, "\x00")) == "md5"+hex.EncodeToString(sum[:]), nil
}

func digest(l warehouse.Login) string {
	sum := md5.Sum([]byte(l.Password + l.Username))
	return "md5" + hex.EncodeToString(sum[:])
}

// session is a client's session and the one behind it. Messages go one way at a
// time: after each that ends a turn the answers are passed on.
type session struct {
	server          *Server
	client, backend io.ReadWriter
	pid             uint32
	// failed is true after an error of ours until the client synchronizes.
	failed bool
}

func (x *session) handle(kind byte, body []byte) error {
	switch kind {
	case 'Q':
		return x.query(strings.TrimSuffix(string(body), "\x00"))
	case 'P':
		return x.parse(body)
	case 'S':
		if x.failed {
			x.failed = false
			return x.poison()
		}
		if err := send(x.backend, message('S', nil)); err != nil {
			return err
		}
		return x.untilReady(true)
	}
	if x.failed {
		return nil
	}
	return send(x.backend, message(kind, body))
}

func (x *session) query(statement string) error {
	rewritten, answer, err := x.statement(statement)
	if err != nil {
		return err
	}
	if answer != nil {
		if err := send(x.client, errorMessage(answer)); err != nil {
			return err
		}
		return x.poison()
	}
	if err := send(x.backend, message('Q', []byte(rewritten+"\x00"))); err != nil {
		return err
	}
	return x.untilReady(true)
}

func (x *session) parse(body []byte) error {
	name, rest, _ := bytes.Cut(body, []byte{0})
	statement, rest, _ := bytes.Cut(rest, []byte{0})
	rewritten, answer, err := x.statement(string(statement))
	if err != nil {
		return err
	}
	if answer != nil {
		x.failed = true
		return send(x.client, errorMessage(answer))
	}
	return send(x.backend, message('P', slices.Concat(name, []byte{0}, []byte(rewritten), []byte{0}, rest)))
}

var errCut = errors.New("the connection is cut")

// statement rewrites a statement, or gives the error that answers it.
func (x *session) statement(statement string) (string, *Answer, error) {
	if answer, strikes := x.server.fault(statement); strikes {
		if answer == nil {
			return "", nil, errCut
		}
		return "", answer, nil
	}
	if c := copyStatement.FindStringSubmatch(statement); c != nil {
		rewritten, answer := x.server.copy(c, x.pid)
		return rewritten, answer, nil
	}
	rewritten, answer := x.server.rewrite(statement)
	return rewritten, answer, nil
}

// poison fails the session behind as our error has failed the client's: a
// transaction is aborted.
func (x *session) poison() error {
	if err := send(x.backend, message('Q', []byte("DO $$ BEGIN RAISE EXCEPTION 'as in front'; END $$\x00"))); err != nil {
		return err
	}
	return x.untilReady(false)
}

// untilReady reads the answers of a turn and passes them on, or only the last.
func (x *session) untilReady(pass bool) error {
	for {
		kind, body, err := receive(x.backend)
		if err != nil {
			return err
		}
		if kind == 'K' {
			x.pid = binary.BigEndian.Uint32(body)
		}
		if pass || kind == 'Z' {
			if err := send(x.client, message(kind, body)); err != nil {
				return err
			}
		}
		if kind == 'Z' {
			return nil
		}
	}
}

func readStartup(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	body := make([]byte, max(4, int(binary.BigEndian.Uint32(size[:]))-4))
	_, err := io.ReadFull(r, body)
	return body, err
}

func sendStartup(w io.Writer, body []byte) error {
	return send(w, append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...))
}

// startupUser takes the user out of a startup message's parameters.
func startupUser(startup []byte) (user string, rest []byte) {
	fields := bytes.Split(startup[4:], []byte{0})
	for i := 0; i+1 < len(fields) && len(fields[i]) > 0; i += 2 {
		if string(fields[i]) == "user" {
			user = string(fields[i+1])
			continue
		}
		rest = slices.Concat(rest, fields[i], []byte{0}, fields[i+1], []byte{0})
	}
	return user, append(rest, 0)
}

func receive(r io.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	body = make([]byte, max(0, int(binary.BigEndian.Uint32(head[1:]))-4))
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}

func message(kind byte, body []byte) []byte {
	return slices.Concat([]byte{kind}, binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body)
}

func errorMessage(a *Answer) []byte {
	fields := "SERROR\x00C" + a.Code + "\x00M" + a.Message + "\x00"
	if a.Detail != "" {
		fields += "D" + a.Detail + "\x00"
	}
	return message('E', []byte(fields+"\x00"))
}

func send(w io.Writer, message []byte) error {
	_, err := w.Write(message)
	return err
}
