package dev

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// fixed is a listener that says it listens somewhere.
type fixed struct {
	net.Listener
	at net.TCPAddr
}

func (f fixed) Addr() net.Addr { return &f.at }

func TestAddress(t *testing.T) {
	cases := []struct {
		at      net.TCPAddr
		url     string
		exposed bool
	}{
		{net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, "http://127.0.0.1:8080", false},
		{net.TCPAddr{IP: net.IPv6loopback, Port: 80}, "http://[::1]:80", false},
		{net.TCPAddr{IP: net.IPv4zero, Port: 8080}, "http://127.0.0.1:8080", true},
		{net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, "http://127.0.0.1:8080", true},
		{net.TCPAddr{IP: net.IPv4(192, 168, 1, 7), Port: 8080}, "http://192.168.1.7:8080", true},
		{net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 8080}, "http://[fe80::1%25eth0]:8080", true},
	}
	for _, c := range cases {
		if url, exposed := address(fixed{at: c.at}); url != c.url || exposed != c.exposed {
			t.Errorf("%v: %s, %v", &c.at, url, exposed)
		}
	}
}

func TestBanner(t *testing.T) {
	o := Options{Program: "/opt/my tools/loafctl", DataDir: "it's here", Warehouse: "postgres://me:topsecret@db.example:5432/loaf", APIKey: "k'k", AdminPassword: "pass", Token: "tok", NewSecret: rand.Text}
	dir, err := datadir.Open(t.Context(), filepath.Join(t.TempDir(), "it's here"), rand.Text)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	d, err := o.doors(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := o.banner("http://127.0.0.1:1", dir, d)
	for _, want := range []string{
		"PostgreSQL at db.example:5432/loaf", "http://127.0.0.1:1", "pass", "tok",
		"k'k", `it'\''s here/api-key.header'`, `'/opt/my tools/loafctl' import --data-dir 'it'\''s here' FILE`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Count(text, "k'k") != 1 {
		t.Errorf("the key stands more than once in\n%s", text)
	}
	if d.changed || strings.Contains(text, d.runKey) || strings.Contains(text, d.runToken) {
		t.Errorf("something is made beside what is given, or shown of the run's own in\n%s", text)
	}
	if strings.Contains(text, "topsecret") {
		t.Errorf("the warehouse's password is in\n%s", text)
	}
}

// TestSlowClientsAreCutOff sends the beginning of a header, and of a body, and no more.
// The server's own limits hold, made a hundred times shorter.
func TestSlowClientsAreCutOff(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // as a handler does that reads it
	}), logger)
	if server.ReadHeaderTimeout <= 0 || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 {
		t.Fatalf("a limit is missing: %+v", server)
	}
	server.ReadHeaderTimeout /= 100
	server.ReadTimeout /= 100
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	for name, begun := range map[string]string{
		"header": "POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"body":   "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
	} {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(client, begun); err != nil {
			t.Fatal(err)
		}
		// Far longer than the limits, and only for a server that has none.
		if err := client.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, client)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("a slow %s keeps its connection", name)
		}
		_ = client.Close() // the server has closed it
	}
}

func TestWrongUseOfRenew(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		words  string
	}{
		{func(o *Options) { o.Renew = "key" }, `--renew "key" is nothing that is made`},
		{func(o *Options) { o.Renew, o.APIKey = "api-key", "k" }, "both --renew api-key and --api-key (LOAF_API_KEY) are given"},
		{func(o *Options) { o.Renew, o.AdminPassword = "token,password", "p" }, "--admin-password (LOAF_ADMIN_PASSWORD)"},
		{func(o *Options) { o.Renew, o.Token = "token", "t" }, "--token (LOAF_TOKEN)"},
	} {
		o := Options{Addr: "127.0.0.1:0", DataDir: "d", LoadEvery: time.Second, Warehouse: DuckDB}
		c.change(&o)
		if err := o.check(); failure.Code(err) != 2 || !strings.Contains(err.Error(), c.words) {
			t.Errorf("--renew %q: %v, want %q", o.Renew, err, c.words)
		}
	}
	o := Options{Addr: "127.0.0.1:0", DataDir: "d", LoadEvery: time.Second, Warehouse: DuckDB, APIKey: "k", Renew: "token, password"}
	if err := o.check(); err != nil || !o.renews("token") || !o.renews("password") || o.renews("api-key") {
		t.Errorf("%v, %q", err, o.renew)
	}
}
