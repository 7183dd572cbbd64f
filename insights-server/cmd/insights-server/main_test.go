package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/insights-server/auth"
)

func environment(pairs ...string) func(string) string {
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

// start runs the server until the test ends and gives its address.
func start(t *testing.T, pairs ...string) string {
	t.Helper()
	return startLogging(t, &bytes.Buffer{}, pairs...)
}

// startLogging is start with the server's log, which may be read once it has
// stopped.
func startLogging(t *testing.T, log *bytes.Buffer, pairs ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, nil, environment(append(pairs, "LOAF_ADDR", "127.0.0.1:0")...), strings.NewReader(""), write, log)
		ended <- err
		_ = write.CloseWithError(io.EOF)
	}()
	line := make([]byte, 256)
	n, err := read.Read(line)
	if err != nil {
		stop()
		t.Fatalf("the server did not start: %v, %v\n%s", err, <-ended, log)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server stopped with %v\n%s", err, log)
		}
	})
	_, address, _ := strings.Cut(strings.TrimSpace(string(line[:n])), " on ")
	return address
}

func status(t *testing.T, client *http.Client, r *http.Request) int {
	t.Helper()
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Error(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return answer.StatusCode
}

func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestServeOnPostgreSQL(t *testing.T) {
	sum := sha256.Sum256([]byte("token"))
	address := start(t,
		"LOAF_WAREHOUSE_URL", postgrestest.URL(t),
		"LOAF_ADMIN_PASSWORD", "correct horse",
		"LOAF_TOKEN_SHA256", hex.EncodeToString(sum[:]),
	)
	for _, test := range []struct {
		method, path, body string
		bearer             bool
		want               int
	}{
		{"GET", "/healthz", "", false, 200},
		{"GET", "/readyz", "", false, 200},
		{"GET", "/api/v1/events", "", false, 401},
		{"GET", "/api/v1/events", "", true, 200}, // no tables yet: no events
		{"POST", "/api/v1/query", `{"range":{"last":"7d"},"interval":"day","series":[{"event":"*","aggregation":{"type":"total"}}]}`, true, 200},
		{"GET", "/api/v1/pipeline", "", true, 200},
		{"POST", "/api/v1/login", `{"password":"correct horse"}`, false, 200},
		{"POST", "/api/v1/login", `{"password":"wrong"}`, false, 401},
	} {
		r := newRequest(t, test.method, address+test.path, test.body)
		if test.bearer {
			r.Header.Set("Authorization", "Bearer token")
		}
		if got := status(t, http.DefaultClient, r); got != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, got, test.want)
		}
	}
}

