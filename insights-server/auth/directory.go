package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// How often the directory is read anew. Nobody's call asks the warehouse by
// itself: one that is billed by the minute would never sleep.
const (
	// RenewAfter is how old the copy gets while members or tokens call, and so
	// how late another process notices a change.
	RenewAfter = time.Minute
	// strangerRenewAfter is the same for calls of nobody known: a wrong token or
	// password must not keep the warehouse awake.
	strangerRenewAfter = 15 * time.Minute
	// retryAfter is how soon a directory that was never read is tried again.
	retryAfter = 5 * time.Second
)

// How long reading it may take: a copy that is there will do a little longer,
// but the first one has to come.
const (
	renewTimeout = 5 * time.Second
	firstTimeout = 30 * time.Second
)

// Documents keeps members and tokens; *document.Store is the one that is used.
type Documents interface {
	List(ctx context.Context, kind document.Kind) ([]document.Document, error)
	Get(ctx context.Context, kind document.Kind, id string) (document.Document, error)
	Create(ctx context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error)
	Update(ctx context.Context, kind document.Kind, id string, version int64, body json.RawMessage, by string) (document.Document, error)
	Delete(ctx context.Context, kind document.Kind, id string, version int64) error
}

// DirectoryConfig configures a Directory.
type DirectoryConfig struct {
	// AdminEmail is the first admin's address, DefaultEmail when empty, and
	// AdminHash the argon2id hash of their password.
	AdminEmail, AdminHash string
	// Tokens are those of the configuration. They act for the first admin.
	Tokens Tokens
	// Store keeps members and the tokens that admins make; nil for neither.
	Store Documents
	// Logger is told of documents that cannot be read; nil means none.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Random gives links, tokens and salts; nil means crypto/rand.
	Random io.Reader
}

// Directory knows who may call: the first admin and the tokens of the
// configuration, who always may, and the members and tokens of the store, of
// which it keeps a copy in memory. It is safe for concurrent use.
type Directory struct {
	config DirectoryConfig
	admin  User
	// nobody stands in for users that do not exist, at the same cost.
	nobody phc
	// turns bounds how many passwords are hashed at once: each takes memory
	// and a core, and anyone may ask for it.
	turns chan struct{}

	// changing lets one reading or change of the store run at a time, so that
	// no reading from before a change replaces the copy after it.
	changing sync.Mutex

	mu      sync.Mutex
	members []member
	tokens  []issued
	used    map[string]time.Time // by a token's id
	loaded  bool
	count   int // of readings
	tried   time.Time
	err     error // of the last try
}

