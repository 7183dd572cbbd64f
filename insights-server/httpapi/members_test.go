package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// decode reads an answer of the status.
func decode[T any](t *testing.T, r *http.Response, status int) T {
	t.Helper()
	body := readAll(t, r)
	var v T
	if r.StatusCode != status {
		t.Fatalf("status %d, want %d; body %s", r.StatusCode, status, body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("body %s: %v", body, err)
	}
	return v
}

func (s *staff) post(path, body string, cookie *http.Cookie) *http.Response {
	s.t.Helper()
	s.cookie = cookie
	return s.do(call{method: http.MethodPost, path: path, body: body, anonymous: cookie == nil})
}

func sessionCookie(t *testing.T, r *http.Response) *http.Cookie {
	t.Helper()
	if len(r.Cookies()) != 1 {
		t.Fatalf("status %d sets the cookies %v; body %s", r.StatusCode, r.Cookies(), readAll(t, r))
	}
	return r.Cookies()[0]
}

func tokenOf(link string) string {
	_, token, _ := strings.Cut(link, "#")
	return token
}

// TestAMembersLife goes the whole way: invited, accepted, promoted, locked out,
// let in again, removed.
func TestAMembersLife(t *testing.T) {
	s := newStaff(t)
	first := s.cookie
	r := s.post("/api/v1/invitations", `{"email":" Ada@Example.com ","role":"viewer"}`, first)
	made := decode[linkBody](t, r, http.StatusCreated)
	if m := made.Member; m.Email != "Ada@Example.com" || m.Role != auth.RoleViewer || m.State != auth.StateInvited || *m.CreatedBy != "admin" ||
		m.LinkExpiresAt == nil || m.LinkExpiresAt.Sub(s.clock.now()) != 7*24*time.Hour {
		t.Errorf("invited: %+v", m)
	}
	if !strings.HasPrefix(made.Link, "http://loaf.test/invitation#") || len(tokenOf(made.Link)) != 43 {
		t.Errorf("link %s", made.Link)
	}
	for _, email := range []string{"ada@example.com", "admin", "ADMIN"} {
		code, field := "member_exists", "email"
		status := http.StatusConflict
		if email != "ada@example.com" {
			status, code = http.StatusBadRequest, "invalid_value" // no address at all
		}
		wantError(t, s.post("/api/v1/invitations", `{"email":"`+email+`","role":"admin"}`, first), status, code, field)
	}

	// Without a password nobody gets in; and what is kept holds no secret.
	wantError(t, s.post("/api/v1/login", `{"email":"ada@example.com","password":"x"}`, nil), http.StatusUnauthorized, "wrong_credentials", "")
	documents, err := s.store.List(t.Context(), "user")
	if err != nil || len(documents) != 1 || strings.Contains(string(documents[0].Body), tokenOf(made.Link)) {
		t.Errorf("kept: %v, %v", documents, err)
	}

	accept := `{"token":"` + tokenOf(made.Link) + `","password":"a long enough one"}`
	wantError(t, s.post("/api/v1/invitations/accept", strings.Replace(accept, "a long enough one", "elevenchars", 1), nil), http.StatusBadRequest, "password_too_short", "password")
	r = s.post("/api/v1/invitations/accept", accept, nil)
	ada := sessionCookie(t, r)
	if b := decode[sessionBody](t, r, http.StatusOK); b.User.Email != "Ada@Example.com" || b.User.Role != auth.RoleViewer {
		t.Errorf("accepted: %+v", b)
	}
	wantError(t, s.post("/api/v1/invitations/accept", accept, nil), http.StatusNotFound, "link_invalid", "")
	r = s.post("/api/v1/login", `{"email":"ada@example.com","password":"a long enough one"}`, nil)
	other := sessionCookie(t, r)

	// A viewer cannot make themselves more; an admin can, and at once.
	member := "/api/v1/members/" + made.Member.ID
	change := func(body string, by *http.Cookie) *http.Response {
		s.cookie = by
		return s.do(call{method: http.MethodPatch, path: member, body: body})
	}
	wantError(t, change(`{"role":"admin"}`, ada), http.StatusForbidden, "forbidden", "")
	if m := decode[memberBody](t, change(`{"role":"admin"}`, first), http.StatusOK); m.Role != auth.RoleAdmin || m.State != auth.StateActive {
		t.Errorf("promoted: %+v", m)
	}
	s.cookie = ada
	all := decode[map[string][]memberBody](t, s.do(call{path: "/api/v1/members"}), http.StatusOK)["members"]
	if len(all) != 2 || !all[0].FirstAdmin || all[0].ID != "admin" || all[1].Email != "Ada@Example.com" {
		t.Errorf("members %+v", all)
	}

	// Nobody removes the first admin, or themselves.
	for _, c := range []call{
		{method: http.MethodPatch, path: "/api/v1/members/admin", body: `{"role":"viewer"}`},
		{method: http.MethodPatch, path: "/api/v1/members/admin", body: `{"state":"disabled"}`},
		{method: http.MethodDelete, path: "/api/v1/members/admin"},
		{method: http.MethodPost, path: "/api/v1/members/admin/link"},
	} {
		for _, by := range []*http.Cookie{ada, first} {
			s.cookie = by
			wantError(t, s.do(c), http.StatusConflict, "first_admin", "")
		}
	}
	for _, c := range []call{
		{method: http.MethodPatch, path: member, body: `{"role":"viewer"}`},
		{method: http.MethodPatch, path: member, body: `{"state":"disabled"}`},
		{method: http.MethodDelete, path: member},
	} {
		s.cookie = ada
		wantError(t, s.do(c), http.StatusConflict, "yourself", "")
	}

	// Disabling ends every session, and enabling brings none back.
	if m := decode[memberBody](t, change(`{"state":"disabled"}`, first), http.StatusOK); m.State != auth.StateDisabled {
		t.Errorf("disabled: %+v", m)
	}
	session := call{path: "/api/v1/session"}
	for _, step := range []string{"disabled", "active"} {
		for _, cookie := range []*http.Cookie{ada, other} {
			s.cookie = cookie
			wantError(t, s.do(session), http.StatusUnauthorized, "unauthorized", "")
		}
		if step == "disabled" {
			wantError(t, s.post("/api/v1/login", `{"email":"ada@example.com","password":"a long enough one"}`, nil), http.StatusUnauthorized, "wrong_credentials", "")
			s.cookie = first
			wantError(t, s.do(call{method: http.MethodPost, path: member + "/link"}), http.StatusConflict, "member_disabled", "")
			decode[memberBody](t, change(`{"state":"active"}`, first), http.StatusOK)
		}
	}
	ada = sessionCookie(t, s.post("/api/v1/login", `{"email":"ada@example.com","password":"a long enough one"}`, nil))

	// A new link resets the password: the old one and its sessions go on until then.
	link := decode[linkBody](t, s.post(member+"/link", "", first), http.StatusCreated)
	if link.Member.State != auth.StateActive {
		t.Errorf("a reset makes the member %s", link.Member.State)
	}
	s.cookie = ada
	if r := s.do(session); r.StatusCode != http.StatusOK {
		t.Errorf("before the link is used: %d", r.StatusCode)
	}
	r = s.post("/api/v1/invitations/accept", `{"token":"`+tokenOf(link.Link)+`","password":"another long one"}`, ada)
	fresh := sessionCookie(t, r)
	s.cookie = ada
	wantError(t, s.do(session), http.StatusUnauthorized, "unauthorized", "")
	wantError(t, s.post("/api/v1/login", `{"email":"ada@example.com","password":"a long enough one"}`, nil), http.StatusUnauthorized, "wrong_credentials", "")

	// Removed, they are gone, and a session with them.
	s.cookie = first
	if r := s.do(call{method: http.MethodDelete, path: member}); r.StatusCode != http.StatusNoContent {
		t.Errorf("remove: %d", r.StatusCode)
	}
	wantError(t, s.do(call{method: http.MethodDelete, path: member}), http.StatusNotFound, "not_found", "")
	wantError(t, change(`{"role":"viewer"}`, first), http.StatusNotFound, "not_found", "")
	s.cookie = fresh
	wantError(t, s.do(session), http.StatusUnauthorized, "unauthorized", "")
}

func TestLinksExpireAndAreGuarded(t *testing.T) {
	s := newStaff(t)
	first := s.cookie
	made := decode[linkBody](t, s.post("/api/v1/invitations", `{"email":"ada@example.com","role":"editor"}`, first), http.StatusCreated)
	s.clock.pass(auth.LinkLife)
	accept := func(link string) *http.Response {
		return s.post("/api/v1/invitations/accept", `{"token":"`+tokenOf(link)+`","password":"a long enough one"}`, nil)
	}
	wantError(t, accept(made.Link), http.StatusNotFound, "link_invalid", "")
	// The week is over for the first admin's session as well.
	first = s.signIn(s.directory.Admin())
	again := decode[linkBody](t, s.post("/api/v1/members/"+made.Member.ID+"/link", "", first), http.StatusCreated)
	wantError(t, accept(made.Link), http.StatusNotFound, "link_invalid", "")
	if r := accept(again.Link); r.StatusCode != http.StatusOK {
		t.Errorf("the new link: %d %s", r.StatusCode, readAll(t, r))
	}
	// Two wrong ones are counted by now, and a right one is not.
	for range auth.AttemptsPerAddress - 2 {
		wantError(t, accept("#guess"), http.StatusNotFound, "link_invalid", "")
	}
	wantError(t, accept("#guess"), http.StatusTooManyRequests, "too_many_attempts", "")
}

func TestOwnPassword(t *testing.T) {
	s := newStaff(t)
	first := s.cookie
	_, user := s.member("ada@example.com", auth.RoleViewer)
	mine, elsewhere := s.signIn(user), s.signIn(user)
	set := func(current, password string, by *http.Cookie) *http.Response {
		return s.post("/api/v1/session/password", `{"current_password":"`+current+`","password":"`+password+`"}`, by)
	}
	wantError(t, set("wrong", "a very new password", mine), http.StatusBadRequest, "wrong_password", "current_password")
	wantError(t, set("", "a very new password", mine), http.StatusBadRequest, "required", "current_password")
	wantError(t, set(memberPassword, "short", mine), http.StatusBadRequest, "password_too_short", "password")
	wantError(t, set(memberPassword, strings.Repeat("x", auth.MaxPasswordBytes+1), mine), http.StatusBadRequest, "password_too_long", "password")
	wantError(t, set(password, "a very new password", first), http.StatusConflict, "first_admin", "")
	r := s.do(call{method: http.MethodPost, path: "/api/v1/session/password", body: `{}`, anonymous: true, header: map[string]string{"Authorization": "Bearer " + token}})
	wantError(t, r, http.StatusForbidden, "forbidden", "")

	r = set(memberPassword, "a very new password", mine)
	now := sessionCookie(t, r)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("status %d", r.StatusCode)
	}
	for cookie, want := range map[*http.Cookie]int{now: 200, mine: 401, elsewhere: 401} {
		s.cookie = cookie
		if r := s.do(call{path: "/api/v1/session"}); r.StatusCode != want {
			t.Errorf("a session after it: %d, want %d", r.StatusCode, want)
		}
	}
	if r := s.post("/api/v1/login", `{"email":"ada@example.com","password":"a very new password"}`, nil); r.StatusCode != http.StatusOK {
		t.Errorf("the new password: %d", r.StatusCode)
	}
	// A stolen session does not guess the password without end.
	for range auth.AttemptsPerAddress - 1 { // one was wrong above
		wantError(t, set("wrong", "a very new password", now), http.StatusBadRequest, "wrong_password", "current_password")
	}
	wantError(t, set("a very new password", "a still newer one", now), http.StatusTooManyRequests, "too_many_attempts", "")
}

