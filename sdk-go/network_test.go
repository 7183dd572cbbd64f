package dataloaf_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// TestMain fails when the tests leave a goroutine of the client behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := goroutines(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// goroutines gives the stacks of the client's goroutines and of connections
// that are kept, once those that are ending had their turn.
func goroutines() (left string) {
	stacks := make([]byte, 1<<20)
	for range 10_000 {
		n := runtime.Stack(stacks, true)
		left = ""
		for _, stack := range strings.Split(string(stacks[:n]), "\n\n") {
			if strings.Contains(stack, "dataloaf.(*Client)") || strings.Contains(stack, "net/http.(*persistConn)") {
				left += stack + "\n\n"
			}
		}
		if left == "" {
			break
		}
		runtime.Gosched()
	}
	return left
}

// overNetwork makes a client of a real server. Pauses are zero: what is
// awaited here is the network, not the clock.
func overNetwork(t *testing.T, h http.Handler, change func(*dataloaf.Config)) (*dataloaf.Client, *results) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	told := &results{}
	config := dataloaf.Config{Endpoint: server.URL, APIKey: testKey, Callback: told.add, Random: &steady{}, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&config)
	}
	c, err := dataloaf.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c, told
}

// cut answers in one of the ways in which a connection breaks.
func cut(way int, w http.ResponseWriter) {
	switch way {
	case 0: // no answer at all
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = connection.Close()
		}
	case 1: // half a head
		connection, buffered, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = buffered.WriteString("HTTP/1.1 202 Acc")
			_ = buffered.Flush()
			_ = connection.Close()
		}
	default: // half a body
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"accepted":`))
	}
}

func TestCutConnections(t *testing.T) {
	for way, name := range []string{"no answer", "half a head", "half a body"} {
		t.Run(name, func(t *testing.T) {
			a := newAPI()
			a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n < 3 {
					cut(way, w)
				}
				return n < 3
			}
			c, told := overNetwork(t, a, nil)
			track(t, c, 20)
			must(t, c.Close(context.Background()))
			want(t, told, 20, dataloaf.Accepted)
			if n := len(a.seen()); n < 4 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	told := &results{}
	c, err := dataloaf.New(dataloaf.Config{Endpoint: address, APIKey: testKey, Callback: told.add, MaxRetryTime: 1, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	track(t, c, 3)
	flush(t, c)
	must(t, c.Close(context.Background()))
	want(t, told, 3, dataloaf.Dropped)
	if r := told.list()[0]; r.Code != dataloaf.CodeNetwork {
		t.Errorf("%+v", r)
	}
}

func TestASlowServerDoesNotSlowTheCaller(t *testing.T) {
	release := make(chan struct{})
	a := newAPI()
	a.before = func(int, http.ResponseWriter, *http.Request) bool { <-release; return false }
	c, told := overNetwork(t, a, func(c *dataloaf.Config) { c.MaxBatchItems = 10 })
	track(t, c, 500) // returns while no request has been answered
	if s := c.Stats(); s.Pending != 500 {
		t.Errorf("%+v", s)
	}
	close(release)
	must(t, c.Close(context.Background()))
	want(t, told, 500, dataloaf.Accepted)
}

// TestNothingIsLostOrToldTwice sends from many goroutines to a server that
// fails in every way by chance. Afterwards what the server stored and what the
// callback told must agree, message by message.
func TestNothingIsLostOrToldTwice(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 1))
			draw := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(n)
			}
			a := newAPI()
			a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
				switch draw(12) {
				case 0, 1, 2:
					cut(draw(3), w)
				case 3:
					w.WriteHeader([]int{408, 429, 500, 502, 503}[draw(5)])
				case 4:
					if len(a.seen()[n].ids) == 1 {
						return false // it would be refused for good
					}
					w.WriteHeader(http.StatusRequestEntityTooLarge)
				default:
					return false
				}
				return true
			}
			a.lose = func(w http.ResponseWriter) bool {
				if draw(10) > 0 {
					return false
				}
				cut(draw(3), w)
				return true
			}
			a.refuse = func(id string) wire.Code {
				if id[len(id)-1] == '7' { // bad stays bad, however often it comes
					return wire.CodeKeyInvalid
				}
				if draw(20) == 0 && a.stored[id] == 0 {
					return wire.CodeUnavailable
				}
				return ""
			}
			c, told := overNetwork(t, a, func(c *dataloaf.Config) { c.MaxBatchItems = 7; c.MaxQueueItems = 40 })
			const writers, each = 8, 30
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					for i := range each {
						e := dataloaf.Event{Event: "e", Tag: w*each + i}
						if err := c.EnqueueWait(context.Background(), e); err != nil {
							t.Error(err)
						}
					}
				})
			}
			group.Go(func() {
				for range 5 {
					if err := c.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
			group.Wait()
			must(t, c.Close(context.Background()))

			counts := map[dataloaf.Status]int64{}
			byTag := told.byTag(t)
			for tag := range writers * each {
				r, ok := byTag[tag]
				if !ok {
					t.Fatalf("nothing was told of message %d", tag)
				}
				counts[r.Status]++
				stored := a.copies(r.Message.(dataloaf.Event).EventID)
				if (r.Status == dataloaf.Accepted) != (stored > 0) {
					t.Errorf("message %d is told as %s (%s) and stored %d times", tag, r.Status, r.Code, stored)
				}
			}
			s := c.Stats()
			if s.Enqueued != writers*each || s.Accepted != counts[dataloaf.Accepted] || s.Rejected != counts[dataloaf.Rejected] || s.Dropped != counts[dataloaf.Dropped] || s.Pending != 0 {
				t.Errorf("stats %+v, told %v", s, counts)
			}
		})
	}
}
