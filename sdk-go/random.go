package dataloaf

import (
	"bufio"
	"crypto/rand"
	"io"
	"sync"
)

// pooledRandom reads the system's randomness some ids ahead: a system call for
// every event would cost more than all the rest of a call.
type pooledRandom struct {
	mu     sync.Mutex
	source *bufio.Reader
}

func newRandom() io.Reader {
	return &pooledRandom{source: bufio.NewReaderSize(rand.Reader, 4<<10)}
}

// Read fills p whole: what is left of the last read and what the next one gives
// are equally good.
func (r *pooledRandom) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return io.ReadFull(r.source, p)
}
