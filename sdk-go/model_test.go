package dataloaf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// TestModel runs programs that enqueue, flush, crash and start again by chance,
// on a clock of their own, against a server that fails by chance. Each message is
// followed on its own: what the server stored and what callbacks were told must
// together be what was enqueued, with nothing beside it.
func TestModel(t *testing.T) {
	runs := 1000
	if testing.Short() {
		runs = 100
	}
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			m := newModel(t, uint64(seed))
			m.run()
			if t.Failed() {
				t.Logf("seed %d: sync %v, power %t, spool %t", seed, m.sync, m.power, m.spooled)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// model is one run.
type model struct {
	t      *testing.T
	random *rand.Rand
	mu     sync.Mutex
	disk   *dataloaf.MemDisk
	api    *fakeAPI
	// healthy: the server fails no more.
	healthy bool

	spooled, power bool
	sync           dataloaf.Sync

	client *dataloaf.Client
	// life is the number of the process; its callbacks count while it lives.
	life int
	dead bool

	enqueued map[string]enqueuedAs
	told     map[string]dataloaf.Status
	names    int
}

type enqueuedAs struct {
	life int
	// at is when, for what a loss of power may take.
	at time.Time
	// sure: Enqueue returned nil. Otherwise the crash came within it.
	sure bool
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{t: t, random: rand.New(rand.NewPCG(seed, 7)), api: newAPI(), enqueued: map[string]enqueuedAs{}, told: map[string]dataloaf.Status{}}
	m.disk = dataloaf.NewMemDisk(m.draw)
	m.spooled = m.draw(5) > 0
	m.power = m.spooled && m.draw(2) == 0
	m.sync = dataloaf.Sync(m.draw(3))
	m.api.before = m.fail
	m.api.lose = func(w http.ResponseWriter) bool {
		if m.isHealthy() || m.draw(8) > 0 {
			return false
		}
		w.WriteHeader(statusBroken)
		return true
	}
	m.api.refuse = func(id string) wire.Code {
		switch {
		case strings.HasSuffix(id, "7"): // bad stays bad, however often it comes
			return wire.CodeKeyInvalid
		case !m.isHealthy() && m.draw(15) == 0 && m.api.stored[id] == 0:
			return wire.CodeUnavailable
		}
		return ""
	}
	return m
}

func (m *model) draw(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.random.IntN(n)
}

func (m *model) isHealthy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.healthy
}

// fail is the server's bad days.
func (m *model) fail(n int, w http.ResponseWriter, r *http.Request) bool {
	if m.isHealthy() {
		return false
	}
	switch m.draw(10) {
	case 0, 1:
		w.WriteHeader(statusBroken)
	case 2:
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusTooManyRequests)
	case 3:
		w.WriteHeader([]int{408, 500, 502, 503}[m.draw(4)])
	case 4:
		<-r.Context().Done()
	case 5:
		if len(m.api.seen()[n].ids) == 1 {
			return false // it would be refused for good
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	default:
		return false
	}
	return true
}

// start begins a process.
func (m *model) start() {
	m.t.Helper()
	m.mu.Lock()
	m.life++
	m.dead = false
	life := m.life
	m.mu.Unlock()
	config := dataloaf.Config{
		Endpoint: "https://api.example.com", APIKey: testKey, Logger: slog.New(slog.DiscardHandler), Transport: mortal{m, life},
		MaxBatchItems: 1 + m.draw(8), MaxQueueItems: 2 + m.draw(30), Senders: 1 + m.draw(3), RequestTimeout: 10 * time.Second,
		Random: lockedRandom{m},
		Callback: func(r dataloaf.Result) {
			id := idOf(r.Message)
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.life != life || m.dead {
				return // a dead process tells nobody
			}
			if before, ok := m.told[id]; ok && before != r.Status {
				m.t.Errorf("%s was told as %s and as %s", id, before, r.Status)
			}
			m.told[id] = r.Status
		},
	}
	if m.spooled {
		config.Spool = dataloaf.Spool{Dir: "spool", MaxBytes: dataloaf.MinSpoolMaxBytes, Sync: m.sync}
		dataloaf.WithDisk(&config.Spool, m.disk)
	} else {
		config.MaxRetryTime = time.Duration(1+m.draw(120)) * time.Second
	}
	client, err := dataloaf.New(config)
	if err != nil {
		m.t.Fatal(err)
	}
	m.client = client
}

// mortal is a transport that dies with its process.
type mortal struct {
	m    *model
	life int
}

func (l mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	l.m.mu.Lock()
	gone := l.m.life != l.life || l.m.dead
	l.m.mu.Unlock()
	if gone {
		return nil, io.ErrClosedPipe
	}
	return l.m.api.RoundTrip(r)
}

type lockedRandom struct{ m *model }

func (l lockedRandom) Read(p []byte) (int, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for i := range p {
		p[i] = byte(l.m.random.Uint32())
	}
	return len(p), nil
}

// idOf is what the fake API knows a message by.
func idOf(m dataloaf.Message) string {
	switch m := m.(type) {
	case dataloaf.User:
		return m.UserID
	case dataloaf.Update:
		return m.UserID
	default:
		return m.(dataloaf.Event).EventID
	}
}

// enqueue enqueues a message of a kind by chance.
func (m *model) enqueue() {
	id := fmt.Sprintf("00000000-0000-7000-8000-%012d", m.names)
	m.names++
	var message dataloaf.Message = dataloaf.Event{Event: "e", EventID: id, Properties: map[string]any{"text": strings.Repeat("x", m.draw(300))}}
	switch m.draw(5) {
	case 0:
		message = dataloaf.User{UserID: id}
	case 1:
		message = dataloaf.Update{UserID: id, Attributes: map[string]any{"n": m.names}}
	}
	err := m.client.Enqueue(message)
	switch {
	case err == nil:
		m.enqueued[id] = enqueuedAs{m.life, time.Now(), true}
	case errors.Is(err, dataloaf.ErrQueueFull):
	case m.spooled && m.disk.Life() > 0:
		m.enqueued[id] = enqueuedAs{m.life, time.Now(), false} // it died within
	default:
		m.t.Errorf("enqueue: %v", err)
	}
}

// crash ends the process without a word.
func (m *model) crash() {
	m.mu.Lock()
	m.dead = true
	m.mu.Unlock()
	if m.power {
		m.disk.PowerLoss()
	} else {
		m.disk.Kill()
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_ = m.client.Close(gone) // only its goroutines are left, and they do nothing
}

func (m *model) run() {
	crashes := 0
	if m.spooled {
		crashes = m.draw(4)
	}
	// lost is when what was enqueued may be lost, by the policy, life by life.
	lost := map[int]time.Time{}
	for range crashes {
		m.start()
		dieMidWrite := !m.power && m.draw(2) == 0
		if dieMidWrite {
			m.disk.DieIn(1 + m.draw(30))
		}
		before := m.disk.Life()
		m.work(func() bool { return m.disk.Life() > before })
		if m.power {
			switch m.sync {
			case dataloaf.SyncInterval:
				lost[m.life] = time.Now().Add(-dataloaf.DefaultSpoolSyncInterval)
			case dataloaf.SyncNever:
				lost[m.life] = time.Time{}
			}
		}
		m.crash()
	}
	m.start()
	m.work(func() bool { return false })
	m.mu.Lock()
	m.healthy = true
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	defer cancel()
	closed := m.client.Close(ctx)
	s := m.client.Stats()
	if s.Pending != 0 || s.Enqueued+s.Recovered != s.Accepted+s.Rejected+s.Dropped {
		m.t.Errorf("after the last close (%v): %+v", closed, s)
	}
	if m.spooled {
		if names := m.disk.Names(); len(names) > 0 {
			m.t.Errorf("files are left: %v", names)
		}
	}
	m.compare(lost)
}

// work is what a process does.
func (m *model) work(died func() bool) {
	for range m.draw(60) {
		switch m.draw(12) {
		case 0:
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(m.draw(20))*time.Second)
			_ = m.client.Flush(ctx) // it may well run out of time
			cancel()
		case 1:
			time.Sleep(time.Duration(m.draw(5000)) * time.Millisecond) // the bubble's clock
		default:
			m.enqueue()
		}
		if died() {
			return
		}
	}
}

func (m *model) compare(lost map[int]time.Time) {
	for id, e := range m.enqueued {
		stored := m.api.copies(id) > 0
		status, told := m.told[id]
		at, mayBeLost := lost[e.life]
		switch {
		case told && (status == dataloaf.Accepted) != stored:
			// A message may be stored and its answer lost; then it is dropped only
			// when its time is up.
			if status != dataloaf.Dropped {
				m.t.Errorf("%s is told as %s, and stored: %t", id, status, stored)
			}
		case told, stored:
		case !e.sure:
		case mayBeLost && !e.at.Before(at):
		default:
			m.t.Errorf("%s, enqueued at %v in life %d, is lost", id, e.at, e.life)
		}
	}
	for id := range m.api.stored {
		if _, ok := m.enqueued[id]; !ok {
			m.t.Errorf("%s is stored and was never enqueued", id)
		}
	}
	for id := range m.told {
		if _, ok := m.enqueued[id]; !ok {
			m.t.Errorf("%s was told of and was never enqueued", id)
		}
	}
}