// NewDirectory makes a directory. It does not touch the store.
func NewDirectory(c DirectoryConfig) (*Directory, error) {
	h, err := parseHash(c.AdminHash)
	if err != nil {
		return nil, fmt.Errorf("read the admin's password hash: %w", err)
	}
	if c.AdminEmail == "" {
		c.AdminEmail = DefaultEmail
	}
	if c.Store == nil {
		c.Store = nowhere{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	sum := sha256.Sum256([]byte(c.AdminHash))
	return &Directory{
		config: c,
		admin:  User{ID: AdminID, Email: c.AdminEmail, Role: RoleAdmin, mark: hex.EncodeToString(sum[:16]), hash: h},
		nobody: phc{memory: memoryKiB, passes: passes, lanes: lanes, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)},
		turns:  make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		used:   map[string]time.Time{},
	}, nil
}

// Admin is the first admin, for whom the configuration's tokens act.
func (d *Directory) Admin() User { return d.admin }

// isAdmin reports whether the address is the first admin's, who also goes by
// DefaultEmail and by no address at all.
func (d *Directory) isAdmin(email string) bool {
	email = fold(email)
	return email == "" || email == DefaultEmail || email == fold(d.admin.Email)
}

// Find gives the user with the address, as long as they may sign in. The error
// says that the store cannot tell. For the first admin nobody asks it.
func (d *Directory) Find(ctx context.Context, email string) (User, bool, error) {
	if d.isAdmin(email) {
		return d.admin, true, nil
	}
	if _, err := d.renew(ctx, RenewAfter); err != nil {
		return User{}, false, err
	}
	user, known := d.find(email)
	return user, known, nil
}

// find looks into the copy.
func (d *Directory) find(email string) (User, bool) {
	if d.isAdmin(email) {
		return d.admin, true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.byEmail(email)
	if m == nil || m.State != StateActive {
		return User{}, false
	}
	return m.user(), true
}

// Authenticate checks a password. An unknown user costs the same time as a
// wrong password, so that time does not tell who exists. The error is
// ErrCredentials, the store's, or the context's when that ends before there is
// a turn.
func (d *Directory) Authenticate(ctx context.Context, email, password string) (User, error) {
	if d.isAdmin(email) {
		user, _, err := d.check(ctx, email, password)
		return user, err
	}
	if _, err := d.renew(ctx, strangerRenewAfter); err != nil {
		return User{}, err
	}
	user, right, err := d.check(ctx, email, password)
	if err != nil && !errors.Is(err, ErrCredentials) {
		return User{}, err
	}
	if right {
		// Whoever knows the password may have it looked up whether they still may.
		if renewed, _ := d.renew(ctx, RenewAfter); renewed {
			now, known := d.find(email)
			if !known || now.mark != user.mark {
				return User{}, ErrCredentials
			}
			user = now
		}
	}
	return user, err
}

// check compares a password with the copy's hash.
func (d *Directory) check(ctx context.Context, email, password string) (User, bool, error) {
	done, err := d.turn(ctx)
	if err != nil {
		return User{}, false, fmt.Errorf("check the password: %w", err)
	}
	defer done()
	user, known := d.find(email)
	if len(password) > MaxPasswordBytes {
		return User{}, false, ErrCredentials
	}
	hash := user.hash
	if !known {
		hash = d.nobody
	}
	if matches := hash.matches(password); !matches || !known {
		return User{}, false, ErrCredentials
	}
	return user, true, nil
}

// turn waits until a password may be hashed.
func (d *Directory) turn(ctx context.Context) (done func(), err error) {
	select {
	case d.turns <- struct{}{}:
		return func() { <-d.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// renew reads the store where the copy is older than after, and reports whether
// it is another copy now. Where reading fails the old copy stands: who is in it
// goes on while the warehouse is away. The error says that there is none.
func (d *Directory) renew(ctx context.Context, after time.Duration) (renewed bool, err error) {
	due, before, err := d.due(after)
	if !due {
		return false, err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	if due, count, err := d.due(after); !due {
		return count != before, err
	}
	d.mu.Lock()
	timeout := renewTimeout
	if !d.loaded {
		timeout = firstTimeout
	}
	d.mu.Unlock()
	// The answer is for all who wait, whether or not the first one still does.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	members, tokens, err := d.read(ctx)
	d.mu.Lock()
	d.tried, d.err = d.config.Now(), err
	if err == nil {
		d.members, d.tokens, d.loaded = members, tokens, true
		d.count++
	}
	loaded := d.loaded
	d.mu.Unlock()
	switch {
	case err == nil:
		d.noteUses(ctx)
		return true, nil
	case loaded:
		d.config.Logger.WarnContext(ctx, "members and tokens were not read anew: the copy from before stands", "error", err)
		return false, nil
	default:
		return false, d.unavailable(err)
	}
}

// due reports whether it is time to read the store, and which copy there is.
func (d *Directory) due(after time.Duration) (due bool, count int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.loaded {
		after, err = retryAfter, d.unavailable(d.err)
	}
	return d.tried.IsZero() || d.config.Now().Sub(d.tried) >= after, d.count, err
}

func (d *Directory) unavailable(err error) error {
	if err == nil || errors.Is(err, warehouse.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
}

// read reads the store. A document that is none of ours, or broken, does not
// lock out the rest.
func (d *Directory) read(ctx context.Context) ([]member, []issued, error) {
	documents, err := d.config.Store.List(ctx, kindMember)
	if err != nil {
		return nil, nil, fmt.Errorf("read the members: %w", err)
	}
	var members []member
	for _, document := range documents {
		m, err := readMember(document)
		if err != nil {
			d.config.Logger.ErrorContext(ctx, "a member cannot be read", "id", document.ID, "error", err)
			continue
		}
		members = append(members, m)
	}
	if documents, err = d.config.Store.List(ctx, kindToken); err != nil {
		return nil, nil, fmt.Errorf("read the tokens: %w", err)
	}
	var tokens []issued
	for _, document := range documents {
		t, err := readToken(document)
		if err != nil {
			d.config.Logger.ErrorContext(ctx, "a token cannot be read", "id", document.ID, "error", err)
			continue
		}
		tokens = append(tokens, t)
	}
	return members, tokens, nil
}

// distrust has the next call read the store: a change failed in a way that may
// have reached it all the same.
func (d *Directory) distrust() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried = time.Time{}
}

// secret makes 32 random bytes as text, and the sum that is kept of it: so long
// and random a text needs no slow hash.
func (d *Directory) secret(prefix string) (text, sum string, err error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(d.config.Random, b); err != nil {
		return "", "", fmt.Errorf("make a secret: %w", err)
	}
	text = prefix + base64.RawURLEncoding.EncodeToString(b)
	return text, sumOf(text), nil
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// nowhere is the store of a directory without one.
type nowhere struct{}

var errNowhere = errors.New("there is no store for members and tokens")

func (nowhere) List(context.Context, document.Kind) ([]document.Document, error) { return nil, nil }

func (nowhere) Get(context.Context, document.Kind, string) (document.Document, error) {
	return document.Document{}, document.ErrNotFound
}

func (nowhere) Create(context.Context, document.Kind, json.RawMessage, string) (document.Document, error) {
	return document.Document{}, errNowhere
}

func (nowhere) Update(context.Context, document.Kind, string, int64, json.RawMessage, string) (document.Document, error) {
	return document.Document{}, errNowhere
}

func (nowhere) Delete(context.Context, document.Kind, string, int64) error {
	return document.ErrNotFound
}
