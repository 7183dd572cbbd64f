package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of attempts to sign in. Only wrong ones count.
const (
	// AttemptsPerAddress may be wrong at once from one address; one more every
	// AddressRefill.
	AttemptsPerAddress = 10
	AddressRefill      = 30 * time.Second
	// AttemptsOverall may be wrong at once from all addresses together; one
	// more every OverallRefill. One address cannot use them up.
	AttemptsOverall = 200
	OverallRefill   = time.Second
)

// trusted is how long an address that signed in is spared the overall limit,
// so that a guessing crowd does not lock the owner out.
const trusted = 30 * 24 * time.Hour

// maxAddresses bounds the limiter's memory.
const maxAddresses = 20_000

// Limiter limits wrong attempts to sign in, for each client address and over
// all of them.
type Limiter struct {
	now func() time.Time

	mu        sync.Mutex
	overall   bucket
	addresses map[netip.Prefix]*bucket
	signedIn  map[netip.Prefix]time.Time
}

// NewLimiter makes a limiter on a clock.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{
		now:       now,
		overall:   bucket{size: AttemptsOverall, refill: OverallRefill},
		addresses: map[netip.Prefix]*bucket{},
		signedIn:  map[netip.Prefix]time.Time{},
	}
}

// bucket holds how much of an allowance is used.
type bucket struct {
	size   int
	refill time.Duration
	// used decays: one attempt is forgotten every refill.
	used  time.Duration
	since time.Time
}

func (b *bucket) settle(now time.Time) {
	if passed := now.Sub(b.since); passed > 0 {
		b.used = max(0, b.used-passed)
	}
	b.since = now
}

// wait is how long until there is room for one more attempt.
func (b *bucket) wait() time.Duration {
	return max(0, b.used-time.Duration(b.size-1)*b.refill)
}

func (b *bucket) take()     { b.used += b.refill }
func (b *bucket) giveBack() { b.used = max(0, b.used-b.refill) }

// Attempt is one try that was let through.
type Attempt struct {
	limiter *Limiter
	network netip.Prefix
	overall bool
}

// Begin counts an attempt as wrong until Succeed says otherwise, so that many
// at once cannot pass together. It gives how long to wait when there were too
// many.
func (l *Limiter) Begin(client netip.Addr) (Attempt, time.Duration) {
	network := networkOf(client)
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prune(now)
	b, ok := l.addresses[network]
	if !ok {
		b = &bucket{size: AttemptsPerAddress, refill: AddressRefill, since: now}
		l.addresses[network] = b
	}
	b.settle(now)
	if wait := b.wait(); wait > 0 {
		return Attempt{}, wait
	}
	l.overall.settle(now)
	spared := now.Before(l.signedIn[network])
	if wait := l.overall.wait(); wait > 0 && !spared {
		return Attempt{}, wait
	}
	b.take()
	if !spared {
		l.overall.take()
	}
	return Attempt{limiter: l, network: network, overall: !spared}, 0
}

// Succeed says that the attempt was right. It does not forgive the wrong ones
// before it: else someone with an account could guess another's password
// without end.
func (a Attempt) Succeed() {
	l := a.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	a.giveBack()
	l.signedIn[a.network] = l.now().Add(trusted)
}

// Cancel says that the attempt was never judged.
func (a Attempt) Cancel() {
	a.limiter.mu.Lock()
	defer a.limiter.mu.Unlock()
	a.giveBack()
}

func (a Attempt) giveBack() {
	if b, ok := a.limiter.addresses[a.network]; ok {
		b.giveBack()
	}
	if a.overall {
		a.limiter.overall.giveBack()
	}
}

// prune forgets what no longer matters once there is much of it.
func (l *Limiter) prune(now time.Time) {
	if len(l.addresses) >= maxAddresses {
		for network, b := range l.addresses {
			if b.settle(now); b.used == 0 {
				delete(l.addresses, network)
			}
		}
		// A crowd larger than the memory: the overall limit holds it.
		for network := range l.addresses {
			if len(l.addresses) < maxAddresses/2 {
				break
			}
			delete(l.addresses, network)
		}
	}
	if len(l.signedIn) >= maxAddresses {
		for network := range l.signedIn {
			if len(l.signedIn) < maxAddresses/2 {
				break
			}
			delete(l.signedIn, network)
		}
	}
}

// networkOf is what counts as one client: an IPv4 address, or the /64 that an
// IPv6 client has to itself.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an address that is none: those share one allowance
	}
	return p
}
