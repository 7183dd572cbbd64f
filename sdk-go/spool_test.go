package dataloaf_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
)

// onDisk lets a client have a spool on the disk.
func onDisk(d *dataloaf.MemDisk, change func(*dataloaf.Config)) func(*dataloaf.Config) {
	return func(c *dataloaf.Config) {
		c.Spool = dataloaf.Spool{Dir: "spool"}
		dataloaf.WithDisk(&c.Spool, d)
		c.Random = nil // steady draws no pauses, and without one the clock stands still
		if change != nil {
			change(c)
		}
	}
}

// away is a server that is away until it is back.
type away struct {
	*fakeAPI
	mu   sync.Mutex
	back bool
}

func newAway() *away {
	a := &away{fakeAPI: newAPI()}
	a.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.back {
			w.WriteHeader(statusBroken)
		}
		return !a.back
	}
	return a
}

func (a *away) comeBack() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.back = true
}

// closeNow closes a client that is given no time.
func closeNow(t *testing.T, c *dataloaf.Client) {
	t.Helper()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	must(t, c.Close(gone))
}

func never(int) int { return 0 }

func numbered(n int) dataloaf.Event {
	return dataloaf.Event{Event: "e", EventID: fmt.Sprintf("00000000-0000-7000-8000-%012d", n)}
}

func TestWhatIsNotDeliveredIsDeliveredByTheNextClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, a := dataloaf.NewMemDisk(never), newAway()
		first, told := open(t, a.fakeAPI, onDisk(d, nil))
		made := time.Now()
		must(t, first.Track(dataloaf.Event{Event: "bread baked", UserID: "ada", Properties: map[string]any{"kind": "rye"}, Tag: 1}))
		must(t, first.CreateUser(dataloaf.User{UserID: "ada", Attributes: map[string]any{"plan": "pro"}, Tag: 2}))
		must(t, first.UpdateUser(dataloaf.Update{UserID: "ada", Attributes: map[string]any{"plan": nil}, Tag: 3}))
		time.Sleep(time.Minute)
		closeNow(t, first)
		if got := told.list(); len(got) > 0 {
			t.Errorf("told %+v; what stays on disk has no result yet", got)
		}
		if s := first.Stats(); s.Pending != 3 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
		if err := first.Flush(context.Background()); !errors.Is(err, dataloaf.ErrClosed) {
			t.Errorf("flush of a closed client whose messages wait on disk: %v", err)
		}

		a.comeBack()
		second, told := open(t, a.fakeAPI, onDisk(d, nil))
		flush(t, second)
		if s := second.Stats(); s.Recovered != 3 || s.Accepted != 3 || s.Enqueued != 0 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
		for _, r := range told.list() {
			if r.Status != dataloaf.Accepted {
				t.Errorf("%+v", r)
			}
			switch m := r.Message.(type) {
			case dataloaf.Event:
				if m.Event != "bread baked" || m.UserID != "ada" || m.EventID == "" || !m.Timestamp.Equal(made) || string(m.Properties.(json.RawMessage)) != `{"kind":"rye"}` {
					t.Errorf("%+v", m)
				}
			case dataloaf.User:
				if m.UserID != "ada" || !m.CreatedAt.Equal(made) || string(m.Attributes.(json.RawMessage)) != `{"plan":"pro"}` {
					t.Errorf("%+v", m)
				}
			case dataloaf.Update:
				if m.UserID != "ada" || !m.UpdatedAt.Equal(made) || string(m.Attributes.(json.RawMessage)) != `{"plan":null}` {
					t.Errorf("%+v", m)
				}
			}
		}
		if n := len(told.list()); n != 3 {
			t.Errorf("%d results", n)
		}
		closeNow(t, second)
		if names := d.Names(); len(names) > 0 {
			t.Errorf("files are left: %v", names)
		}
	})
}

