package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
)

// CookieName is the session cookie's name without TLS. Over TLS it is
// SecureCookieName, whose prefix makes browsers refuse one that was set
// without TLS or by a neighbouring host.
const (
	CookieName       = "loaf_session"
	SecureCookieName = "__Host-" + CookieName
)

// DefaultSessionLife is how long a session lasts.
const DefaultSessionLife = 7 * 24 * time.Hour

// MinSessionKeyBytes is the least length of a configured session key.
const MinSessionKeyBytes = 32

// maxEnded bounds the memory of sessions that ended early.
const maxEnded = 10_000

// ErrNoSession says that a request carries no valid session cookie.
var ErrNoSession = errors.New("no valid session")

// Session is a signed-in user.
type Session struct {
	User      User
	ExpiresAt time.Time
	id        string
}

// sealed is what a cookie carries, signed.
type sealed struct {
	ID      string `json:"id"`
	Email   string `json:"email"`
	Mark    string `json:"mark"`
	Expires int64  `json:"expires"`
}

// SessionConfig configures Sessions.
type SessionConfig struct {
	// Directory knows whose session still holds.
	Directory *Directory
	// Key signs the cookies; at least MinSessionKeyBytes.
	Key []byte
	// Life is how long a session lasts; 0 means DefaultSessionLife.
	Life time.Duration
	// Now is the clock.
	Now func() time.Time
	// Random gives the sessions' ids.
	Random io.Reader
}

// Sessions makes and reads session cookies. A session lives in its cookie,
// signed, so that it outlives a restart of the server. A session that is ended
// before its time is remembered until then, though only in this process.
type Sessions struct {
	config SessionConfig
	codec  *securecookie.SecureCookie

	mu    sync.Mutex
	ended map[string]time.Time
}

// NewSessions makes Sessions.
func NewSessions(c SessionConfig) (*Sessions, error) {
	if len(c.Key) < MinSessionKeyBytes {
		return nil, fmt.Errorf("set up sessions: the key has %d bytes, fewer than %d", len(c.Key), MinSessionKeyBytes)
	}
	if c.Life <= 0 {
		c.Life = DefaultSessionLife
	}
	key, err := hkdf.Key(sha256.New, c.Key, nil, "dataloaf session cookie", 32)
	if err != nil {
		return nil, fmt.Errorf("set up sessions: derive the key: %w", err)
	}
	// MaxAge(0): a session's end is in its payload, by our own clock.
	codec := securecookie.New(key, nil).MaxAge(0).SetSerializer(securecookie.JSONEncoder{})
	return &Sessions{config: c, codec: codec, ended: map[string]time.Time{}}, nil
}

// Start begins a new session and gives the cookie that carries it. secure says
// that the connection is TLS.
//
// The cookie is SameSite=Strict: the page's own scripts make every call that
// needs it, so a link from elsewhere loses nothing, and no other site's request
// ever carries it.
func (s *Sessions) Start(user User, secure bool) (Session, *http.Cookie, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(s.config.Random, id); err != nil {
		return Session{}, nil, fmt.Errorf("start a session: read an id: %w", err)
	}
	session := Session{
		User:      user,
		ExpiresAt: s.config.Now().Add(s.config.Life).UTC().Truncate(time.Second),
		id:        base64.RawURLEncoding.EncodeToString(id),
	}
	value, err := s.codec.Encode(CookieName, sealed{
		ID: session.id, Email: user.Email, Mark: user.mark, Expires: session.ExpiresAt.Unix(),
	})
	if err != nil {
		return Session{}, nil, fmt.Errorf("start a session: seal the cookie: %w", err)
	}
	cookie := s.cookie(value, secure)
	cookie.Expires = session.ExpiresAt
	cookie.MaxAge = int(s.config.Life / time.Second)
	return session, cookie, nil
}

// Read gives the session of a request, or ErrNoSession; another error says that
// it cannot be told whether there is one. Over TLS only the cookie that was set
// over TLS counts.
func (s *Sessions) Read(r *http.Request, secure bool) (Session, error) {
	for _, cookie := range r.CookiesNamed(cookieName(secure)) {
		session, ok, err := s.open(r.Context(), cookie.Value)
		if err != nil {
			return Session{}, fmt.Errorf("read the session: %w", err)
		}
		if ok {
			return session, nil
		}
	}
	return Session{}, ErrNoSession
}

// open asks for the user last: a cookie that is not ours, or over, is a
// stranger's, for whom nobody asks the warehouse.
func (s *Sessions) open(ctx context.Context, value string) (Session, bool, error) {
	var c sealed
	if err := s.codec.Decode(CookieName, value, &c); err != nil {
		return Session{}, false, nil
	}
	session := Session{ExpiresAt: time.Unix(c.Expires, 0).UTC(), id: c.ID}
	s.mu.Lock()
	_, over := s.ended[c.ID]
	s.mu.Unlock()
	if over || !s.config.Now().Before(session.ExpiresAt) {
		return Session{}, false, nil
	}
	var known bool
	var err error
	if session.User, known, err = s.config.Directory.Find(ctx, c.Email); err != nil {
		return Session{}, false, err
	}
	if !known || subtle.ConstantTimeCompare([]byte(session.User.mark), []byte(c.Mark)) != 1 {
		return Session{}, false, nil
	}
	return session, true, nil
}

// End ends a session: its cookie is refused from now on, wherever it is.
func (s *Sessions) End(session Session) {
	now := s.config.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, expires := range s.ended {
		if !now.Before(expires) {
			delete(s.ended, id)
		}
	}
	for id := range s.ended {
		if len(s.ended) < maxEnded {
			break
		}
		delete(s.ended, id)
	}
	s.ended[session.id] = session.ExpiresAt
}

// Clear gives the cookie that removes the session's from the browser.
func (s *Sessions) Clear(secure bool) *http.Cookie {
	cookie := s.cookie("", secure)
	cookie.Expires = time.Unix(1, 0)
	cookie.MaxAge = -1
	return cookie
}

func (s *Sessions) cookie(value string, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(secure), Value: value, Path: "/",
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
}

func cookieName(secure bool) string {
	if secure {
		return SecureCookieName
	}
	return CookieName
}
