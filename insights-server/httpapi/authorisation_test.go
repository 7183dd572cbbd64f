package httpapi

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// newStore is an empty store of documents in a DuckDB of its own.
func newStore(t *testing.T, c *clock) *document.Store {
	t.Helper()
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return document.New(w.Database(), document.Options{Now: c.now})
}

// staff is a fixture with members and tokens of every kind.
type staff struct {
	*fixture
	directory *auth.Directory
	store     auth.Documents
}

func newStaff(t *testing.T, change ...func(*Config)) *staff {
	t.Helper()
	hash, err := adminHash()
	if err != nil {
		t.Fatal(err)
	}
	s := &staff{}
	at := &clock{}
	s.fixture = newFixture(t, append([]func(*Config){func(c *Config) {
		at.at = c.Now()
		s.store = newStore(t, at)
		s.directory = newDirectory(t, hash, at, s.store)
		c.Directory, c.Now = s.directory, at.now
	}}, change...)...)
	s.clock = at
	return s
}

// memberPassword is every member's.
const memberPassword = "a member's password"

// member invites somebody, has them accept, and gives who they are then.
func (s *staff) member(email string, role auth.Role) (auth.Member, auth.User) {
	s.t.Helper()
	ctx := context.Background()
	m, link, err := s.directory.Invite(ctx, email, role, "admin")
	if err != nil {
		s.t.Fatal(err)
	}
	user, err := s.directory.Accept(ctx, link, memberPassword)
	if err != nil {
		s.t.Fatal(err)
	}
	return m, user
}

// signIn gives a cookie without the cost of a login.
func (s *staff) signIn(user auth.User) *http.Cookie {
	s.t.Helper()
	_, cookie, err := s.server.config.Sessions.Start(user, false)
	if err != nil {
		s.t.Fatal(err)
	}
	return cookie
}

func (s *staff) token(expires time.Time, scopes ...auth.Scope) (id, secret string) {
	s.t.Helper()
	made, secret, err := s.directory.NewToken(context.Background(), "test", scopes, expires, "admin")
	if err != nil {
		s.t.Fatal(err)
	}
	return made.ID, secret
}

// expectations say what each route needs. A route that is not here fails the
// test below: who adds one decides here who may call it.
var expectations = map[string]access{
	"POST /api/v1/login":                  ownPage,
	"POST /api/v1/logout":                 viewer,
	"GET /api/v1/session":                 viewer,
	"POST /api/v1/session/password":       viewer,
	"POST /api/v1/invitations":            admin,
	"POST /api/v1/invitations/accept":     ownPage,
	"GET /api/v1/members":                 admin,
	"PATCH /api/v1/members/:id":           admin,
	"DELETE /api/v1/members/:id":          admin,
	"POST /api/v1/members/:id/link":       admin,
	"GET /api/v1/tokens":                  admin,
	"POST /api/v1/tokens":                 admin,
	"DELETE /api/v1/tokens/:id":           admin,
	"GET /api/v1/deletions":               admin,
	"POST /api/v1/deletions":              admin,
	"POST /api/v1/deletions/lookup":       admin,
	"GET /api/v1/deletions/:id":           admin,
	"POST /api/v1/query":                  viewer,
	"GET /api/v1/events":                  viewer,
	"GET /api/v1/properties":              viewer,
	"GET /api/v1/property-values":         viewer,
	"GET /api/v1/pipeline":                viewer,
	"GET /api/v1/audit":                   viewer,
	"GET /api/v1/insights":                viewer,
	"POST /api/v1/insights":               editor,
	"GET /api/v1/insights/:id":            viewer,
	"PUT /api/v1/insights/:id":            editor,
	"DELETE /api/v1/insights/:id":         editor,
	"POST /api/v1/insights/:id/duplicate": editor,
	"POST /api/v1/insights/:id/run":       viewer,

	"GET /api/v1/dashboards":                viewer,
	"POST /api/v1/dashboards":               editor,
	"GET /api/v1/dashboards/:id":            viewer,
	"PUT /api/v1/dashboards/:id":            editor,
	"DELETE /api/v1/dashboards/:id":         editor,
	"POST /api/v1/dashboards/:id/duplicate": editor,

	"GET /api/v1/annotations":        viewer,
	"POST /api/v1/annotations":       editor,
	"GET /api/v1/annotations/:id":    viewer,
	"PUT /api/v1/annotations/:id":    editor,
	"DELETE /api/v1/annotations/:id": editor,

	"GET /api/v1/definitions/events":            viewer,
	"POST /api/v1/definitions/events":           editor,
	"GET /api/v1/definitions/events/:id":        viewer,
	"PUT /api/v1/definitions/events/:id":        editor,
	"DELETE /api/v1/definitions/events/:id":     editor,
	"GET /api/v1/definitions/properties":        viewer,
	"POST /api/v1/definitions/properties":       editor,
	"GET /api/v1/definitions/properties/:id":    viewer,
	"PUT /api/v1/definitions/properties/:id":    editor,
	"DELETE /api/v1/definitions/properties/:id": editor,
	"GET /api/v1/definitions/property-volumes":  viewer,
	"GET /api/v1/alerts":                        viewer,
	"POST /api/v1/alerts":                       editor,
	"GET /api/v1/alerts/:id":                    viewer,
	"PUT /api/v1/alerts/:id":                    editor,
	"DELETE /api/v1/alerts/:id":                 editor,
	"GET /api/v1/alerts/:id/history":            viewer,
	"POST /api/v1/alerts/:id/test":              editor,

	"GET /api/v1/cohorts":           viewer,
	"POST /api/v1/cohorts":          editor,
	"GET /api/v1/cohorts/:id":       viewer,
	"PUT /api/v1/cohorts/:id":       editor,
	"DELETE /api/v1/cohorts/:id":    editor,
	"GET /api/v1/cohorts/:id/count": viewer,
	"GET /api/v1/cohorts/:id/users": viewer,

	"GET /api/v1/users":           viewer,
	"GET /api/v1/users/:user_id":  viewer,
	"GET /api/v1/activity":        viewer,
	"GET /api/v1/activity/stream": viewer,
	"GET /api/v1/export":          viewer,

	"GET /healthz": public,
	"GET /readyz":  public,
	"GET /metrics": public,
}

