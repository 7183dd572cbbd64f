package warehouse_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// stopper is a source that calls stop when so many bytes of an object were read.
type stopper struct {
	folder
	left int
	stop func()
}

func (s *stopper) Open(ctx context.Context, o warehouse.Object) (io.ReadCloser, error) {
	body, err := s.folder.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{stopReader{body, s}, body}, nil
}

type stopReader struct {
	io.Reader
	s *stopper
}

func (r stopReader) Read(p []byte) (int, error) {
	if r.s.left > 0 && len(p) > r.s.left {
		p = p[:r.s.left]
	}
	n, err := r.Reader.Read(p)
	if r.s.left > 0 {
		if r.s.left -= n; r.s.left == 0 {
			r.s.stop()
		}
	}
	return n, err
}

// patience is when a call that does not come back is given up.
const patience = time.Minute

// within fails the test when f does not come back.
func within(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		t.Fatalf("it has not come back after %s", patience)
		return nil
	}
}

// ending is a context whose children end one by one, the youngest first, and
// before it does itself, as the scheduler may have it with any context: of those who
// hear of it database/sql, which rolls back, is before lib/pq, which cancels.
type ending struct {
	context.Context
	mu       sync.Mutex
	children []func()
	done     chan struct{}
	err      error
}

func newEnding(parent context.Context) *ending {
	return &ending{Context: parent, done: make(chan struct{})}
}

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// AfterFunc is how package context tells a context's children.
func (e *ending) AfterFunc(f func()) (stop func() bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := len(e.children)
	e.children = append(e.children, f)
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		waiting := e.children[i] != nil
		e.children[i] = nil
		return waiting
	}
}

// end ends the context, and meanwhile runs when only the youngest child has ended.
func (e *ending) end(meanwhile func()) {
	e.mu.Lock()
	e.err = context.Canceled
	children := slices.Clone(e.children)
	e.mu.Unlock()
	for _, child := range slices.Backward(children) {
		if child != nil {
			child()
			meanwhile()
			meanwhile = func() {}
		}
	}
	close(e.done)
}

// A context that ends in the middle of a COPY ends the load, and the next one
// finds the writer free: lib/pq's own ROLLBACK would wait for an answer that the
// reader of the COPY takes away.
func TestAContextThatEndsInTheMiddleOfACopy(t *testing.T) {
	raw := folder(t.TempDir())
	source := &stopper{folder: raw}
	w, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), Source: source})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	// rolledBack waits until the load has given up its connection, or patience is
	// over.
	rolledBack := func() {
		look := time.NewTicker(time.Millisecond)
		defer look.Stop()
		for start := time.Now(); w.Database().SQL.Stats().InUse > 0 && time.Since(start) < patience; {
			<-look.C
		}
	}
	rng := rand.New(rand.NewPCG(3, 0))
	var lines []string
	for n := range 5000 {
		lines = append(lines, eventLine(n, noon, "x", "u", fmt.Sprintf(`{"n":%d}`, rng.Int())))
	}
	o := raw.put(t, warehouse.Events, "long", lines...)
	for n := range 20 {
		source.left = 1 + rng.IntN(40_000)
		ctx := newEnding(t.Context())
		source.stop = func() { ctx.end(rolledBack) }
		if n%2 == 1 { // in the order in which they happen to hear of it
			source.stop = func() { ctx.end(func() {}) }
		}
		err := within(t, func() error { _, err := w.Load(ctx, []warehouse.Object{o}); return err })
		if !errors.Is(err, warehouse.ErrUnavailable) {
			t.Fatalf("want ErrUnavailable, got %v", err)
		}
	}
	source.left = 0
	if err := within(t, func() error { _, err := w.Load(t.Context(), []warehouse.Object{o}); return err }); err != nil {
		t.Fatal(err)
	}
	want(t, "then all", column(t, w, countEvents), "5000")
}

