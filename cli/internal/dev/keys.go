package dev

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/functions/local"
)

// keys are the API keys of a dev: one, or two while one replaces the other; and
// that of the run, which no client has and nobody replaces.
type keys struct {
	ring *local.Keyring
	dir  *datadir.Dir
	// given is true when the key came from a flag, and is not the folder's to
	// change.
	given     bool
	newSecret func() string
	ofRun     datadir.Sum

	mu sync.Mutex
	// next is zero when no key is being replaced.
	current, next datadir.Sum
}

func newKeys(dir *datadir.Dir, d *doors, newSecret func() string) *keys {
	k := &keys{
		ring: local.NewKeyring(), dir: dir, given: d.keyGiven, newSecret: newSecret,
		ofRun: datadir.SumOf(d.runKey), current: d.apiKey,
	}
	if !k.given {
		k.next = d.kept.NextAPIKey
	}
	k.set()
	return k
}

// set lets the keys in that there are.
func (k *keys) set() {
	sums := [][sha256.Size]byte{k.ofRun, k.current}
	if k.rotating() {
		sums = append(sums, k.next)
	}
	k.ring.Set(sums...)
}

func (k *keys) rotating() bool { return k.next != datadir.Sum{} }

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
	case k.rotating():
		return "", errRotating
	}
	next := k.newSecret()
	secrets := k.dir.Secrets
	secrets.NextAPIKey = datadir.SumOf(next)
	// Kept before it is let in: a key that a restart forgets would lock out those
	// who use it.
	if err := k.dir.SaveSecrets(secrets); err != nil {
		return "", err
	}
	k.next = secrets.NextAPIKey
	k.set()
	return next, nil
}

// finish takes the old key away.
func (k *keys) finish() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.rotating() {
		return errNotRotating
	}
	secrets := k.dir.Secrets
	secrets.APIKey, secrets.NextAPIKey = k.next, datadir.Sum{}
	if err := k.dir.SaveSecrets(secrets); err != nil {
		return err
	}
	k.current, k.next = k.next, datadir.Sum{}
	k.set()
	return nil
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
	use := func(sum datadir.Sum) KeyUse {
		u, _ := k.ring.Use(sum)
		out := KeyUse{Calls: u.Calls}
		if !u.Last.IsZero() {
			last := u.Last.UTC()
			out.Last = &last
		}
		return out
	}
	s := KeysState{Rotating: k.rotating(), Current: use(k.current)}
	if s.Rotating {
		next := use(k.next)
		s.Next = &next
	}
	return s
}