// outcome is what a caller meets at the door of a route.
type outcome int

const (
	in       outcome = iota // the handler answers, be it a 400
	stranger                // 401
	forbidden403
)

func (o outcome) String() string { return [...]string{"let in", "401", "403"}[o] }

// TestEveryRouteByEveryCaller calls every route of the server as everybody.
func TestEveryRouteByEveryCaller(t *testing.T) {
	s := newStaff(t)
	_, viewing := s.member("viewer@example.com", auth.RoleViewer)
	_, editing := s.member("editor@example.com", auth.RoleEditor)
	_, adminning := s.member("admin@example.com", auth.RoleAdmin)
	gone, disabled := s.member("gone@example.com", auth.RoleAdmin)
	disabledCookie := s.signIn(disabled)
	if _, err := s.directory.ChangeMember(t.Context(), gone.ID, auth.MemberChange{State: auth.StateDisabled}, "admin"); err != nil {
		t.Fatal(err)
	}
	_, readToken := s.token(time.Time{}, auth.ScopeRead)
	_, writeToken := s.token(time.Time{}, auth.ScopeWrite)
	_, bothToken := s.token(time.Time{}, auth.ScopeRead, auth.ScopeWrite)
	at := s.server.config.Now()
	_, expiredToken := s.token(at, auth.ScopeRead, auth.ScopeWrite)
	revoked, revokedToken := s.token(time.Time{}, auth.ScopeRead, auth.ScopeWrite)
	if err := s.directory.Revoke(t.Context(), revoked); err != nil {
		t.Fatal(err)
	}
	oldSessions, err := auth.NewSessions(auth.SessionConfig{
		Directory: s.directory, Key: []byte(strings.Repeat("k", 32)), Now: func() time.Time { return at.Add(-8 * 24 * time.Hour) }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, expiredCookie, err := oldSessions.Start(adminning, false)
	if err != nil {
		t.Fatal(err)
	}

	cookie := func(user auth.User) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(s.signIn(user)) }
	}
	bearer := func(scheme, token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", scheme+" "+token) }
	}
	both := func(a, b func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) { a(r); b(r) }
	}
	// Of the three kinds of access that need somebody: viewer, editor, admin.
	for _, who := range []struct {
		name           string
		identify       func(*http.Request)
		view, edit, ad outcome
	}{
		{"nobody", func(*http.Request) {}, stranger, stranger, stranger},
		{"the first admin", cookie(s.directory.Admin()), in, in, in},
		{"viewer", cookie(viewing), in, forbidden403, forbidden403},
		{"editor", cookie(editing), in, in, forbidden403},
		{"admin", cookie(adminning), in, in, in},
		{"cookie beside another scheme", both(cookie(editing), bearer("Basic", "eDp5")), in, in, forbidden403},
		{"read token", bearer("Bearer", readToken), in, forbidden403, forbidden403},
		{"write token", bearer("Bearer", writeToken), forbidden403, in, forbidden403},
		{"read and write token", bearer("bearer", bothToken), in, in, forbidden403},
		{"token of the configuration", bearer("Bearer", token), in, in, in},
		{"token, scheme in lower case", bearer("bearer", token), in, in, in},
		{"expired token", bearer("Bearer", expiredToken), stranger, stranger, stranger},
		{"revoked token", bearer("Bearer", revokedToken), stranger, stranger, stranger},
		{"wrong token", bearer("Bearer", "x"), stranger, stranger, stranger},
		{"empty token", bearer("Bearer", ""), stranger, stranger, stranger},
		{"wrong token beside a good cookie", both(cookie(adminning), bearer("Bearer", "x")), stranger, stranger, stranger},
		{"read token beside an admin's cookie", both(cookie(adminning), bearer("Bearer", readToken)), in, forbidden403, forbidden403},
		{"disabled member", func(r *http.Request) { r.AddCookie(disabledCookie) }, stranger, stranger, stranger},
		{"expired session", func(r *http.Request) { r.AddCookie(expiredCookie) }, stranger, stranger, stranger},
		{"broken cookie", func(r *http.Request) { r.Header.Set("Cookie", "loaf_session=x") }, stranger, stranger, stranger},
	} {
		t.Run(who.name, func(t *testing.T) {
			for _, route := range s.server.table {
				name := route.method + " " + route.path
				declared, expected := expectations[name]
				if !expected {
					t.Fatalf("%s has no expectation: say in expectations who may call it", name)
				}
				want := in
				switch declared {
				case viewer:
					want = who.view
				case editor:
					want = who.edit
				case admin:
					want = who.ad
				}
				method := route.method
				if route.path == streamPath { // a GET would go on
					method = http.MethodHead
				}
				r := httptest.NewRequest(method, "http://loaf.test"+strings.ReplaceAll(route.path, ":id", "none"), nil)
				r.RemoteAddr = "203.0.113.7:1"
				who.identify(r)
				w := httptest.NewRecorder()
				s.server.ServeHTTP(w, r)
				if got := outcomeOf(w); got != want {
					t.Errorf("%s: %v (%d %s), want %v", name, got, w.Code, w.Body, want)
				}
				if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
					t.Errorf("%s: 401 without WWW-Authenticate", name)
				}
				conforms(t, r, w)
			}
		})
	}
	if got, want := len(s.server.table), len(expectations); got != want {
		t.Errorf("the server has %d routes, the expectations %d: one of them is of no route", got, want)
	}
}

