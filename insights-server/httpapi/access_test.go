package httpapi

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const goodQuery = `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]}`

func TestPathsThatAreNone(t *testing.T) {
	for _, test := range []struct {
		call   call
		status int
		code   string
	}{
		{call{path: "/api/v1/nothing", anonymous: true}, 401, "unauthorized"},
		{call{path: "/api/v1", anonymous: true}, 401, "unauthorized"},
		{call{method: http.MethodDelete, path: "/api/v1/events", anonymous: true}, 401, "unauthorized"},
		{call{path: "/api/v1/nothing"}, 404, "not_found"},
		{call{path: "/api/v1/query/"}, 404, "not_found"},
		{call{path: "/api%2Fv1/events", anonymous: true}, 401, "unauthorized"},
		{call{path: "/api", anonymous: true}, 404, "not_found"},
		{call{path: "/api/v2/query", anonymous: true}, 404, "not_found"},
		{call{path: "/elsewhere", anonymous: true}, 404, "not_found"}, // no page is mounted
		{call{method: http.MethodDelete, path: "/api/v1/events"}, 405, "method_not_allowed"},
		{call{path: "/api/v1/query"}, 405, "method_not_allowed"},
		{call{path: "/api/v1/login", anonymous: true}, 405, "method_not_allowed"},
		{call{path: "/api/v1/invitations/accept", anonymous: true}, 405, "method_not_allowed"},
		{call{method: http.MethodPost, path: "/healthz", anonymous: true}, 405, "method_not_allowed"},
		{call{method: "BREW", path: "/api/v1/events"}, 405, "method_not_allowed"},
	} {
		t.Run(fmt.Sprintf("%s %s %v", test.call.method, test.call.path, test.call.anonymous), func(t *testing.T) {
			r := newFixture(t).do(test.call)
			wantError(t, r, test.status, test.code, "")
			if test.status == 405 && r.Header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	server := httptest.NewServer(newFixture(t).server)
	defer server.Close()
	r, err := http.Head(server.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, r); r.StatusCode != http.StatusOK || body != "" {
		t.Errorf("status %d, body %q", r.StatusCode, body)
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	withOrigins := func(c *Config) { c.Origins = []string{"https://loaf.example.com/", "http://Other.example:80"} }
	proxied := func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }
	for _, test := range []struct {
		name    string
		headers map[string]string
		config  func(*Config)
		tls     bool
		allowed bool
	}{
		{"no header", nil, nil, false, true},
		{"own", map[string]string{"Origin": "http://loaf.test"}, nil, false, true},
		{"own, upper case", map[string]string{"Origin": "http://LOAF.test"}, nil, false, true},
		{"own, behind a proxy that ends TLS", map[string]string{"Origin": "https://loaf.test"}, nil, false, true},
		{"own with TLS", map[string]string{"Origin": "https://loaf.test"}, nil, true, true},
		{"own host without TLS on a server with", map[string]string{"Origin": "http://loaf.test"}, nil, true, false},
		{"own host without TLS behind a trusted proxy with", map[string]string{"Origin": "http://loaf.test", "X-Forwarded-Proto": "https"}, proxied, false, false},
		{"other site", map[string]string{"Origin": "http://evil.test"}, nil, false, false},
		{"other port", map[string]string{"Origin": "http://loaf.test:8080"}, nil, false, false},
		{"subdomain", map[string]string{"Origin": "http://x.loaf.test"}, nil, false, false},
		{"longer name", map[string]string{"Origin": "http://loaf.test.evil.test"}, nil, false, false},
		{"name as user", map[string]string{"Origin": "http://loaf.test@evil.test"}, nil, false, false},
		{"null", map[string]string{"Origin": "null"}, nil, false, false},
		{"null that claims the same origin", map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, nil, false, false},
		{"no scheme", map[string]string{"Origin": "loaf.test"}, nil, false, false},
		{"another scheme", map[string]string{"Origin": "chrome-extension://loaf.test"}, nil, false, false},
		{"broken", map[string]string{"Origin": "http://%zz"}, nil, false, false},
		{"configured", map[string]string{"Origin": "https://loaf.example.com"}, withOrigins, false, true},
		{"configured, default port", map[string]string{"Origin": "http://other.example"}, withOrigins, false, true},
		{"configured, other scheme", map[string]string{"Origin": "http://loaf.example.com"}, withOrigins, false, false},
		{"no origin, cross-site", map[string]string{"Sec-Fetch-Site": "cross-site"}, nil, false, false},
		{"no origin, same site", map[string]string{"Sec-Fetch-Site": "same-site"}, nil, false, false},
		{"no origin, same origin", map[string]string{"Sec-Fetch-Site": "same-origin"}, nil, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			configure := []func(*Config){}
			if test.config != nil {
				configure = append(configure, test.config)
			}
			f := newFixture(t, configure...)
			secure := f.server.secure(f.request(call{path: "/", tls: test.tls, header: test.headers}))
			if secure {
				var err error
				if _, f.cookie, err = f.server.config.Sessions.Start(f.server.config.Directory.Admin(), true); err != nil {
					t.Fatal(err)
				}
			}
			post := call{method: http.MethodPost, path: "/api/v1/query", body: goodQuery, header: test.headers, tls: test.tls}
			// The password is missing: what is let through comes to a 400.
			login := call{method: http.MethodPost, path: "/api/v1/login", body: `{}`, header: test.headers, tls: test.tls, anonymous: true}
			if test.allowed {
				if r := f.do(post); r.StatusCode != http.StatusOK {
					t.Errorf("a query with the cookie: %d", r.StatusCode)
				}
				wantError(t, f.do(login), http.StatusBadRequest, "required", "password")
			} else {
				wantError(t, f.do(post), http.StatusForbidden, "origin_refused", "")
				wantError(t, f.do(login), http.StatusForbidden, "origin_refused", "")
			}
			if r := f.do(call{path: "/api/v1/events", header: test.headers, tls: test.tls}); r.StatusCode != http.StatusOK {
				t.Errorf("a call that changes nothing: %d", r.StatusCode)
			}
			bearer := map[string]string{"Authorization": "Bearer " + token}
			for name, value := range test.headers {
				bearer[name] = value
			}
			post.header, post.anonymous = bearer, true
			if r := f.do(post); r.StatusCode != http.StatusOK {
				t.Errorf("a query with a token, which no page has: %d", r.StatusCode)
			}
		})
	}
}

func TestTwoOriginsAreRefused(t *testing.T) {
	f := newFixture(t)
	r := f.request(call{method: http.MethodPost, path: "/api/v1/query", body: goodQuery})
	r.Header["Origin"] = []string{"http://loaf.test", "http://evil.test"}
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	wantError(t, w.Result(), http.StatusForbidden, "origin_refused", "")
}

func TestLoginCookie(t *testing.T) {
	trust := func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }
	for _, test := range []struct {
		name   string
		config func(*Config)
		call   call
		secure bool
	}{
		{"plain", func(*Config) {}, call{}, false},
		{"TLS", func(*Config) {}, call{tls: true}, true},
		{"configured", func(c *Config) { c.SecureCookies = true }, call{}, true},
		{"proxy that is trusted", trust, call{header: map[string]string{"X-Forwarded-Proto": "https"}}, true},
		{"proxies, of which the first saw TLS", trust, call{header: map[string]string{"X-Forwarded-Proto": "https, http"}}, true},
		{"trusted proxy without TLS", trust, call{header: map[string]string{"X-Forwarded-Proto": "http"}}, false},
		{"proxy that is not trusted", func(*Config) {}, call{header: map[string]string{"X-Forwarded-Proto": "https"}}, false},
		{"another peer", trust, call{remote: "198.51.100.1:1", header: map[string]string{"X-Forwarded-Proto": "https"}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, test.config)
			c := test.call
			c.method, c.path, c.body, c.anonymous = http.MethodPost, "/api/v1/login", `{"password":"`+password+`"}`, true
			r := f.do(c)
			if body := readAll(t, r); r.StatusCode != http.StatusOK || body != `{"user":{"email":"admin","role":"admin"},"expires_at":"2026-01-09T03:04:05Z","collection_url":null}`+"\n" {
				t.Fatalf("status %d, body %s", r.StatusCode, body)
			}
			cookies := r.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("cookies %v", cookies)
			}
			k := cookies[0]
			if !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" || k.Secure != test.secure || k.MaxAge != 7*24*3600 {
				t.Errorf("cookie %v", k)
			}
			f.cookie = k
			c.method, c.path, c.body, c.anonymous = http.MethodGet, "/api/v1/session", "", false
			if r := f.do(c); r.StatusCode != http.StatusOK {
				t.Errorf("session: %d", r.StatusCode)
			}
			c.method, c.path = http.MethodPost, "/api/v1/logout"
			r = f.do(c)
			if r.StatusCode != http.StatusNoContent || len(r.Cookies()) != 1 || r.Cookies()[0].MaxAge >= 0 || r.Cookies()[0].Name != k.Name {
				t.Errorf("logout: %d, %v", r.StatusCode, r.Cookies())
			}
			c.method, c.path = http.MethodGet, "/api/v1/session"
			wantError(t, f.do(c), http.StatusUnauthorized, "unauthorized", "")
		})
	}
}

