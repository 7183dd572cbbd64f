package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// engine is what a test needs of a warehouse.
type engine interface {
	Migrate(context.Context) error
	Database() warehouse.Database
	Close() error
}

func open(t *testing.T, w engine, err error) *document.Store {
	t.Helper()
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
	return document.New(w.Database(), document.Options{})
}

func openDuckDB(t *testing.T) *document.Store {
	t.Helper()
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	return open(t, w, err)
}

// counted counts the readings of a store, and fails where it is told to.
type counted struct {
	*document.Store
	mu       sync.Mutex
	readings int
	err      error
}

func (c *counted) List(ctx context.Context, kind document.Kind) ([]document.Document, error) {
	c.mu.Lock()
	if kind == kindMember {
		c.readings++
	}
	err := c.err
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return c.Store.List(ctx, kind)
}

func (c *counted) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// since gives how often the store was read since the last time.
func (c *counted) since() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.readings
	c.readings = 0
	return n
}

// adminsPassword is hashed once.
const adminsPassword = "the first admin's"

var adminsHash = sync.OnceValues(func() (string, error) { return Hash(adminsPassword, strings.NewReader(strings.Repeat("s", 16))) })

func process(t *testing.T, store Documents, c *clock) *Directory {
	t.Helper()
	hash, err := adminsHash()
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDirectory(DirectoryConfig{AdminEmail: "root@example.com", AdminHash: hash, Store: store, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const longEnough = "a long enough one"

// TestMembersOnEveryEngine goes through what the directory keeps.
func TestMembersOnEveryEngine(t *testing.T) {
	for name, store := range map[string]func(t *testing.T) *document.Store{
		"duckdb": openDuckDB,
		"postgres": func(t *testing.T) *document.Store {
			w, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t)})
			return open(t, w, err)
		},
		"redshift": func(t *testing.T) *document.Store {
			s := redshifttest.Start(t, t.TempDir())
			login := func(context.Context, bool) (warehouse.Login, error) { return s.Admin, nil }
			w, err := redshift.Open(redshift.Config{Connect: connect.Config{Dialect: warehouse.Redshift, Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs, Login: login}})
			return open(t, w, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, c, store := t.Context(), newClock(), store(t)
			d := process(t, store, c)
			m, link, err := d.Invite(ctx, "Ada@example.com", RoleEditor, "root@example.com")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Accept(ctx, link, longEnough); err != nil {
				t.Fatal(err)
			}
			if _, err := d.ChangeMember(ctx, m.ID, MemberChange{Role: RoleViewer}, "root@example.com"); err != nil {
				t.Fatal(err)
			}
			_, secret, err := d.NewToken(ctx, "nightly", []Scope{ScopeRead}, c.at.Add(time.Hour), "root@example.com")
			if err != nil {
				t.Fatal(err)
			}
			// Another process finds it all.
			restarted := process(t, store, c)
			if user, err := restarted.Authenticate(ctx, "ada@EXAMPLE.com", longEnough); err != nil || user.Role != RoleViewer || user.Email != "Ada@example.com" || user.ID != m.ID {
				t.Errorf("ada: %+v, %v", user, err)
			}
			if user, scopes, err := restarted.Bearer(ctx, secret); err != nil || user.Role != RoleViewer || fmt.Sprint(scopes) != "[read]" {
				t.Errorf("token: %+v, %v, %v", user, scopes, err)
			}
			if err := restarted.RemoveMember(ctx, m.ID); err != nil {
				t.Error(err)
			}
			if _, err := restarted.Authenticate(ctx, "ada@example.com", longEnough); !errors.Is(err, ErrCredentials) {
				t.Errorf("removed: %v", err)
			}
		})
	}
}