func outcomeOf(w *httptest.ResponseRecorder) outcome {
	switch {
	case w.Code == http.StatusUnauthorized && strings.Contains(w.Body.String(), `"unauthorized"`):
		return stranger
	case w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), `"code":"forbidden"`):
		return forbidden403
	default:
		return in
	}
}

// TestAForgottenDeclarationIsTheStrictestOne: the zero value lets in nobody whom
// another does not.
func TestAForgottenDeclarationIsTheStrictestOne(t *testing.T) {
	var forgotten access
	unknown := access(99)
	for _, role := range append([]auth.Role{"", "owner"}, auth.Roles...) {
		for _, scopes := range [][]auth.Scope{nil, {auth.ScopeRead}, {auth.ScopeWrite}, auth.AllScopes} {
			who := caller{user: auth.User{Role: role}, scopes: scopes}
			if forgotten.allows(who) == nil {
				for _, a := range []access{viewer, editor, admin} {
					if a.allows(caller{user: who.user, session: &auth.Session{}, scopes: auth.AllScopes}) != nil {
						t.Errorf("%q may call a route that forgot its access, and not one of access %d", role, a)
					}
				}
			}
			if unknown.allows(who) == nil {
				t.Errorf("%q with %v may call a route of an access that is none", role, scopes)
			}
		}
	}
}

// TestOtherSitesChangeNothing: no route that changes something takes a cookie
// from another site's page.
func TestOtherSitesChangeNothing(t *testing.T) {
	s := newStaff(t)
	for _, route := range s.server.table {
		if safe(route.method) {
			continue
		}
		r := s.request(call{method: route.method, path: strings.ReplaceAll(route.path, ":id", "none"), header: map[string]string{"Origin": "https://evil.test"}})
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		wantError(t, w.Result(), http.StatusForbidden, "origin_refused", "")
	}
}
