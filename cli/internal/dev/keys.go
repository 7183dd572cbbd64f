package dev

import (
	"errors"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/functions/local"
)

// keys are the API keys of a dev: one, or two while one replaces the other.
type keys struct {
	ring *local.Keyring
	dir  *datadir.Dir
	// given is true when the key came from a flag, and is not the folder's to
	// change.
	given     bool
	newSecret func() string

	mu            sync.Mutex
	current, next string
	running       datadir.Running
}

func newKeys(dir *datadir.Dir, current string, given bool, newSecret func() string) *keys {
	k := &keys{ring: local.NewKeyring(), dir: dir, given: given, newSecret: newSecret, current: current}
	if !given {
		k.next = dir.Secrets.NextAPIKey
	}
	k.set()
	return k
}

// set lets the keys in that there are.
func (k *keys) set() {
	if k.next == "" {
		k.ring.Set(k.current)
		return
	}
	k.ring.Set(k.current, k.next)
}

// announce tells other commands where this dev is, and which key to use.
func (k *keys) announce(r datadir.Running) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = r
	return k.tell()
}

func (k *keys) tell() error {
	r := k.running
	if r.APIKey = k.current; k.next != "" {
		r.APIKey = k.next
	}
	return k.dir.Announce(r)
}

var (
	errGiven       = errors.New("this dev was started with --api-key: start it again with another key, or without, to have the data folder keep one")
	errRotating    = errors.New("a key is being replaced already: finish that first")
	errNotRotating = errors.New("no key is being replaced")
)

// begin makes a second key.
func (k *keys) begin() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.given:
		return "", errGiven
	case k.next != "":
		return "", errRotating
	}
	next := k.newSecret()
	secrets := k.dir.Secrets
	secrets.NextAPIKey = next
	// Kept before it is let in: a key that a restart forgets would lock out those
	// who use it.
	if err := k.dir.SaveSecrets(secrets); err != nil {
		return "", err
	}
	k.next = next
	k.set()
	return next, k.tell()
}

// finish takes the old key away.
func (k *keys) finish() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next == "" {
		return errNotRotating
	}
	secrets := k.dir.Secrets
	secrets.APIKey, secrets.NextAPIKey = k.next, ""
	if err := k.dir.SaveSecrets(secrets); err != nil {
		return err
	}
	k.current, k.next = k.next, ""
	k.set()
	return k.tell()
}

// KeyUse is how much a key was used since dev began.
type KeyUse struct {
	Calls int64      `json:"calls"`
	Last  *time.Time `json:"last"`
}

// KeysState is what a dev tells of its keys.
type KeysState struct {
	// Rotating is true while one key replaces another.
	Rotating bool    `json:"rotating"`
	Current  KeyUse  `json:"current"`
	Next     *KeyUse `json:"next"`
}

func (k *keys) state() KeysState {
	k.mu.Lock()
	defer k.mu.Unlock()
	use := func(key string) KeyUse {
		u, _ := k.ring.Use(key)
		out := KeyUse{Calls: u.Calls}
		if !u.Last.IsZero() {
			last := u.Last.UTC()
			out.Last = &last
		}
		return out
	}
	s := KeysState{Rotating: k.next != "", Current: use(k.current)}
	if s.Rotating {
		next := use(k.next)
		s.Next = &next
	}
	return s
}
