package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// RoleAdmin may do everything.
const RoleAdmin = "admin"

// DefaultEmail names a first admin who has no address.
const DefaultEmail = "admin"

// User is someone who can sign in.
type User struct {
	Email string
	Role  string
	// mark changes with the password; a session carries it, so that a new
	// password ends the sessions of the old one.
	mark string
	hash phc
}

// ErrCredentials says that the password is wrong or the user unknown, and not
// which.
var ErrCredentials = errors.New("the password is wrong, or there is no such user")

// Users knows who may sign in: for now the first admin alone.
type Users struct {
	admin User
	// turns bounds how many passwords are hashed at once: each takes memory
	// and a core, and anyone may ask for it.
	turns chan struct{}
}

// NewUsers makes Users of the first admin's address, DefaultEmail when empty,
// and argon2id hash.
func NewUsers(adminEmail, adminHash string) (*Users, error) {
	h, err := parseHash(adminHash)
	if err != nil {
		return nil, fmt.Errorf("read the admin's password hash: %w", err)
	}
	if adminEmail == "" {
		adminEmail = DefaultEmail
	}
	sum := sha256.Sum256([]byte(adminHash))
	return &Users{
		admin: User{Email: adminEmail, Role: RoleAdmin, mark: hex.EncodeToString(sum[:16]), hash: h},
		turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}, nil
}

// Admin is the first admin, for whom bearer tokens act.
func (u *Users) Admin() User { return u.admin }

// Find gives the user with the address. The first admin also goes by
// DefaultEmail and by no address at all.
func (u *Users) Find(email string) (User, bool) {
	email = strings.TrimSpace(email)
	if email == "" || strings.EqualFold(email, DefaultEmail) || strings.EqualFold(email, u.admin.Email) {
		return u.admin, true
	}
	return User{}, false
}

// Authenticate checks a password. An unknown user costs the same time as a
// wrong password, so that time does not tell who exists. The error is
// ErrCredentials, or the context's when that ends before there is a turn.
func (u *Users) Authenticate(ctx context.Context, email, password string) (User, error) {
	select {
	case u.turns <- struct{}{}:
		defer func() { <-u.turns }()
	case <-ctx.Done():
		return User{}, fmt.Errorf("check the password: %w", ctx.Err())
	}
	user, known := u.Find(email)
	if !known {
		user = u.admin
	}
	if len(password) > MaxPasswordBytes {
		return User{}, ErrCredentials
	}
	if matches := user.hash.matches(password); !matches || !known {
		return User{}, ErrCredentials
	}
	return user, nil
}
