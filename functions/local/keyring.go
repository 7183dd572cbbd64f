package local

import (
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// Keyring holds the SHA-256 sums of the API keys that are let in, and counts the
// calls of each: a sum is enough to know a key by, and not to use it. A key is long
// and random, so it needs no slow hash. The keys may change while calls come in.
type Keyring struct {
	// now is the clock of Use.
	now func() time.Time

	mu   sync.Mutex
	keys []*keyUse
}

type keyUse struct {
	sum   [sha256.Size]byte
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
	sums := make([][sha256.Size]byte, len(keys))
	for i, key := range keys {
		sums[i] = sha256.Sum256([]byte(key))
	}
	r.Set(sums...)
	return r
}

// Set replaces the keys. One that stays keeps its count.
func (r *Keyring) Set(sums ...[sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.keys
	r.keys = nil
	for _, sum := range sums {
		use := &keyUse{sum: sum}
		for _, k := range old {
			if k.sum == sum {
				use = k
			}
		}
		r.keys = append(r.keys, use)
	}
}

// Use tells how much a key was used; false for a key that is not on the ring.
func (r *Keyring) Use(sum [sha256.Size]byte) (Use, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.keys {
		if k.sum == sum {
			return Use{Calls: k.calls, Last: k.last}, true
		}
	}
	return Use{}, false
}

// admit counts a call and tells whether its key is let in. It compares sums,
// so that the time it takes tells nothing about how much of a key was right.
func (r *Keyring) admit(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := sha256.Sum256([]byte(key))
	found := 0
	for _, k := range r.keys {
		same := subtle.ConstantTimeCompare(sum[:], k.sum[:])
		k.calls += int64(same)
		if same == 1 {
			k.last = r.now()
		}
		found |= same
	}
	return found == 1
}
