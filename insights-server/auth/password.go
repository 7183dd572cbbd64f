// Package auth decides who may ask: it hashes and verifies passwords, seals
// sessions into cookies, compares bearer tokens and limits attempts. It knows
// nothing of HTTP routes.
package auth

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash: OWASP's recommendation for argon2id with the least
// memory (19 MiB), about 20 ms on one core. Memory counts, because the server
// runs on small machines.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// The greatest cost that a given hash may have. A hash comes from the
// configuration; a typing error there must not take the machine's memory.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 64
	maxLanes     = 64
	maxFieldSize = 64
)

// MaxPasswordBytes bounds what is hashed for anyone who asks.
const MaxPasswordBytes = 1024

// ErrHash is wrapped when a password hash cannot be read.
var ErrHash = errors.New("not an argon2id hash in PHC format: make one with `insights-server hash-password`")

// Hash derives an argon2id hash in PHC format, "$argon2id$v=19$m=…". The salt
// is read from random.
func Hash(password string, random io.Reader) (string, error) {
	if password == "" {
		return "", errors.New("hash the password: it is empty")
	}
	if len(password) > MaxPasswordBytes {
		return "", fmt.Errorf("hash the password: it has %d bytes, more than %d", len(password), MaxPasswordBytes)
	}
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("hash the password: read a salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, passes, memoryKiB, lanes, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// phc is a hash taken apart.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func parseHash(s string) (phc, error) {
	var h phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, ErrHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, fmt.Errorf("%w (its costs are %q)", ErrHash, parts[3])
	}
	if h.passes < 1 || h.passes > maxPasses || h.lanes < 1 || h.lanes > maxLanes ||
		h.memory < 8*uint32(h.lanes) || h.memory > maxMemoryKiB {
		return h, fmt.Errorf("%w (its costs %q are out of bounds)", ErrHash, parts[3])
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 || len(h.salt) > maxFieldSize {
		return h, fmt.Errorf("%w (its salt is broken)", ErrHash)
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.key) < 16 || len(h.key) > maxFieldSize {
		return h, fmt.Errorf("%w (its key is broken)", ErrHash)
	}
	return h, nil
}

// matches compares in constant time.
func (h phc) matches(password string) bool {
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

// DeriveHash is Hash with a salt that depends on a secret key alone, for a
// password that is configured in the clear: the same password and key give the
// same hash after a restart, so that sessions go on, and another password
// gives another.
func DeriveHash(password string, key []byte) (string, error) {
	salt, err := hkdf.Key(sha256.New, key, nil, "dataloaf password salt", saltBytes)
	if err != nil {
		return "", fmt.Errorf("hash the password: derive a salt: %w", err)
	}
	return Hash(password, bytes.NewReader(salt))
}
