package local

import (
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// Keyring holds the API keys that are let in, and counts the calls of each. The
// keys may change while calls come in.
type Keyring struct {
	// now is the clock of Use.
	now func() time.Time

	mu   sync.Mutex
	keys []*keyUse
}

type keyUse struct {
	hash  [sha256.Size]byte
	calls int64
	last  time.Time
}

// Use is how much a key was used since the program began.
type Use struct {
	Calls int64
	// Last is the time of the newest call; zero without one.
	Last time.Time
}

// NewKeyring makes a keyring of some keys.
func NewKeyring(keys ...string) *Keyring {
	r := &Keyring{now: time.Now}
	r.Set(keys...)
	return r
}

// Set replaces the keys. One that stays keeps its count.
func (r *Keyring) Set(keys ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.keys
	r.keys = nil
	for _, key := range keys {
		use := &keyUse{hash: sha256.Sum256([]byte(key))}
		for _, k := range old {
			if k.hash == use.hash {
				use = k
			}
		}
		r.keys = append(r.keys, use)
	}
}

// Use tells how much a key was used; false for a key that is not on the ring.
func (r *Keyring) Use(key string) (Use, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hash := sha256.Sum256([]byte(key))
	for _, k := range r.keys {
		if k.hash == hash {
			return Use{Calls: k.calls, Last: k.last}, true
		}
	}
	return Use{}, false
}

// admit counts a call and tells whether its key is let in. It compares hashes,
// so that the time it takes tells nothing about how much of a key was right.
func (r *Keyring) admit(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	hash := sha256.Sum256([]byte(key))
	found := 0
	for _, k := range r.keys {
		same := subtle.ConstantTimeCompare(hash[:], k.hash[:])
		k.calls += int64(same)
		if same == 1 {
			k.last = r.now()
		}
		found |= same
	}
	return found == 1
}
