package auth

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// DefaultEmail names a first admin who has no address.
const DefaultEmail = "admin"

// AdminID stands for the first admin where members have an id.
const AdminID = "admin"

// MinPasswordCharacters is the least length of a password that somebody chooses.
const MinPasswordCharacters = 12

// User is someone who can sign in.
type User struct {
	// ID is the member's, AdminID for the first admin, "" for a token.
	ID    string
	Email string
	Role  Role
	// mark changes with the password and when the member is disabled; a session
	// carries it, so that either ends the sessions of before.
	mark string
	hash phc
}

// ErrCredentials says that the password is wrong or the user unknown, and not
// which.
var ErrCredentials = errors.New("the password is wrong, or there is no such user")

// The errors of a password that somebody chooses.
var (
	ErrPasswordTooShort = errors.New("the password is too short")
	ErrPasswordTooLong  = errors.New("the password is too long")
)

// CheckPassword holds a password that somebody chooses against the policy:
// length alone, since rules about characters make passwords no harder to guess.
func CheckPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPasswordCharacters:
		return ErrPasswordTooShort
	case len(password) > MaxPasswordBytes:
		return ErrPasswordTooLong
	default:
		return nil
	}
}

// fold makes addresses comparable: nobody tells two people apart by case.
func fold(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