// TestTheStoreIsReadOnlyNowAndThen counts what an awake warehouse would cost.
func TestTheStoreIsReadOnlyNowAndThen(t *testing.T) {
	ctx, c := t.Context(), newClock()
	store := &counted{Store: openDuckDB(t)}
	d := process(t, store, c)
	_, link, err := d.Invite(ctx, "ada@example.com", RoleViewer, "root")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(ctx, link, longEnough); err != nil {
		t.Fatal(err)
	}
	_, secret, err := d.NewToken(ctx, "t", []Scope{ScopeRead}, time.Time{}, "root")
	if err != nil {
		t.Fatal(err)
	}
	store.since()
	member := func() { _, _, _ = d.Find(ctx, "ada@example.com") }
	token := func() { _, _, _ = d.Bearer(ctx, secret) }
	wrongToken := func() { _, _, _ = d.Bearer(ctx, "loaf_wrong") }
	wrongPassword := func() { _, _ = d.Authenticate(ctx, "ada@example.com", "wrong") }
	unknown := func() { _, _ = d.Authenticate(ctx, "eve@example.com", "wrong") }
	rightPassword := func() { _, _ = d.Authenticate(ctx, "ada@example.com", longEnough) }
	firstAdmin := func() { _, _ = d.Authenticate(ctx, "", adminsPassword); _, _, _ = d.Find(ctx, "admin") }
	for _, step := range []struct {
		name string
		pass time.Duration
		call func()
		want int
	}{
		{"a member, at once", 0, member, 0},
		{"a member, within the minute", RenewAfter - time.Second, member, 0},
		{"a member, after a minute", time.Second, member, 1},
		{"a token, within the minute", RenewAfter - time.Second, token, 0},
		{"a token, after a minute", time.Second, token, 1},
		{"a right password, after a minute", RenewAfter, rightPassword, 1},
		{"the first admin, after a day", 24 * time.Hour, firstAdmin, 0},
		{"and a member after them", 0, member, 1},
		{"a wrong token, after a minute", RenewAfter, wrongToken, 0},
		{"a wrong password, after a minute", RenewAfter, wrongPassword, 0},
		{"an unknown user, after a minute", RenewAfter, unknown, 0},
		{"a wrong token, after a quarter of an hour", strangerRenewAfter, wrongToken, 1},
		{"an unknown user, after it", 0, unknown, 0},
	} {
		c.at = c.at.Add(step.pass)
		for range 3 {
			step.call()
		}
		if got := store.since(); got != step.want {
			t.Errorf("%s: the store is read %d times, want %d", step.name, got, step.want)
		}
	}
}