func TestTokensOverHTTP(t *testing.T) {
	s := newStaff(t)
	type madeBody struct {
		Token  tokenBody
		Secret string
	}
	expires := s.clock.now().Add(time.Hour).Format(time.RFC3339)
	made := decode[madeBody](t, s.post("/api/v1/tokens", `{"name":" nightly ","scopes":["write","read","read"],"expires_at":"`+expires+`"}`, s.cookie), http.StatusCreated)
	if m := made.Token; m.Name != "nightly" || len(m.Scopes) != 2 || m.ExpiresAt == nil || m.LastUsedAt != nil || m.CreatedBy != "admin" ||
		!strings.HasPrefix(made.Secret, m.Hint) || !strings.HasPrefix(m.Hint, "loaf_") || len(made.Secret) != 48 {
		t.Errorf("made %+v, %s", m, made.Secret)
	}
	first := s.cookie
	use := call{path: "/api/v1/session", anonymous: true, header: map[string]string{"Authorization": "Bearer " + made.Secret}}
	if b := decode[sessionBody](t, s.do(use), http.StatusOK); b.User.Email != "token nightly" || b.User.Role != auth.RoleEditor || b.ExpiresAt != nil {
		t.Errorf("session %+v", b)
	}
	s.cookie = first
	listed := func() (tokens []tokenBody, text string) {
		text = readAll(t, s.do(call{path: "/api/v1/tokens"}))
		var body struct {
			Tokens     []tokenBody
			Configured int
		}
		if err := json.Unmarshal([]byte(text), &body); err != nil || body.Configured != 1 {
			t.Fatalf("listed %s: %v", text, err)
		}
		return body.Tokens, text
	}
	if tokens, text := listed(); len(tokens) != 1 || tokens[0].LastUsedAt == nil || strings.Contains(text, made.Secret) {
		t.Errorf("listed %s", text)
	}
	documents, err := s.store.List(t.Context(), "token")
	if err != nil || len(documents) != 1 || strings.Contains(string(documents[0].Body), made.Secret) {
		t.Errorf("kept %v, %v", documents, err)
	}
	s.clock.pass(time.Hour)
	wantError(t, s.do(use), http.StatusUnauthorized, "unauthorized", "")

	revoke := call{method: http.MethodDelete, path: "/api/v1/tokens/" + made.Token.ID}
	if r := s.do(revoke); r.StatusCode != http.StatusNoContent {
		t.Errorf("revoke: %d", r.StatusCode)
	}
	wantError(t, s.do(revoke), http.StatusNotFound, "not_found", "")
	if tokens, _ := listed(); len(tokens) != 0 {
		t.Errorf("after it: %+v", tokens)
	}
}