// silent is a way to a server that falls silent: nothing passes any more, and no
// connection ends.
type silent struct {
	listener net.Listener
	server   string
	muted    chan struct{}
	// heard is told of what is sent after that.
	heard chan struct{}
}

// between gives the URL of a server by a way that falls silent when it is muted.
func between(t *testing.T, to string) (by string, s *silent) {
	t.Helper()
	address, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s = &silent{listener: listener, server: address.Host, muted: make(chan struct{}), heard: make(chan struct{}, 1)}
	go s.serve()
	address.Host = listener.Addr().String()
	return address.String(), s
}

func (s *silent) serve() {
	for {
		client, err := s.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", s.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		go s.pass(client, server)
		go s.pass(server, client)
	}
}

func (s *silent) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-s.muted:
			select {
			case s.heard <- struct{}{}:
			default:
			}
			return // with both ends left open
		default:
		}
		if err != nil {
			_ = to.Close()
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// A server of which nothing is heard any more is waited for a few seconds when the
// context has ended.
func TestAServerThatFallsSilent(t *testing.T) {
	raw := folder(t.TempDir())
	source := &stopper{folder: raw}
	by, way := between(t, postgrestest.URL(t))
	w, err := postgres.Open(t.Context(), postgres.Config{URL: by, Source: source})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := raw.put(t, warehouse.Updates, "a", string(wire.UserUpdate{UserID: "u", UpdatedAt: noon, Attributes: json.RawMessage(`{}`)}.AppendRecord(nil, noon)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	source.left, source.stop = 20, func() { close(way.muted) }
	go func() {
		<-way.heard // a statement, to which nothing answers
		cancel()
	}()
	if err := within(t, func() error { _, err := w.Load(ctx, []warehouse.Object{o}); return err }); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Fatalf("want ErrUnavailable, got %v", err)
	}
}

// counted is a context that ends when it is looked at for so many times.
type counted struct {
	context.Context
	mu   sync.Mutex
	left int
	done chan struct{}
}

func newCounted(parent context.Context, looks int) *counted {
	return &counted{Context: parent, left: looks, done: make(chan struct{})}
}

func (c *counted) look() (ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
	return c.left <= 0
}

func (c *counted) Done() <-chan struct{} {
	c.look()
	return c.done
}

func (c *counted) Err() error {
	if c.look() {
		return context.Canceled
	}
	return nil
}

// A context that ends while DuckDB begins a transaction, or in the middle of it,
// can leave the connection behind in one, which must not be the next load's.
func TestALoadAfterOneThatWasCutOff(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		const most = 1000
		stride := 1
		if testing.Short() {
			stride = 7
		}
		cut, looks, loads := 0, 1, 0
		for ; ; looks += stride {
			loads += 2
			o := raw.put(t, warehouse.Events, fmt.Sprint("cut", looks), eventLine(2*looks, noon, "x", "u", `{"n":1}`))
			err := within(t, func() error {
				_, err := w.Load(newCounted(t.Context(), looks), []warehouse.Object{o})
				return err
			})
			if err != nil && !errors.Is(err, warehouse.ErrUnavailable) {
				t.Fatalf("cut off at look %d: want ErrUnavailable, got %v", looks, err)
			}
			if err != nil {
				cut++
			}
			next := raw.put(t, warehouse.Events, fmt.Sprint("next", looks), eventLine(2*looks+1, noon, "x", "u", `{"n":1}`))
			if err := within(t, func() error { _, err := w.Load(t.Context(), []warehouse.Object{next, o}); return err }); err != nil {
				t.Fatalf("after one that was cut off at look %d: %v", looks, err)
			}
			if err == nil && looks > 20 || looks >= most {
				break
			}
		}
		if cut < 5 || looks >= most {
			t.Errorf("%d loads were cut off, of %d", cut, looks)
		}
		want(t, "count", column(t, w, countEvents), fmt.Sprint(loads))
	})
}