func TestServeStartsWithoutAWarehouse(t *testing.T) {
	address := start(t, "LOAF_WAREHOUSE_URL", "postgres://x@127.0.0.1:1/x?sslmode=disable", "LOAF_ADMIN_PASSWORD", "correct horse")
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503} {
		if got := status(t, http.DefaultClient, newRequest(t, "GET", address+path, "")); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestServeTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	address := start(t,
		"LOAF_WAREHOUSE_URL", "postgres://x@127.0.0.1:1/x?sslmode=disable", "LOAF_ADMIN_PASSWORD", "correct horse",
		"LOAF_TLS_CERT", cert, "LOAF_TLS_KEY", key,
	)
	if !strings.HasPrefix(address, "https://") {
		t.Fatalf("it serves on %s", address)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Do(newRequest(t, "POST", address+"/api/v1/login", `{"password":"correct horse"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	cookies := answer.Cookies()
	if len(cookies) != 1 || !cookies[0].Secure || cookies[0].Name != auth.SecureCookieName {
		t.Errorf("status %d, cookies %v", answer.StatusCode, cookies)
	}
}

// certificate makes a self-signed one for 127.0.0.1.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

func TestHashPassword(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"hash-password"}, environment(), strings.NewReader("correct horse\n"), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	directory, err := auth.NewDirectory(auth.DirectoryConfig{AdminHash: strings.TrimSpace(out.String())})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := directory.Authenticate(t.Context(), "", "correct horse"); err != nil {
		t.Errorf("the hash does not fit its password: %v", err)
	}
	for _, bad := range []string{"", "\n", strings.Repeat("x", auth.MaxPasswordBytes+100)} {
		err := run(t.Context(), []string{"hash-password"}, environment(), strings.NewReader(bad), io.Discard, io.Discard)
		if !errors.Is(err, errUsage) {
			t.Errorf("a password of %d bytes: %v", len(bad), err)
		}
	}
}

func TestHelpNamesEveryVariable(t *testing.T) {
	asked := map[string]bool{}
	if _, err := readConfig(func(name string) string { asked[name] = true; return "" }); err == nil {
		t.Error("an empty environment was taken")
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, environment(), strings.NewReader(""), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for name := range asked {
		if !strings.Contains(out.String(), name) {
			t.Errorf("--help does not name %s", name)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"hash-password", "x"}} {
		err := run(t.Context(), args, environment(), strings.NewReader(""), io.Discard, io.Discard)
		if got := exitCode(err, io.Discard); got != 2 {
			t.Errorf("%q ends with %d, %v", args, got, err)
		}
	}
	if got := exitCode(errors.New("x"), io.Discard); got != 1 {
		t.Errorf("a failure ends with %d", got)
	}
	if got := exitCode(nil, io.Discard); got != 0 {
		t.Errorf("success ends with %d", got)
	}
}

func TestConfig(t *testing.T) {
	const secret = "s3cr3t%zz"
	good := []string{"LOAF_WAREHOUSE_URL", "redshift://u:p@host:5439/db", "LOAF_ADMIN_PASSWORD", "correct horse"}
	c, err := readConfig(environment(append(good, "LOAF_PUBLIC_URL", "https://a.example/,https://b.example", "LOAF_COLLECTION_URL", "https://c.example/live/", "LOAF_TRUSTED_PROXIES", "10.0.0.0/8 ::1", "LOAF_LOG_LEVEL", "debug")...))
	if err != nil {
		t.Fatal(err)
	}
	if c.dialect != warehouse.Redshift || c.warehouseURL != "postgres://u:p@host:5439/db" || !c.secureCookies || c.collectionURL != "https://c.example/live" || len(c.publicURLs) != 2 || len(c.trustedProxies) != 2 || c.queryTimeout != 30*time.Second {
		t.Errorf("config %+v", c)
	}
	if c, err := readConfig(environment(append(good, "LOAF_WAREHOUSE_DIALECT", "postgres", "LOAF_PUBLIC_URL", "http://a.example https://b.example")...)); err != nil || c.dialect != warehouse.PostgreSQL || c.secureCookies {
		t.Errorf("config %+v, %v", c, err)
	}
	key := strings.Repeat("k", 32)
	first, err1 := readConfig(environment(append(good, "LOAF_SESSION_KEY", key)...))
	second, err2 := readConfig(environment(append(good, "LOAF_SESSION_KEY", key)...))
	if err1 != nil || err2 != nil || first.adminHash != second.adminHash {
		t.Error("with a session key, a restart changes the password's hash and ends the sessions")
	}
	for _, bad := range [][2]string{
		{"LOAF_WAREHOUSE_URL", ""},
		{"LOAF_WAREHOUSE_URL", "mysql://u:" + "p@host/db"},
		{"LOAF_WAREHOUSE_URL", "host=" + "x"},
		{"LOAF_WAREHOUSE_URL", "postgres://u:" + secret + "@host/db"},
		{"LOAF_WAREHOUSE_DIALECT", "duckdb"},
		{"LOAF_ADMIN_PASSWORD", ""},
		{"LOAF_ADMIN_PASSWORD_HASH", "$2b$12$x"},
		{"LOAF_SESSION_KEY", "short"},
		{"LOAF_SESSION_LIFE", "-1h"},
		{"LOAF_TOKEN_SHA256", "token"},
		{"LOAF_TLS_CERT", "x"},
		{"LOAF_PUBLIC_URL", "loaf.example.com"},
		{"LOAF_COLLECTION_URL", "collect.example.com"},
		{"LOAF_COLLECTION_URL", "https://user:pass@collect.example.com/?x=1"},
		{"LOAF_PUBLIC_URL", "https://loaf.example.com/loaf"},
		{"LOAF_TRUSTED_PROXIES", "proxy"},
		{"LOAF_TRUSTED_PROXIES", "10.0.0.0/99"},
		{"LOAF_QUERY_TIMEOUT", "30"},
		{"LOAF_MAX_QUERIES", "0"},
		{"LOAF_CACHE_MB", "-1"},
		{"LOAF_CACHE_MB", "64MB"},
		{"LOAF_CACHE_TRUST", "60"},
		{"LOAF_CACHE_TRUST", "-1s"},
		{"LOAF_LOG_LEVEL", "loud"},
	} {
		err := run(t.Context(), nil, environment(append(good, bad[0], bad[1])...), strings.NewReader(""), io.Discard, io.Discard)
		if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), bad[0]) {
			t.Errorf("%s=%s: %v", bad[0], bad[1], err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
	onlyHash := []string{"LOAF_WAREHOUSE_URL", "postgres://host/db", "LOAF_ADMIN_PASSWORD_HASH", c.adminHash}
	if _, err := readConfig(environment(onlyHash...)); err != nil {
		t.Errorf("a hash alone: %v", err)
	}
}

func TestCacheSettings(t *testing.T) {
	for _, test := range []struct {
		address, size, trust string
		bytes                int64
		wantTrust            time.Duration
	}{
		{"redshift://u:p@h/d", "", "", 64 << 20, time.Minute},
		{"postgres://u:p@h/d", "", "", 64 << 20, 0},
		{"redshift://u:p@h/d", "0", "0s", -1, 0},
		{"postgres://u:p@h/d", "8", "5s", 8 << 20, 5 * time.Second},
	} {
		c, err := readConfig(func(name string) string {
			return map[string]string{"LOAF_WAREHOUSE_URL": test.address, "LOAF_ADMIN_PASSWORD": "long enough", "LOAF_CACHE_MB": test.size, "LOAF_CACHE_TRUST": test.trust}[name]
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.cacheBytes != test.bytes || c.cacheTrust != test.wantTrust {
			t.Errorf("%+v: %d bytes, trusted for %v", test, c.cacheBytes, c.cacheTrust)
		}
	}
}

// TestSlowClientsAreCutOff sends the beginning of a header, and of a body, and no more.
// The server's own limits hold, made a hundred times shorter.
func TestSlowClientsAreCutOff(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	server := config{queryTimeout: 5 * time.Second}.newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
