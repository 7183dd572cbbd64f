package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/document"
)

// kindToken are the documents of tokens.
const kindToken document.Kind = "token"

// TokenPrefix begins every token that is made here, so that programs which
// look for leaked secrets know one when they see it.
const TokenPrefix = "loaf_"

// MaxTokens bounds how many there are: each call with one is compared with all.
const MaxTokens = 1000

// usesEvery is how often it is written when a token was last used.
const usesEvery = time.Hour

// The errors of tokens. ErrToken says that a token is unknown, revoked or
// expired, and not which.
var (
	ErrToken         = errors.New("the token is not valid")
	ErrNoToken       = errors.New("there is no such token")
	ErrTooManyTokens = errors.New("there are too many tokens")
)

// Token is what admins see of a token that one of them made.
type Token struct {
	ID   string
	Name string
	// Hint is how the token begins.
	Hint   string
	Scopes []Scope
	// ExpiresAt is the zero time for never, as LastUsedAt is.
	ExpiresAt, LastUsedAt time.Time
	CreatedAt             time.Time
	CreatedBy             string
}

// role is what a token may do at most. None decides who may do what: a stolen
// one must not make others.
func (t Token) role() Role {
	if slices.Contains(t.Scopes, ScopeWrite) {
		return RoleEditor
	}
	return RoleViewer
}

// tokenRecord is a token as a document.
type tokenRecord struct {
	Name       string     `json:"name"`
	Hint       string     `json:"hint"`
	Sum        string     `json:"sum"`
	Scopes     []Scope    `json:"scopes"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

// issued is a token in the copy.
type issued struct {
	Token
	sum     string
	record  tokenRecord
	version int64
}

func readToken(d document.Document) (issued, error) {
	var r tokenRecord
	if err := json.Unmarshal(d.Body, &r); err != nil {
		return issued{}, fmt.Errorf("read token %s: %w", d.ID, err)
	}
	t := issued{
		Token: Token{ID: d.ID, Name: r.Name, Hint: r.Hint, Scopes: r.Scopes, CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy},
		sum:   r.Sum, record: r, version: d.Version,
	}
	if r.ExpiresAt != nil {
		t.ExpiresAt = *r.ExpiresAt
	}
	if r.LastUsedAt != nil {
		t.LastUsedAt = *r.LastUsedAt
	}
	return t, nil
}

// Bearer tells for whom a bearer token speaks and what it may be used for, or
// ErrToken.
func (d *Directory) Bearer(ctx context.Context, token string) (User, []Scope, error) {
	if d.config.Tokens.Valid(token) {
		return d.admin, AllScopes, nil
	}
	sum := sumOf(token)
	after := RenewAfter
	if _, known := d.bySum(sum); !known {
		after = strangerRenewAfter
	}
	if _, err := d.renew(ctx, after); err != nil {
		return User{}, nil, err
	}
	t, known := d.bySum(sum)
	now := d.config.Now()
	if !known || !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return User{}, nil, ErrToken
	}
	d.mu.Lock()
	d.used[t.ID] = now
	d.mu.Unlock()
	return User{Email: "token " + t.Name, Role: t.role()}, t.Scopes, nil
}

// bySum looks into the copy. The time that it takes does not depend on the
// sum's likeness to a known one.
func (d *Directory) bySum(sum string) (found issued, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tokens {
		if subtle.ConstantTimeCompare([]byte(t.sum), []byte(sum)) == 1 {
			found, known = t, true
		}
	}
	return found, known
}

// Tokens gives the tokens that admins made, the oldest first, and how many more
// the configuration has.
func (d *Directory) Tokens(ctx context.Context) (made []Token, configured int, err error) {
	if _, err := d.renew(ctx, RenewAfter); err != nil {
		return nil, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tokens {
		if at := d.used[t.ID]; at.After(t.LastUsedAt) {
			t.LastUsedAt = at
		}
		made = append(made, t.Token)
	}
	return made, len(d.config.Tokens.sums), nil
}

// NewToken makes a token; secret is the token itself, of which only the sum is
// kept. It never expires when expires is the zero time.
func (d *Directory) NewToken(ctx context.Context, name string, scopes []Scope, expires time.Time, by string) (t Token, secret string, err error) {
	if _, err := d.renew(ctx, RenewAfter); err != nil {
		return Token{}, "", err
	}
	secret, sum, err := d.secret(TokenPrefix)
	if err != nil {
		return Token{}, "", err
	}
	r := tokenRecord{Name: name, Hint: secret[:len(TokenPrefix)+4], Sum: sum, Scopes: scopes}
	if !expires.IsZero() {
		expires = expires.UTC()
		r.ExpiresAt = &expires
	}
	body, err := json.Marshal(r)
	if err != nil {
		return Token{}, "", fmt.Errorf("make a token: %w", err)
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	d.mu.Lock()
	full := len(d.tokens) >= MaxTokens
	d.mu.Unlock()
	if full {
		return Token{}, "", fmt.Errorf("make a token: %w", ErrTooManyTokens)
	}
	made, err := d.config.Store.Create(ctx, kindToken, body, by)
	if err != nil {
		d.distrust()
		return Token{}, "", fmt.Errorf("make a token: %w", err)
	}
	i, err := readToken(made)
	if err != nil {
		return Token{}, "", err
	}
	d.mu.Lock()
	d.tokens = append(d.tokens, i)
	d.mu.Unlock()
	return i.Token, secret, nil
}

// Revoke removes a token: it is refused from now on.
func (d *Directory) Revoke(ctx context.Context, id string) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	err := d.config.Store.Delete(ctx, kindToken, id, 0)
	if err != nil && !errors.Is(err, document.ErrNotFound) {
		d.distrust()
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	d.mu.Lock()
	d.tokens = slices.DeleteFunc(d.tokens, func(t issued) bool { return t.ID == id })
	delete(d.used, id)
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, ErrNoToken)
	}
	return nil
}

// noteUses writes when tokens were last used, together with a reading that wakes
// the store anyway; d.changing is held. What cannot be written stays for the
// next time.
func (d *Directory) noteUses(ctx context.Context) {
	d.mu.Lock()
	var late []issued
	for _, t := range d.tokens {
		if at, used := d.used[t.ID]; used && at.Sub(t.LastUsedAt) >= usesEvery {
			at = at.UTC().Truncate(time.Second)
			t.record.LastUsedAt = &at
			late = append(late, t)
		}
	}
	d.mu.Unlock()
	for _, t := range late {
		body, err := json.Marshal(t.record)
		if err == nil {
			var written document.Document
			if written, err = d.config.Store.Update(ctx, kindToken, t.ID, t.version, body, t.CreatedBy); err == nil {
				t, err = readToken(written)
			}
		}
		if err != nil {
			d.config.Logger.WarnContext(ctx, "the last use of a token was not written", "id", t.ID, "error", err)
			continue
		}
		d.mu.Lock()
		if i := slices.IndexFunc(d.tokens, func(known issued) bool { return known.ID == t.ID }); i >= 0 {
			d.tokens[i] = t
		}
		d.mu.Unlock()
	}
}