func TestASessionTellsWhereEventsAreSentTo(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.CollectionURL = "https://collect.example.com/live" })
	if body := readAll(t, f.do(call{path: "/api/v1/session"})); !strings.Contains(body, `"collection_url":"https://collect.example.com/live"`) {
		t.Error(body)
	}
}

func TestLoginBeginsANewSession(t *testing.T) {
	f := newFixture(t)
	old := f.cookie
	r := f.do(call{method: http.MethodPost, path: "/api/v1/login", body: `{"password":"` + password + `","email":null}`})
	if r.StatusCode != http.StatusOK || r.Cookies()[0].Value == old.Value {
		t.Fatalf("status %d, the same cookie: %v", r.StatusCode, r.StatusCode == http.StatusOK)
	}
	wantError(t, f.do(call{path: "/api/v1/session"}), http.StatusUnauthorized, "unauthorized", "")
	f.cookie = r.Cookies()[0]
	if r := f.do(call{path: "/api/v1/session"}); r.StatusCode != http.StatusOK {
		t.Errorf("the new session: %d", r.StatusCode)
	}
}

func TestLoginRefuses(t *testing.T) {
	for _, test := range []struct {
		body   string
		status int
		code   string
		field  string
	}{
		{`{"password":"wrong"}`, 401, "wrong_credentials", ""},
		{`{"password":"` + password + `","email":"eve@example.com"}`, 401, "wrong_credentials", ""},
		{`{"password":"` + password + ` "}`, 401, "wrong_credentials", ""},
		{`{"password":""}`, 400, "required", "password"},
		{`{"Password":"x"}`, 400, "unknown_field", "Password"},
		{`{"password":null}`, 400, "required", "password"},
		{`{"password":1}`, 400, "wrong_type", "password"},
		{`{"password":"x","email":["admin"]}`, 400, "wrong_type", "email"},
		{`{"password":"x","token":"y"}`, 400, "unknown_field", "token"},
		{`[]`, 400, "wrong_type", ""},
		{`{"password":"x"} {}`, 400, "invalid_json", ""},
		{`{"password":`, 400, "invalid_json", ""},
		{"{\"password\":\"\xff\"}", 400, "invalid_utf8", ""},
		{`{"password":"` + strings.Repeat("x", maxLoginBytes) + `"}`, 413, "body_too_large", ""},
	} {
		name := test.body[:min(len(test.body), 40)]
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			r := f.do(call{method: http.MethodPost, path: "/api/v1/login", body: test.body, anonymous: true})
			if len(r.Cookies()) > 0 {
				t.Error("a refused login sets a cookie")
			}
			wantError(t, r, test.status, test.code, test.field)
			if log := f.log.String(); strings.Contains(log, "wrong") && strings.Contains(log, `"wrong"`) {
				t.Errorf("the log shows the body: %s", log)
			}
		})
	}
	t.Run("no body", func(t *testing.T) {
		wantError(t, newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/login", anonymous: true}), 400, "invalid_json", "")
	})
	t.Run("form", func(t *testing.T) {
		for media, want := range map[string]struct {
			status int
			code   string
		}{
			"application/x-www-form-urlencoded": {400, "invalid_json"},
			"multipart/form-data; boundary=x":   {415, "unsupported_media_type"},
			"text/plain":                        {415, "unsupported_media_type"},
		} {
			wantError(t, newFixture(t).do(call{
				method: http.MethodPost, path: "/api/v1/login", body: "password=x", anonymous: true,
				header: map[string]string{"Content-Type": media},
			}), want.status, want.code, "")
		}
	})
	t.Run("JSON as curl -d sends it", func(t *testing.T) {
		r := newFixture(t).do(call{
			method: http.MethodPost, path: "/api/v1/login", body: `{"password":"` + password + `"}`, anonymous: true,
			header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		})
		if r.StatusCode != http.StatusOK {
			t.Errorf("status %d", r.StatusCode)
		}
	})
}