// An hour's outage, with far more messages than memory may hold.
func TestALongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, a := dataloaf.NewMemDisk(never), newAway()
		c, told := open(t, a.fakeAPI, onDisk(d, func(c *dataloaf.Config) { c.MaxQueueItems = 50; c.MaxBatchItems = 20; c.Senders = 1 }))
		const n = 6000
		for i := range n {
			must(t, c.Track(numbered(i)))
			if i%100 == 0 {
				time.Sleep(time.Minute)
			}
		}
		if s := c.Stats(); s.Pending != n {
			t.Errorf("%+v", s)
		}
		a.comeBack()
		flush(t, c)
		if s := c.Stats(); s.Accepted != n || s.Pending != 0 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
		// With one sender they arrive in the order in which they were enqueued.
		next := 0
		for _, r := range a.seen() {
			for _, id := range r.ids {
				if a.copies(id) != 1 {
					t.Fatalf("%s was stored %d times", id, a.copies(id))
				}
				if id == numbered(next).EventID {
					next++
				} else if id > numbered(next).EventID {
					t.Fatalf("%s came before %s", id, numbered(next).EventID)
				}
			}
		}
		if next != n || len(told.list()) != n {
			t.Errorf("%d in order, %d told", next, len(told.list()))
		}
	})
}

func TestASpoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, a := dataloaf.NewMemDisk(never), newAway()
		c, _ := open(t, a.fakeAPI, onDisk(d, func(c *dataloaf.Config) { c.Spool.MaxBytes = dataloaf.MinSpoolMaxBytes; c.MaxQueueItems = 10 }))
		event := dataloaf.Event{Event: "e", Properties: map[string]any{"text": strings.Repeat("x", 1000)}}
		taken := 0
		for {
			err := c.Track(event)
			if errors.Is(err, dataloaf.ErrQueueFull) {
				break
			}
			must(t, err)
			taken++
		}
		if got := d.Bytes(); got > dataloaf.MinSpoolMaxBytes || got < dataloaf.MinSpoolMaxBytes*9/10 {
			t.Errorf("%d bytes on disk", got)
		}
		if s := c.Stats(); s.QueueFull != 1 || s.Pending != int64(taken) {
			t.Errorf("%+v after %d", s, taken)
		}
		// A writer that waits gets its turn when the server is back.
		waiting := make(chan error)
		go func() { waiting <- c.EnqueueWait(context.Background(), event) }()
		a.comeBack()
		must(t, <-waiting)
		flush(t, c)
		for range 3 * taken { // room comes back
			must(t, c.EnqueueWait(context.Background(), event))
		}
		flush(t, c)
		if got := d.Bytes(); got > dataloaf.MinSpoolMaxBytes {
			t.Errorf("%d bytes on disk", got)
		}
	})
}

func TestOnlyOneClientHasAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when absent")
	config := dataloaf.Config{Endpoint: "http://127.0.0.1:1", APIKey: testKey, Spool: dataloaf.Spool{Dir: dir}, Logger: slog.New(slog.DiscardHandler)}
	first, err := dataloaf.New(config)
	must(t, err)
	if _, err := dataloaf.New(config); !errors.Is(err, dataloaf.ErrSpoolInUse) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "folder of its own") {
		t.Errorf("a second client: %v", err)
	}
	must(t, first.Track(dataloaf.Event{Event: "e"}))
	closeNow(t, first)
	second, err := dataloaf.New(config)
	must(t, err)
	if s := second.Stats(); s.Recovered != 1 {
		t.Errorf("%+v", s)
	}
	closeNow(t, second)
	if runtime.GOOS == "windows" {
		return
	}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s: %v", path, info.Mode())
		}
		return err
	}))
}

func TestDamage(t *testing.T) {
	const log = "spool/00000000000000000001.log"
	for name, test := range map[string]struct {
		change func([]byte) []byte
		left   int
		warns  bool
		fails  string
	}{
		"none":                   {func(b []byte) []byte { return b }, 10, false, ""},
		"the last record is cut": {func(b []byte) []byte { return b[:len(b)-7] }, 9, true, ""},
		"its head is cut":        {func(b []byte) []byte { return append(b, 0xDA, 0) }, 10, true, ""},
		"zeros at the end":       {func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, 10, true, ""},
		"a bit flips amid it":    {func(b []byte) []byte { b[len(b)/2] ^= 4; return b }, 9, true, ""},
		"a length flips":         {func(b []byte) []byte { b[8+2] ^= 0xff; return b }, 9, true, ""},
		"a huge length":          {func(b []byte) []byte { b[8+5] = 0xff; return b }, 9, true, ""},
		"half a head of the log": {func(b []byte) []byte { return b[:5] }, 0, false, ""},
		"nothing in the log":     {func(b []byte) []byte { return nil }, 0, false, ""},
		"of another version":     {func(b []byte) []byte { b[7] = '9'; return b }, 0, false, "another version"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, a := dataloaf.NewMemDisk(never), newAway()
				first, _ := open(t, a.fakeAPI, onDisk(d, nil))
				for i := range 10 {
					must(t, first.Track(numbered(i)))
				}
				closeNow(t, first)
				d.Edit(log, test.change)
				var logged bytes.Buffer
				config := dataloaf.Config{Endpoint: "https://api.example.com", APIKey: testKey, Transport: a.fakeAPI, Logger: slog.New(slog.NewTextHandler(&logged, nil))}
				onDisk(d, nil)(&config)
				second, err := dataloaf.New(config)
				if test.fails != "" {
					if err == nil || !strings.Contains(err.Error(), test.fails) {
						t.Errorf("%v", err)
					}
					// It was not locked by the failure.
					d.Edit(log, func(b []byte) []byte { b[7] = '1'; return b })
					second, err = dataloaf.New(config)
					must(t, err)
					closeNow(t, second)
					return
				}
				must(t, err)
				a.comeBack()
				flush(t, second)
				if s := second.Stats(); s.Recovered != int64(test.left) || s.Accepted != int64(test.left) {
					t.Errorf("%+v", s)
				}
				if warned := strings.Contains(logged.String(), "bytes that are no message"); warned != test.warns {
					t.Errorf("log: %s", &logged)
				}
				closeNow(t, second)
				if names := d.Names(); len(names) > 0 {
					t.Errorf("files are left: %v", names)
				}
			})
		})
	}
}