// TestAnotherProcessNotices: what one process changes, another knows a minute
// later at most, as long as somebody calls.
func TestAnotherProcessNotices(t *testing.T) {
	ctx, c, store := t.Context(), newClock(), openDuckDB(t)
	here, there := process(t, store, c), process(t, store, c)
	m, link, err := here.Invite(ctx, "ada@example.com", RoleAdmin, "root")
	if err != nil {
		t.Fatal(err)
	}
	user, err := here.Accept(ctx, link, longEnough)
	if err != nil {
		t.Fatal(err)
	}
	made, secret, err := here.NewToken(ctx, "t", []Scope{ScopeRead}, time.Time{}, "root")
	if err != nil {
		t.Fatal(err)
	}
	_, cookie, err := newSessions(t, there, testKey, c).Start(user, false)
	if err != nil {
		t.Fatal(err)
	}
	sessions := newSessions(t, there, testKey, c)
	if _, err := sessions.Read(with(cookie), false); err != nil {
		t.Fatal(err)
	}
	if _, err := here.ChangeMember(ctx, m.ID, MemberChange{State: StateDisabled}, "root"); err != nil {
		t.Fatal(err)
	}
	if err := here.Revoke(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, known, _ := here.Find(ctx, "ada@example.com"); known {
		t.Error("the process that disables a member still knows them")
	}
	if _, _, err := here.Bearer(ctx, secret); !errors.Is(err, ErrToken) {
		t.Errorf("the process that revokes a token: %v", err)
	}
	c.at = c.at.Add(RenewAfter)
	if _, err := sessions.Read(with(cookie), false); !errors.Is(err, ErrNoSession) {
		t.Errorf("a session at the other, after a minute: %v", err)
	}
	if _, _, err := there.Bearer(ctx, secret); !errors.Is(err, ErrToken) {
		t.Errorf("the token at the other, after a minute: %v", err)
	}
	if _, err := there.Authenticate(ctx, "ada@example.com", longEnough); !errors.Is(err, ErrCredentials) {
		t.Errorf("a login at the other, after a minute: %v", err)
	}
}

// TestALinkWorksOnce, however many use it at the same time, in two processes.
func TestALinkWorksOnce(t *testing.T) {
	ctx, c, store := t.Context(), newClock(), openDuckDB(t)
	here := process(t, store, c)
	_, link, err := here.Invite(ctx, "ada@example.com", RoleAdmin, "root")
	if err != nil {
		t.Fatal(err)
	}
	there := process(t, store, c)
	results := make(chan error, 6)
	for i := range cap(results) {
		go func() {
			_, err := []*Directory{here, there}[i%2].Accept(ctx, link, longEnough)
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, ErrLink):
			t.Errorf("a loser is told: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("the link worked %d times", won)
	}
}

// TestTwoInvitationsOfOneAddress: of two that two processes make, one stays.
func TestTwoInvitationsOfOneAddress(t *testing.T) {
	ctx, c, store := t.Context(), newClock(), openDuckDB(t)
	here, there := process(t, store, c), process(t, store, c)
	for _, d := range []*Directory{here, there} { // both look before either invites
		if all, err := d.Members(ctx); err != nil || len(all) != 0 {
			t.Fatal(all, err)
		}
	}
	if _, _, err := here.Invite(ctx, "ada@example.com", RoleViewer, "root"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := there.Invite(ctx, "ADA@example.com", RoleAdmin, "root"); !errors.Is(err, ErrMemberExists) {
		t.Errorf("the second: %v", err)
	}
	if all, err := store.List(ctx, kindMember); err != nil || len(all) != 1 || !strings.Contains(string(all[0].Body), "viewer") {
		t.Errorf("kept: %v, %v", all, err)
	}
}

// TestWrongCallersCostTheSame: without it, time would tell whose address is
// known. An answer without a hash takes a thousandth.
func TestWrongCallersCostTheSame(t *testing.T) {
	ctx, c, store := t.Context(), newClock(), openDuckDB(t)
	d := process(t, store, c)
	m, link, err := d.Invite(ctx, "ada@example.com", RoleViewer, "root")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Invite(ctx, "invited@example.com", RoleViewer, "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(ctx, link, longEnough); err != nil {
		t.Fatal(err)
	}
	fastest := func(email string) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			if _, err := d.Authenticate(ctx, email, "wrong"); !errors.Is(err, ErrCredentials) {
				t.Errorf("%s: %v", email, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known := fastest("ada@example.com")
	if _, err := d.ChangeMember(ctx, m.ID, MemberChange{State: StateDisabled}, "root"); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"eve@example.com", "invited@example.com", "ada@example.com"} {
		if took := fastest(email); took < known/4 {
			t.Errorf("%s, who cannot sign in, is refused after %v, a wrong password after %v", email, took, known)
		}
	}
	if d.nobody.memory != memoryKiB || d.nobody.passes != passes || len(d.nobody.key) != keyBytes {
		t.Error("nobody's hash does not cost what a member's does")
	}
}

// TestABrokenDocumentLocksOutNobodyElse: whatever lies in the table.
func TestABrokenDocumentLocksOutNobodyElse(t *testing.T) {
	ctx, c, store := t.Context(), newClock(), openDuckDB(t)
	for _, body := range []string{
		`[]`, `{"email":"a@b.c","role":"owner","state":"active"}`, `{"email":"d@e.f","role":"admin","state":"active","hash":"x"}`,
		`{"email":"g@h.i","role":"admin","state":"active","hash":""}`, `{"email":"j@k.l","role":"admin","state":"unknown"}`,
	} {
		if _, err := store.Create(ctx, kindMember, json.RawMessage(body), "x"); err != nil {
			t.Fatal(err)
		}
	}
	for _, body := range []string{`"x"`, `{}`} {
		if _, err := store.Create(ctx, kindToken, json.RawMessage(body), "x"); err != nil {
			t.Fatal(err)
		}
	}
	d := process(t, store, c)
	for _, email := range []string{"a@b.c", "d@e.f", "g@h.i", "j@k.l"} {
		if user, known, err := d.Find(ctx, email); known || err != nil {
			t.Errorf("%s: %+v, %v", email, user, err)
		}
	}
	for _, token := range []string{"", "x"} {
		if _, _, err := d.Bearer(ctx, token); !errors.Is(err, ErrToken) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	_, link, err := d.Invite(ctx, "ada@example.com", RoleViewer, "root")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(ctx, link, longEnough); err != nil {
		t.Error(err)
	}
	for _, link := range []string{"", "x"} {
		if _, err := d.Accept(ctx, link, longEnough); !errors.Is(err, ErrLink) {
			t.Errorf("link %q: %v", link, err)
		}
	}
}

// TestLastUse is kept in memory, and written once an hour.
func TestLastUse(t *testing.T) {
	ctx, c, store := t.Context(), newClock(), openDuckDB(t)
	d := process(t, store, c)
	made, secret, err := d.NewToken(ctx, "t", []Scope{ScopeWrite}, time.Time{}, "root")
	if err != nil {
		t.Fatal(err)
	}
	first, writes, version := c.at.Add(RenewAfter), 0, int64(1)
	for range 150 { // minutes
		c.at = c.at.Add(RenewAfter)
		if _, _, err := d.Bearer(ctx, secret); err != nil {
			t.Fatal(err)
		}
		if all, _, err := d.Tokens(ctx); err != nil || !all[0].LastUsedAt.Equal(c.at) {
			t.Fatalf("used at %v: %+v, %v", c.at, all, err)
		}
		kept, err := store.Get(ctx, kindToken, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Version != version {
			writes, version = writes+1, kept.Version
		}
	}
	if writes != 3 {
		t.Errorf("in two and a half hours it is written %d times, want 3", writes)
	}
	after, _, err := process(t, store, c).Tokens(ctx)
	if err != nil || c.at.Sub(after[0].LastUsedAt) > time.Hour || after[0].LastUsedAt.Before(first) {
		t.Errorf("another process knows of %+v, %v", after, err)
	}
	if user, _, err := d.Bearer(ctx, secret); err != nil || user.Role != RoleEditor {
		t.Errorf("after the writes: %+v, %v", user, err)
	}
}

// TestACopyStandsWhileTheStoreIsAway, and a change that failed is looked up.
func TestACopyStandsWhileTheStoreIsAway(t *testing.T) {
	ctx, c := t.Context(), newClock()
	store := &counted{Store: openDuckDB(t), err: errors.New("asleep")}
	d := process(t, store, c)
	for range 3 {
		if _, _, err := d.Find(ctx, "ada@example.com"); !errors.Is(err, warehouse.ErrUnavailable) {
			t.Errorf("nothing was ever read: %v", err)
		}
	}
	if n := store.since(); n != 1 {
		t.Errorf("three calls at once try %d times", n)
	}
	c.at = c.at.Add(retryAfter)
	store.fail(nil)
	_, link, err := d.Invite(ctx, "ada@example.com", RoleViewer, "root")
	if err != nil {
		t.Fatal(err)
	}
	store.fail(errors.New("asleep"))
	c.at = c.at.Add(RenewAfter)
	if _, err := d.Accept(ctx, link, longEnough); err != nil {
		t.Errorf("accept: %v", err)
	}
	if user, known, err := d.Find(ctx, "ada@example.com"); !known || err != nil {
		t.Errorf("from memory: %+v, %v", user, err)
	}
	// The second of two lists fails, after the member was made.
	store.since()
	if _, _, err := d.Invite(ctx, "bob@example.com", RoleViewer, "root"); err == nil {
		t.Error("an invitation that could not be checked was made")
	}
	store.fail(nil)
	if all, err := d.Members(ctx); err != nil || len(all) != 2 {
		t.Errorf("afterwards: %+v, %v", all, err)
	}
}

func TestRoles(t *testing.T) {
	for i, role := range Roles {
		for j, needed := range Roles {
			if role.May(needed) != (i >= j) {
				t.Errorf("%s may do what needs %s: %v", role, needed, i < j)
			}
		}
		if role.May("") || role.May("owner") || Role("").May(role) || Role("owner").May(role) {
			t.Errorf("%s and what is no role", role)
		}
	}
	if Role("").May("") {
		t.Error("no role may do what needs none")
	}
}

func TestThrottleForgets(t *testing.T) {
	c := newClock()
	th := NewThrottle(60, c.now)
	for i := range maxCallers + 10 {
		if wait := th.Take(fmt.Sprint(i)); wait != 0 {
			t.Fatalf("caller %d waits %v", i, wait)
		}
	}
	if n := len(th.callers); n > maxCallers {
		t.Errorf("%d callers are kept", n)
	}
	for range 60 {
		th.Take("x")
	}
	if wait := th.Take("x"); wait != time.Second {
		t.Errorf("the 61st waits %v", wait)
	}
	c.at = c.at.Add(time.Second)
	if wait := th.Take("x"); wait != 0 {
		t.Errorf("a second later it waits %v", wait)
	}
}