func TestLoginAttemptsAreLimited(t *testing.T) {
	f := newFixture(t)
	try := func(password, remote string) *http.Response {
		return f.do(call{method: http.MethodPost, path: "/api/v1/login", body: `{"password":"` + password + `"}`, anonymous: true, remote: remote})
	}
	for range 10 {
		wantError(t, try("wrong", "203.0.113.9:1000"), http.StatusUnauthorized, "wrong_credentials", "")
	}
	r := try(password, "203.0.113.9:2000")
	if got := r.Header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After %q", got)
	}
	wantError(t, r, http.StatusTooManyRequests, "too_many_attempts", "")
	if r := try(password, "203.0.113.10:1000"); r.StatusCode != http.StatusOK {
		t.Errorf("the right password from another address: %d", r.StatusCode)
	}
	f.clock.pass(30 * time.Second)
	if r := try(password, "203.0.113.9:3000"); r.StatusCode != http.StatusOK {
		t.Errorf("the right password in time: %d", r.StatusCode)
	}
}

func TestClientAddress(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	for _, test := range []struct{ remote, forwarded, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "198.51.100.1", "203.0.113.9"},
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"[::1]:1", "198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:1", "1.2.3.4, 198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "10.0.0.3", "10.0.0.3"},
		{"10.0.0.1:1", "nonsense", "10.0.0.1"},
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", "2001:db8::1", "2001:db8::1"},
		{"@", "", "invalid IP"},
	} {
		r := f.request(call{path: "/", remote: test.remote, header: map[string]string{"X-Forwarded-For": test.forwarded}})
		if got := f.server.client(r).String(); got != test.want {
			t.Errorf("peer %s, forwarded for %q: %s, want %s", test.remote, test.forwarded, got, test.want)
		}
	}
}

func TestSecureFollowsTheConnection(t *testing.T) {
	f := newFixture(t)
	r := f.request(call{path: "/"})
	if f.server.secure(r) {
		t.Error("a plain connection counts as TLS")
	}
	if r.TLS = (&tls.ConnectionState{}); !f.server.secure(r) {
		t.Error("a TLS connection does not count as one")
	}
}

func TestNewRefusesABrokenConfiguration(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a server without a service was made")
	}
	good := newFixture(t).server.config
	for _, origin := range []string{"loaf.example.com", "ftp://x", "%zz"} {
		good.Origins = []string{origin}
		if _, err := New(good); err == nil {
			t.Errorf("origin %q was taken", origin)
		}
	}
}
