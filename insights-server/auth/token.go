package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// Tokens are the bearer tokens of programs. Only their SHA-256 is kept: a
// token is long and random, so it needs no slow hash.
type Tokens struct {
	sums [][sha256.Size]byte
}

// ParseTokens reads SHA-256 sums in hexadecimal, separated by commas or white
// space.
func ParseTokens(s string) (Tokens, error) {
	var t Tokens
	for i, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' || r == '\r' }) {
		sum, err := hex.DecodeString(field)
		if err != nil || len(sum) != sha256.Size {
			return Tokens{}, fmt.Errorf("read token sum %d: it is not the 64 hexadecimal digits of a SHA-256", i+1)
		}
		t.sums = append(t.sums, [sha256.Size]byte(sum))
	}
	return t, nil
}

// Valid reports whether the token is one of them. The time that it takes does
// not depend on the token's likeness to a valid one.
func (t Tokens) Valid(token string) bool {
	sum := sha256.Sum256([]byte(token))
	valid := 0
	for _, known := range t.sums {
		valid |= subtle.ConstantTimeCompare(sum[:], known[:])
	}
	return token != "" && valid == 1
}
