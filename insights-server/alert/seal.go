package alert

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Seal keeps secrets by AES-256-GCM, under a key of its own that comes of the
// server's by HKDF (RFC 5869): who reads the warehouse does not read them.
type Seal struct{ aead cipher.AEAD }

// ErrSealed says that a secret was sealed with another key.
var ErrSealed = errors.New("its signing secret was sealed with a session key that is no more: remove the webhook and add it again, for a new secret")

// NewSeal makes a seal of the server's session key.
func NewSeal(key []byte) (*Seal, error) {
	own, err := hkdf.Key(sha256.New, key, nil, "dataloaf alert secrets", 32)
	if err != nil {
		return nil, fmt.Errorf("make the key for alerts' secrets: %w", err)
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		return nil, fmt.Errorf("make the key for alerts' secrets: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the key for alerts' secrets: %w", err)
	}
	return &Seal{aead}, nil
}

// Seal implements Sealer.
func (s *Seal) Seal(secret, name string) (string, error) {
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(secret), []byte(name))), nil
}

// Open implements Sealer.
func (s *Seal) Open(sealed, name string) (string, error) {
	text, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", ErrSealed
	}
	secret, err := s.aead.Open(nil, nil, text, []byte(name))
	if err != nil {
		return "", ErrSealed
	}
	return string(secret), nil
}