// What is settled of a segment is not sent again, even where the list of it is
// cut short.
func TestWhatIsSettledStaysSettled(t *testing.T) {
	for cut, again := range map[int]int{0: 5, 3: 6} {
		synctest.Test(t, func(t *testing.T) {
			d, a := dataloaf.NewMemDisk(never), newAPI()
			a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n >= 5 {
					w.WriteHeader(statusBroken)
				}
				return n >= 5
			}
			first, _ := open(t, a, onDisk(d, func(c *dataloaf.Config) { c.MaxBatchItems = 1; c.Senders = 1 }))
			for i := range 10 {
				must(t, first.Track(numbered(i)))
				synctest.Wait()
			}
			closeNow(t, first)
			d.Edit("spool/00000000000000000001.done", func(b []byte) []byte { return b[:len(b)-cut] })
			a.before = nil
			second, _ := open(t, a, onDisk(d, nil))
			flush(t, second)
			if s := second.Stats(); s.Accepted != int64(again) {
				t.Errorf("%+v, want %d again", s, again)
			}
		})
	}
}

func TestSyncPolicies(t *testing.T) {
	for name, test := range map[string]struct {
		sync        dataloaf.Sync
		atOnce      int
		afterSecond int
	}{
		"always":   {dataloaf.SyncAlways, 10, 10},
		"interval": {dataloaf.SyncInterval, 0, 1},
		"never":    {dataloaf.SyncNever, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := dataloaf.NewMemDisk(never)
				c, _ := open(t, newAway().fakeAPI, onDisk(d, func(c *dataloaf.Config) { c.Spool.Sync = test.sync }))
				for i := range 10 {
					must(t, c.Track(numbered(i)))
				}
				if n := d.Syncs(); n != test.atOnce {
					t.Errorf("%d syncs at once", n)
				}
				time.Sleep(dataloaf.DefaultSpoolSyncInterval + 1)
				synctest.Wait()
				if n := d.Syncs(); n != test.afterSecond {
					t.Errorf("%d syncs after a second", n)
				}
				time.Sleep(time.Hour) // nothing more comes, nothing more is synced
				if n := d.Syncs(); n != test.afterSecond {
					t.Errorf("%d syncs after an hour", n)
				}
			})
		})
	}
}

func TestADiskThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		d, a := dataloaf.NewMemDisk(never), newAway()
		c, _ := open(t, a.fakeAPI, onDisk(d, func(c *dataloaf.Config) { c.Spool.Sync = dataloaf.SyncAlways }))
		must(t, c.Track(numbered(0)))
		d.Fail(full)
		for range 3 {
			if err := c.Track(numbered(1)); !errors.Is(err, dataloaf.ErrSpool) || !errors.Is(err, full) {
				t.Errorf("%v", err)
			}
		}
		d.Fail(nil)
		must(t, c.Track(numbered(2)))
		if s := c.Stats(); s.Enqueued != 2 || s.Pending != 2 {
			t.Errorf("%+v", s)
		}
		// What a failed write left behind does not hide what came after.
		d.Kill()
		closed, cancel := context.WithCancel(context.Background())
		cancel()
		_ = c.Close(closed) // it is dead
		a.comeBack()
		second, _ := open(t, a.fakeAPI, onDisk(d, nil))
		flush(t, second)
		if s := second.Stats(); s.Recovered != 2 || s.Accepted != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// What is rejected is settled, too, and does not come back.
func TestARejectionLeavesTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, a := dataloaf.NewMemDisk(never), newAPI()
		a.before = answer(403)
		c, told := open(t, a, onDisk(d, nil))
		track(t, c, 3)
		flush(t, c)
		want(t, told, 3, dataloaf.Rejected)
		closeNow(t, c)
		if names := d.Names(); len(names) > 0 {
			t.Errorf("files are left: %v", names)
		}
	})
}

// With a budget of its own a spool drops what is too old.
func TestASpoolMayHaveABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, told := open(t, newAway().fakeAPI, onDisk(dataloaf.NewMemDisk(never), func(c *dataloaf.Config) { c.MaxRetryTime = time.Minute; c.Random = longest{} }))
		track(t, c, 3)
		flush(t, c)
		want(t, told, 3, dataloaf.Dropped)
	})
}

func TestSpoolConfigs(t *testing.T) {
	for want, spool := range map[string]dataloaf.Spool{
		"Spool.Dir is empty":        {MaxBytes: 1 << 30},
		"Spool.MaxBytes is 1":       {Dir: "d", MaxBytes: 1},
		"Spool.Sync is 7":           {Dir: "d", Sync: 7},
		"Spool.SyncInterval is -1s": {Dir: "d", SyncInterval: -time.Second},
	} {
		if _, err := dataloaf.New(dataloaf.Config{Endpoint: "http://x", APIKey: "k", Spool: spool}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	notAFolder := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(notAFolder, nil, 0o600))
	if _, err := dataloaf.New(dataloaf.Config{Endpoint: "http://x", APIKey: "k", Spool: dataloaf.Spool{Dir: notAFolder}}); err == nil || !strings.Contains(err.Error(), notAFolder) {
		t.Errorf("%v", err)
	}
}

// TestAProcessThatIsKilled kills a real process in the middle of its work. What
// it said that it had enqueued must arrive, each once.
func TestAProcessThatIsKilled(t *testing.T) {
	if dir := os.Getenv("DATALOAF_TEST_SPOOL"); dir != "" {
		enqueueForEver(dir)
		return
	}
	dir := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestAProcessThatIsKilled$")
	command.Env = append(os.Environ(), "DATALOAF_TEST_SPOOL="+dir)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	var ids []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		ids = append(ids, lines.Text())
		if len(ids) == 2000 {
			must(t, command.Process.Kill())
		}
	}
	_ = command.Wait() // it was killed
	if len(ids) < 2000 {
		t.Fatalf("only %d events were enqueued", len(ids))
	}
	if last := ids[len(ids)-1]; len(last) < 36 {
		ids = ids[:len(ids)-1] // it died while it said so
	}
	a := newAPI()
	server := httptest.NewServer(a)
	defer server.Close()
	c, err := dataloaf.New(dataloaf.Config{Endpoint: server.URL, APIKey: testKey, Spool: dataloaf.Spool{Dir: dir}, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, c.Close(context.Background()))
	for _, id := range ids {
		if n := a.copies(id); n != 1 {
			t.Errorf("%s was stored %d times", id, n)
		}
	}
}

// enqueueForEver is the process that is killed.
func enqueueForEver(dir string) {
	c, err := dataloaf.New(dataloaf.Config{Endpoint: "http://127.0.0.1:1", APIKey: testKey, MaxQueueItems: 100, Spool: dataloaf.Spool{Dir: dir}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	for i := 0; ; i++ {
		if err := c.Track(numbered(i)); err != nil {
			panic(err)
		}
		fmt.Println(numbered(i).EventID)
	}
}

func TestManyShareAnFsync(t *testing.T) {
	dir := t.TempDir()
	a := newAPI()
	c, told := overNetwork(t, a, func(c *dataloaf.Config) { c.Spool = dataloaf.Spool{Dir: dir, Sync: dataloaf.SyncAlways} })
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 25 {
				if err := c.Track(dataloaf.Event{Event: "e", Tag: 25*w + i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	must(t, c.Close(context.Background()))
	want(t, told, 200, dataloaf.Accepted)
	entries, err := os.ReadDir(dir)
	must(t, err)
	if names := slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "lock" }); len(names) > 0 {
		t.Errorf("files are left: %v", names)
	}
}
