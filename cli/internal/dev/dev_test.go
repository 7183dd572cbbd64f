package dev

import (
	"crypto/rand"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
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
	o := Options{Program: "/opt/my tools/loafctl", DataDir: "it's here", Warehouse: "postgres://me:topsecret@db.example:5432/loaf", APIKey: "k'k", AdminPassword: "pass", Token: "tok"}
	dir, err := datadir.Open(t.Context(), filepath.Join(t.TempDir(), "it's here"), rand.Text)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	o.useSecrets(dir)
	text := o.banner("http://127.0.0.1:1", dir)
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
	if strings.Contains(text, "topsecret") {
		t.Errorf("the warehouse's password is in\n%s", text)
	}
}