func TestMembersAndTokensRefuse(t *testing.T) {
	s := newStaff(t)
	m, _ := s.member("ada@example.com", auth.RoleViewer)
	for _, test := range []struct{ method, path, body, code, field string }{
		{"POST", "/api/v1/invitations", `{"role":"viewer"}`, "required", "email"},
		{"POST", "/api/v1/invitations", `{"email":"x@y.z"}`, "required", "role"},
		{"POST", "/api/v1/invitations", `{"email":"x@y.z","role":"owner"}`, "unknown_value", "role"},
		{"POST", "/api/v1/invitations", `{"email":"Ada <x@y.z>","role":"viewer"}`, "invalid_value", "email"},
		{"POST", "/api/v1/invitations", `{"email":"x","role":"viewer"}`, "invalid_value", "email"},
		{"POST", "/api/v1/invitations", `{"email":"` + strings.Repeat("x", 251) + `@y.z","role":"viewer"}`, "invalid_value", "email"},
		{"POST", "/api/v1/invitations", `{"email":"x@y.z","role":"viewer","state":"active"}`, "unknown_field", "state"},
		{"POST", "/api/v1/invitations/accept", `{"password":"a long enough one"}`, "required", "token"},
		{"POST", "/api/v1/invitations/accept", `{"token":"x"}`, "required", "password"},
		{"PATCH", "/api/v1/members/" + m.ID, `{}`, "required", ""},
		{"PATCH", "/api/v1/members/" + m.ID, `{"role":""}`, "unknown_value", "role"},
		{"PATCH", "/api/v1/members/" + m.ID, `{"role":null,"state":null}`, "required", ""},
		{"PATCH", "/api/v1/members/" + m.ID, `{"state":"invited"}`, "unknown_value", "state"},
		{"PATCH", "/api/v1/members/" + m.ID, `{"email":"y@y.z"}`, "unknown_field", "email"},
		{"POST", "/api/v1/tokens", `{"scopes":["read"]}`, "required", "name"},
		{"POST", "/api/v1/tokens", `{"name":1,"scopes":["read"]}`, "wrong_type", "name"},
		{"POST", "/api/v1/tokens", `{"name":"a\nb","scopes":["read"]}`, "invalid_value", "name"},
		{"POST", "/api/v1/tokens", `{"name":"` + strings.Repeat("x", 101) + `","scopes":["read"]}`, "invalid_value", "name"},
		{"POST", "/api/v1/tokens", `{"name":"x"}`, "required", "scopes"},
		{"POST", "/api/v1/tokens", `{"name":"x","scopes":[]}`, "required", "scopes"},
		{"POST", "/api/v1/tokens", `{"name":"x","scopes":"read"}`, "wrong_type", "scopes"},
		{"POST", "/api/v1/tokens", `{"name":"x","scopes":["admin"]}`, "unknown_value", "scopes"},
		{"POST", "/api/v1/tokens", `{"name":"x","scopes":["read"],"expires_at":"tomorrow"}`, "invalid_value", "expires_at"},
		{"POST", "/api/v1/tokens", `{"name":"x","scopes":["read"],"expires_at":"2026-01-02T03:04:05Z"}`, "invalid_value", "expires_at"},
	} {
		t.Run(test.path+" "+test.body[:min(40, len(test.body))], func(t *testing.T) {
			f := *s.fixture
			f.t = t
			wantError(t, f.do(call{method: test.method, path: test.path, body: test.body}), http.StatusBadRequest, test.code, test.field)
		})
	}
}

