package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func mustHash(t *testing.T, password string) string {
	t.Helper()
	h, err := Hash(password, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustDirectory(t *testing.T, email, hash string) *Directory {
	t.Helper()
	d, err := NewDirectory(DirectoryConfig{AdminEmail: email, AdminHash: hash})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHashIsSaltedArgon2id(t *testing.T) {
	a, b := mustHash(t, "secret"), mustHash(t, "secret")
	if a == b {
		t.Error("two hashes of one password are the same: the salt is not random")
	}
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(a, want) {
		t.Errorf("hash %s does not begin with %s", a, want)
	}
	if _, err := Hash("", rand.Reader); err == nil {
		t.Error("an empty password was hashed")
	}
	if _, err := Hash(strings.Repeat("x", MaxPasswordBytes+1), rand.Reader); err == nil {
		t.Error("a password beyond the limit was hashed")
	}
	if _, err := Hash("secret", bytes.NewReader(nil)); err == nil {
		t.Error("a hash was made without a salt")
	}
}

// The hash was made by the reference implementation's command line:
// echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1.
func TestHashOfTheReferenceImplementation(t *testing.T) {
	u := mustDirectory(t, "", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if _, err := u.Authenticate(context.Background(), "", "password"); err != nil {
		t.Errorf("the right password: %v", err)
	}
	if _, err := u.Authenticate(context.Background(), "", "Password"); !errors.Is(err, ErrCredentials) {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestDeriveHashDependsOnPasswordAndKey(t *testing.T) {
	key, other := bytes.Repeat([]byte("k"), 32), bytes.Repeat([]byte("o"), 32)
	derive := func(password string, key []byte) string {
		h, err := DeriveHash(password, key)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := derive("secret", key)
	if first != derive("secret", key) {
		t.Error("the same password and key gave two hashes")
	}
	if first == derive("secret2", key) || first == derive("secret", other) {
		t.Error("another password or key gave the same hash")
	}
}

func TestNewDirectoryRefusesBrokenHashes(t *testing.T) {
	good := mustHash(t, "secret")
	for _, bad := range []string{
		"", "secret", "$2b$12$abcdefghijklmnopqrstuu", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=19456", "m=99999999", 1),
		strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "m=19456,t=2,p=1", "fast", 1), good[:len(good)-40], good + "$", good + "!",
	} {
		if _, err := NewDirectory(DirectoryConfig{AdminHash: bad}); !errors.Is(err, ErrHash) {
			t.Errorf("hash %q: %v, want ErrHash", bad, err)
		}
	}
}

func TestAuthenticateByEmail(t *testing.T) {
	u := mustDirectory(t, "ada@example.com", mustHash(t, "secret"))
	for _, email := range []string{"", "admin", "ADMIN", "ada@example.com", " Ada@Example.com "} {
		user, err := u.Authenticate(context.Background(), email, "secret")
		if err != nil || user.Email != "ada@example.com" || user.Role != RoleAdmin {
			t.Errorf("email %q: %+v, %v", email, user, err)
		}
	}
	for _, c := range [][2]string{{"eve@example.com", "secret"}, {"", "wrong"}, {"", ""}, {"", "secret\n"}, {"", strings.Repeat("x", MaxPasswordBytes+1)}} {
		if _, err := u.Authenticate(context.Background(), c[0], c[1]); !errors.Is(err, ErrCredentials) {
			t.Errorf("email %q, password of %d bytes: %v, want ErrCredentials", c[0], len(c[1]), err)
		}
	}
}

func TestAuthenticateWaitsItsTurnOnlyAsLongAsTheClient(t *testing.T) {
	u := mustDirectory(t, "", mustHash(t, "secret"))
	for range cap(u.turns) {
		u.turns <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := u.Authenticate(ctx, "", "secret"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func newSessions(t *testing.T, users *Directory, key string, c *clock) *Sessions {
	t.Helper()
	s, err := NewSessions(SessionConfig{Directory: users, Key: []byte(key), Life: time.Hour, Now: c.now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const testKey = "0123456789abcdef0123456789abcdef"

func with(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestSessionCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure=%v", secure), func(t *testing.T) {
			c := newClock()
			users := mustDirectory(t, "", mustHash(t, "secret"))
			s := newSessions(t, users, testKey, c)
			session, cookie, err := s.Start(users.Admin(), secure)
			if err != nil {
				t.Fatal(err)
			}
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure != secure {
				t.Errorf("cookie %+v", cookie)
			}
			if cookie.MaxAge != 3600 || !cookie.Expires.Equal(c.at.Add(time.Hour)) {
				t.Errorf("the cookie lasts %d s, until %v", cookie.MaxAge, cookie.Expires)
			}
			got, err := s.Read(with(cookie), secure)
			if err != nil || got.User.Email != "admin" || !got.ExpiresAt.Equal(session.ExpiresAt) {
				t.Errorf("read %+v, %v", got, err)
			}
			if _, err := s.Read(with(cookie), !secure); !errors.Is(err, ErrNoSession) {
				t.Errorf("the cookie of the other kind of connection: %v", err)
			}
			cleared := s.Clear(secure)
			if cleared.MaxAge >= 0 || cleared.Value != "" || cleared.Name != cookie.Name || cleared.Path != "/" || cleared.Secure != secure {
				t.Errorf("cleared by %+v", cleared)
			}
		})
	}
}

func TestSessionEnds(t *testing.T) {
	hash := mustHash(t, "secret")
	users := mustDirectory(t, "", hash)
	for name, test := range map[string]func(*clock, *Sessions, Session, *http.Cookie) (*Sessions, *http.Cookie){
		"when its time is over": func(c *clock, s *Sessions, _ Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			c.at = c.at.Add(time.Hour)
			return s, cookie
		},
		"when it is ended": func(_ *clock, s *Sessions, session Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			s.End(session)
			return s, cookie
		},
		"with a new password": func(c *clock, _ *Sessions, _ Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			return newSessions(t, mustDirectory(t, "", mustHash(t, "secret2")), testKey, c), cookie
		},
		"with another admin": func(c *clock, _ *Sessions, _ Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			return newSessions(t, mustDirectory(t, "new@example.com", mustHash(t, "x")), testKey, c), cookie
		},
		"with another key": func(c *clock, _ *Sessions, _ Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			return newSessions(t, users, strings.Repeat("x", 32), c), cookie
		},
		"when the cookie is changed": func(_ *clock, s *Sessions, _ Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			changed := *cookie
			b := []byte(changed.Value)
			b[len(b)/2] ^= 1
			changed.Value = string(b)
			return s, &changed
		},
		"when the cookie is empty": func(_ *clock, s *Sessions, _ Session, cookie *http.Cookie) (*Sessions, *http.Cookie) {
			changed := *cookie
			changed.Value = ""
			return s, &changed
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := newSessions(t, users, testKey, c)
			session, cookie, err := s.Start(users.Admin(), false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Read(with(cookie), false); err != nil {
				t.Fatalf("before: %v", err)
			}
			s, cookie = test(c, s, session, cookie)
			if _, err := s.Read(with(cookie), false); !errors.Is(err, ErrNoSession) {
				t.Errorf("after: %v, want ErrNoSession", err)
			}
		})
	}
}

func TestSessionOutlivesARestart(t *testing.T) {
	c := newClock()
	users := mustDirectory(t, "", mustHash(t, "secret"))
	_, cookie, err := newSessions(t, users, testKey, c).Start(users.Admin(), false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newSessions(t, users, testKey, c).Read(with(cookie), false); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestEndedSessionsAreForgottenInTime(t *testing.T) {
	c := newClock()
	s := newSessions(t, mustDirectory(t, "", mustHash(t, "secret")), testKey, c)
	for i := range maxEnded + 10 {
		s.ended[fmt.Sprint(i)] = c.at.Add(time.Minute)
	}
	s.End(Session{id: "new", ExpiresAt: c.at.Add(time.Hour)})
	if len(s.ended) > maxEnded {
		t.Errorf("%d ended sessions are kept", len(s.ended))
	}
	c.at = c.at.Add(2 * time.Minute)
	s.End(Session{id: "newer", ExpiresAt: c.at.Add(time.Hour)})
	if len(s.ended) != 2 {
		t.Errorf("%d ended sessions are kept, want the two that still matter", len(s.ended))
	}
}

func TestNewSessionsRefusesAShortKey(t *testing.T) {
	if _, err := NewSessions(SessionConfig{Key: []byte("short")}); err == nil {
		t.Error("a key of five bytes was taken")
	}
}

func TestTokens(t *testing.T) {
	sum := func(s string) string { b := sha256.Sum256([]byte(s)); return hex.EncodeToString(b[:]) }
	tokens, err := ParseTokens(sum("one") + ",\n" + strings.ToUpper(sum("two")))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{"one": true, "two": true, "three": false, "": false, sum("one"): false} {
		if tokens.Valid(token) != want {
			t.Errorf("token %q: valid is %v", token, !want)
		}
	}
	if none, err := ParseTokens(""); err != nil || none.Valid("") || none.Valid("one") {
		t.Errorf("without tokens one is valid, or: %v", err)
	}
	for _, bad := range []string{"one", sum("one")[1:], sum("one") + "," + "zz"} {
		if _, err := ParseTokens(bad); err == nil {
			t.Errorf("sums %q were taken", bad)
		}
	}
}

var client = netip.MustParseAddr("192.0.2.1")

func TestLimiterPerAddress(t *testing.T) {
	c := newClock()
	l := NewLimiter(c.now)
	for i := range AttemptsPerAddress {
		if _, wait := l.Begin(client); wait != 0 {
			t.Fatalf("attempt %d must wait %v", i+1, wait)
		}
	}
	if _, wait := l.Begin(client); wait != AddressRefill {
		t.Fatalf("the attempt beyond must wait %v, want %v", wait, AddressRefill)
	}
	if _, wait := l.Begin(netip.MustParseAddr("192.0.2.2")); wait != 0 {
		t.Errorf("another address must wait %v", wait)
	}
	c.at = c.at.Add(AddressRefill - time.Second)
	if _, wait := l.Begin(client); wait != time.Second {
		t.Errorf("just before its time, it must wait %v", wait)
	}
	c.at = c.at.Add(time.Second)
	if _, wait := l.Begin(client); wait != 0 {
		t.Errorf("at its time, it must wait %v", wait)
	}
	if _, wait := l.Begin(client); wait != AddressRefill {
		t.Errorf("one refill let two pass: wait %v", wait)
	}
}

func TestLimiterCountsNetworksOfIPv6(t *testing.T) {
	l := NewLimiter(newClock().now)
	for i := range AttemptsPerAddress {
		l.Begin(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1)))
	}
	if _, wait := l.Begin(netip.MustParseAddr("2001:db8::ffff")); wait == 0 {
		t.Error("another address of the same /64 passes")
	}
	if _, wait := l.Begin(netip.MustParseAddr("2001:db8:0:1::1")); wait != 0 {
		t.Error("another network must wait")
	}
	for range AttemptsPerAddress {
		l.Begin(client)
	}
	if _, wait := l.Begin(netip.MustParseAddr("::ffff:192.0.2.1")); wait == 0 {
		t.Error("an IPv4 address passes in its IPv6 form")
	}
}

func TestLimiterRightPasswordsDoNotCount(t *testing.T) {
	l := NewLimiter(newClock().now)
	for i := range 10 * AttemptsOverall {
		a, wait := l.Begin(client)
		if wait != 0 {
			t.Fatalf("right password %d must wait %v", i+1, wait)
		}
		if i%2 == 0 {
			a.Succeed()
		} else {
			a.Cancel()
		}
	}
}

func TestLimiterRightPasswordsDoNotForgiveWrongOnes(t *testing.T) {
	l := NewLimiter(newClock().now)
	for range AttemptsPerAddress - 1 {
		l.Begin(client)
		right, wait := l.Begin(client)
		if wait != 0 {
			t.Fatalf("must wait %v", wait)
		}
		right.Succeed()
	}
	l.Begin(client)
	if _, wait := l.Begin(client); wait == 0 {
		t.Error("right passwords between them let wrong ones go on without end")
	}
}

func TestLimiterOverall(t *testing.T) {
	c := newClock()
	l := NewLimiter(c.now)
	owner := netip.MustParseAddr("198.51.100.7")
	a, _ := l.Begin(owner)
	a.Succeed()
	for i := range AttemptsOverall {
		address := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		if _, wait := l.Begin(address); wait != 0 {
			t.Fatalf("attempt %d must wait %v", i+1, wait)
		}
	}
	if _, wait := l.Begin(client); wait != OverallRefill {
		t.Errorf("the attempt beyond must wait %v, want %v", wait, OverallRefill)
	}
	if _, wait := l.Begin(owner); wait != 0 {
		t.Errorf("an address that has signed in before must wait %v", wait)
	}
	c.at = c.at.Add(OverallRefill)
	if _, wait := l.Begin(client); wait != 0 {
		t.Errorf("after the refill it must wait %v", wait)
	}
}

func TestLimiterMemoryIsBounded(t *testing.T) {
	c := newClock()
	l := NewLimiter(c.now)
	for i := range maxAddresses + 5000 {
		a, wait := l.Begin(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		if wait == 0 {
			a.Succeed()
		}
	}
	if len(l.addresses) > maxAddresses || len(l.signedIn) > maxAddresses {
		t.Errorf("%d addresses and %d sign-ins are kept", len(l.addresses), len(l.signedIn))
	}
	if networkOf(netip.Addr{}).IsValid() {
		t.Error("no address makes a network")
	}
}
