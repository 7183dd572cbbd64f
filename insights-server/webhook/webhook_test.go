package webhook

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/alert"
)

var (
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	sentAt   = time.Unix(1_700_000_000, 0)
	notice   = alert.Notification{ID: "n1", Event: alert.FiringEvent, At: sentAt, AlertID: "a1", Name: "Few\nsign-ups", Result: alert.Result{Status: alert.Firing}}
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// The specification's own example:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func TestSign(t *testing.T) {
	got, err := Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if _, err := Sign("whsec_?", "n", sentAt, nil); err == nil || strings.Contains(err.Error(), "?") {
		t.Errorf("a broken secret: %v", err)
	}
}

// receiver answers by a handler and can be reached over TLS.
func receiver(t *testing.T, handler http.HandlerFunc) (address string, roots *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	roots = x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.URL, roots
}

func TestSend(t *testing.T) {
	type call struct {
		header http.Header
		body   []byte
		method string
	}
	calls := make(chan call, 1)
	address, roots := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		calls <- call{r.Header, body, r.Method}
	})
	s := New(Config{Allow: loopback, RootCAs: roots, Now: func() time.Time { return sentAt }})
	if err := s.Send(t.Context(), alert.Destination{Kind: alert.Webhook, URL: address + "/hook?x=1"}, secret, notice); err != nil {
		t.Fatal(err)
	}
	c := <-calls
	want, err := Sign(secret, "n1", sentAt, c.body)
	if err != nil {
		t.Fatal(err)
	}
	if c.method != "POST" || c.header.Get("webhook-id") != "n1" || c.header.Get("webhook-timestamp") != strconv.FormatInt(sentAt.Unix(), 10) ||
		c.header.Get("webhook-signature") != want || c.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s with %v", c.method, c.header)
	}
	var body struct {
		Type      string
		Timestamp time.Time
		Data      struct {
			ID     string
			Alert  struct{ ID, Name string }
			Status string
		}
	}
	if err := json.Unmarshal(c.body, &body); err != nil || body.Type != "alert.firing" || body.Data.ID != "n1" || body.Data.Alert.Name != "Few\nsign-ups" || body.Data.Status != "firing" {
		t.Errorf("%s: %v", c.body, err)
	}
}

func TestAnswersOfReceivers(t *testing.T) {
	for _, test := range []struct {
		status    int
		after     string
		temporary bool
		wait      time.Duration
	}{
		{200, "", false, 0},
		{204, "", false, 0},
		{301, "", false, 0},
		{302, "", false, 0},
		{307, "", false, 0},
		{400, "", false, 0},
		{404, "", false, 0},
		{408, "", true, 0},
		{410, "", false, 0},
		{429, "17", true, 17 * time.Second},
		{429, sentAt.Add(time.Minute).UTC().Format(http.TimeFormat), true, time.Minute},
		{429, sentAt.Add(-time.Minute).UTC().Format(http.TimeFormat), true, 0},
		{500, "", true, 0},
		{503, "999999999", true, time.Hour},
		{503, "soon", true, 0},
	} {
		var calls atomic.Int32
		address, roots := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.Header().Set("Retry-After", test.after)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(test.status)
			if test.status != http.StatusNoContent {
				_, _ = io.WriteString(w, "what-the-receiver-says")
			}
		})
		s := New(Config{Allow: loopback, RootCAs: roots, Now: func() time.Time { return sentAt }})
		err := s.Send(t.Context(), alert.Destination{Kind: alert.Webhook, URL: address}, secret, notice)
		if calls.Load() != 1 {
			t.Errorf("%d: %d calls", test.status, calls.Load())
		}
		if test.status < 300 {
			if err != nil {
				t.Errorf("%d: %v", test.status, err)
			}
			continue
		}
		var e *alert.SendError
		if !errors.As(err, &e) || e.Temporary != test.temporary || e.RetryAfter != test.wait || !strings.Contains(e.Reason, strconv.Itoa(test.status)) || strings.Contains(e.Error(), "what-the-receiver-says") {
			t.Errorf("%d: %#v", test.status, err)
		}
	}
}