func TestLinksNameTheConfiguredAddress(t *testing.T) {
	s := newStaff(t, func(c *Config) { c.Origins = []string{"https://loaf.example.com"} })
	made := decode[linkBody](t, s.post("/api/v1/invitations", `{"email":"ada@example.com","role":"viewer"}`, s.cookie), http.StatusCreated)
	if !strings.HasPrefix(made.Link, "https://loaf.example.com/invitation#") {
		t.Errorf("link %s", made.Link)
	}
}

// awayStore is a store that may be away.
type awayStore struct {
	auth.Documents
	away bool
}

func (s *awayStore) List(ctx context.Context, kind document.Kind) ([]document.Document, error) {
	if s.away {
		return nil, warehouse.ErrUnavailable
	}
	return s.Documents.List(ctx, kind)
}

// TestWhileTheWarehouseIsAway: the first admin and the configuration's token
// always get in, a member as far as the server remembers them; and a server that
// remembers nobody says so, instead of ending the session.
func TestWhileTheWarehouseIsAway(t *testing.T) {
	var away *awayStore
	hash, err := adminHash()
	if err != nil {
		t.Fatal(err)
	}
	s := newStaff(t)
	_, user := s.member("ada@example.com", auth.RoleViewer)
	ada := s.signIn(user)
	restarted := newFixture(t, func(c *Config) {
		away = &awayStore{Documents: s.store, away: true}
		c.Now = s.clock.now
		c.Directory = newDirectory(t, hash, s.clock, away)
	})
	first := restarted.cookie
	restarted.cookie = ada
	session := call{path: "/api/v1/session"}
	r := restarted.do(session)
	if r.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	wantError(t, r, http.StatusServiceUnavailable, "unavailable", "")
	wantError(t, restarted.do(call{method: http.MethodPost, path: "/api/v1/login", body: `{"email":"ada@example.com","password":"x"}`, anonymous: true}), http.StatusServiceUnavailable, "unavailable", "")
	wantError(t, restarted.do(call{path: "/api/v1/session", anonymous: true, header: map[string]string{"Authorization": "Bearer x"}}), http.StatusServiceUnavailable, "unavailable", "")
	for name, c := range map[string]call{
		"login": {method: http.MethodPost, path: "/api/v1/login", body: `{"password":"` + password + `"}`, anonymous: true},
		"token": {path: "/api/v1/session", anonymous: true, header: map[string]string{"Authorization": "Bearer " + token}},
	} {
		if r := restarted.do(c); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	restarted.cookie = first
	if r := restarted.do(session); r.StatusCode != http.StatusOK {
		t.Errorf("the first admin: %d", r.StatusCode)
	}
	away.away = false
	restarted.cookie = ada
	s.clock.pass(5 * time.Second)
	if r := restarted.do(session); r.StatusCode != http.StatusOK {
		t.Errorf("when it is back: %d", r.StatusCode)
	}
	away.away = true
	s.clock.pass(time.Hour)
	if r := restarted.do(session); r.StatusCode != http.StatusOK {
		t.Errorf("away again, from memory: %d", r.StatusCode)
	}
}

func TestCallsAreLimited(t *testing.T) {
	s := newStaff(t, func(c *Config) { c.CallsPerMinute = 3 })
	_, ada := s.member("ada@example.com", auth.RoleViewer)
	first := s.cookie
	session := call{path: "/api/v1/session"}
	for range 3 {
		if r := s.do(session); r.StatusCode != http.StatusOK {
			t.Fatalf("status %d", r.StatusCode)
		}
	}
	r := s.do(session)
	if got := r.Header.Get("Retry-After"); got != "20" {
		t.Errorf("Retry-After %q", got)
	}
	wantError(t, r, http.StatusTooManyRequests, "too_many_calls", "")
	// Another session of the same user does not help; another user has their own.
	s.cookie = s.signIn(s.directory.Admin())
	wantError(t, s.do(session), http.StatusTooManyRequests, "too_many_calls", "")
	s.cookie = s.signIn(ada)
	if r := s.do(session); r.StatusCode != http.StatusOK {
		t.Errorf("another user: %d", r.StatusCode)
	}
	s.cookie = first
	s.clock.pass(20 * time.Second)
	if r := s.do(session); r.StatusCode != http.StatusOK {
		t.Errorf("in time: %d", r.StatusCode)
	}
	if r := s.do(call{path: "/healthz", anonymous: true}); r.StatusCode != http.StatusOK {
		t.Errorf("healthz: %d", r.StatusCode)
	}
}