// rawReceiver speaks what a handler of the standard library would not.
func rawReceiver(t *testing.T, speak func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					speak(c)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestConnectionsThatFail(t *testing.T) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	closed := rawReceiver(t, func(net.Conn) {})
	endless := rawReceiver(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		for {
			if _, err := c.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	silent := rawReceiver(t, func(net.Conn) { <-done })
	header := rawReceiver(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
	})
	untrusted, _ := receiver(t, func(http.ResponseWriter, *http.Request) {})
	s := New(Config{Allow: loopback})
	if err := s.Send(t.Context(), alert.Destination{URL: endless}, secret, notice); err != nil {
		t.Errorf("an answer without end: %v", err)
	}
	for _, test := range []struct{ name, address, reason string }{
		{"a connection that is closed", closed, "connected to"},
		{"no answer", silent, "in time"},
		{"a header without end", header, "connected to"},
		{"a certificate of nobody's", untrusted, "certificate"},
		{"nobody there", "http://127.0.0.1:1", "connected to"},
		{"a name of nobody's", "https://receiver.invalid", "resolved"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if test.address == silent {
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		}
		err := s.Send(ctx, alert.Destination{URL: test.address + "/secret-path"}, secret, notice)
		cancel()
		var e *alert.SendError
		if !errors.As(err, &e) || !e.Temporary || !strings.Contains(e.Reason, test.reason) {
			t.Errorf("%s: %#v", test.name, err)
			continue
		}
		if strings.Contains(e.Reason, "127.0.0.1") || strings.Contains(e.Error(), "secret-path") {
			t.Errorf("%s tells too much: %v", test.name, e)
		}
	}
}

// Whatever its name, nothing is sent to an address that is not on the internet.
func TestRefusedAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "2606:4700:4700::1111": true, "100.63.255.255": true, "172.32.0.1": true, "198.20.0.1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.100.100.200": false, "127.0.0.1": false, "127.255.255.254": false,
		"169.254.169.254": false, "169.254.170.2": false, "168.63.129.16": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false, "192.168.1.1": false, "192.88.99.1": false,
		"198.18.0.130": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false, "::ffff:8.8.8.8": true,
		"fe80::1": false, "fec0::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false, "100::1": false,
		"2001::1": false, "2001:db8::1": false, "2002:a00:1::": false, "3fff::1": false, "5f00::1": false,
	} {
		a := netip.MustParseAddr(address)
		if got := public(a); got != want {
			t.Errorf("%s: %v", address, got)
		}
		err := New(Config{}).guard(false)("tcp", netip.AddrPortFrom(a, 443).String(), nil)
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if public(netip.MustParseAddr("2606:4700::1%eth0")) || public(netip.Addr{}) {
		t.Error("an address of a zone, or none")
	}
	strict, own := New(Config{}), New(Config{Allow: loopback})
	for _, test := range []struct {
		name    string
		s       *Sender
		plain   bool
		address string
		want    bool
	}{
		{"another port", strict, false, "1.1.1.1:8443", false},
		{"without TLS", strict, true, "1.1.1.1:443", false},
		{"one's own", own, false, "127.0.0.1:9000", true},
		{"one's own, mapped", own, false, "[::ffff:127.0.0.1]:9000", true},
		{"one's own, without TLS", own, true, "127.0.0.1:80", true},
		{"not one's own", own, false, "10.0.0.1:443", false},
		{"the internet without TLS", own, true, "1.1.1.1:80", false},
		{"the internet", own, false, "1.1.1.1:443", true},
		{"nonsense", own, false, "x", false},
	} {
		if err := test.s.guard(test.plain)("tcp", test.address, nil); (err == nil) != test.want || err != nil && !errors.Is(err, errRefused) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A name that leads to this machine is refused when it is connected to, whatever a
// name server says of it before; nobody hears of the call.
func TestNamesThatLeadInside(t *testing.T) {
	var calls atomic.Int32
	address, roots := receiver(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "https://"), ":")
	// The guard alone, without the look at the address as it is written.
	s := New(Config{RootCAs: roots})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+":"+port, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.secure.Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		var e *alert.SendError
		if !errors.Is(err, errRefused) || !errors.As(failed(err), &e) || e.Temporary || strings.Contains(e.Reason, "127") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestWrong(t *testing.T) {
	strict, own := New(Config{}), New(Config{Allow: loopback})
	for address, want := range map[string]string{
		"https://hooks.example.com/a?b=c":  "",
		"https://hooks.example.com:443/":   "",
		"https://1.1.1.1/":                 "",
		"":                                 "no address",
		"hooks.example.com":                "no address",
		"https://":                         "no address",
		"https:opaque":                     "no address",
		"http://hooks.example.com":         "https://",
		"ftp://hooks.example.com":          "https://",
		"file:///etc/passwd":               "no address",
		"https://jo:secret@example.com":    "name or password",
		"https://example.com/#part":        "after #",
		"https://example.com:8443/":        "port 443",
		"https://example.com/a b":          "white space",
		"https://127.0.0.1/":               "not on the internet",
		"https://[::ffff:169.254.169.254]": "not on the internet",
		"https://[fd00:ec2::254]/":         "not on the internet",
		"https://example.com/\x7f":         "no address",
	} {
		if got := strict.Wrong(address); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q", address, got)
		}
	}
	for address, want := range map[string]bool{
		"http://localhost:9000/": true, "https://example.com:8443": true, "http://127.0.0.1:9000": true, "http://10.0.0.1": false, "ftp://127.0.0.1": false, "http://jo@localhost": false,
	} {
		if got := own.Wrong(address); (got == "") != want {
			t.Errorf("with networks of one's own, %q: %q", address, got)
		}
	}
	var e *alert.SendError
	if err := strict.Send(t.Context(), alert.Destination{URL: "http://127.0.0.1:9000"}, secret, notice); !errors.As(err, &e) || e.Temporary {
		t.Errorf("an address that was saved under another configuration: %v", err)
	}
}
