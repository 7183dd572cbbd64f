package local_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// linesOf unpacks every object of a kind; an object that is not whole fails the
// test.
func linesOf(t testing.TB, s *local.Store, kind warehouse.Kind) (lines map[string]int, objects int) {
	t.Helper()
	lines = map[string]int{}
	for _, o := range list(t, s, kind) {
		objects++
		file, err := s.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatalf("%s: %v", o.ID(), err)
		}
		text, err := io.ReadAll(z)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatalf("%s: %v", o.ID(), err)
		}
		if !bytes.HasSuffix(text, []byte("\n")) {
			t.Errorf("%s does not end with a newline", o.ID())
		}
		for line := range strings.Lines(string(text)) {
			lines[strings.TrimSuffix(line, "\n")]++
		}
	}
	return lines, objects
}

func deliver(s *local.Store, to local.Notifier) *local.Delivery {
	return local.NewDelivery(local.DeliveryConfig{Store: s, Kind: warehouse.Events, Notifier: to, Now: time.Now, NewID: newID})
}

func TestEveryAcceptedLineIsInOneObject(t *testing.T) {
	s := openStore(t, t.TempDir())
	queue := local.NewQueue(time.Now)
	d := deliver(s, queue)
	const callers, calls = 40, 10
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for n := range calls {
				failed, err := d.Publish(t.Context(), [][]byte{
					fmt.Appendf(nil, "%d/%d/a\n%d/%d/b\n", c, n, c, n),
					fmt.Appendf(nil, "%d/%d/c\n", c, n),
				})
				if err != nil || len(failed) > 0 {
					t.Errorf("%v, %v", failed, err)
				}
			}
		})
	}
	wg.Wait()
	lines, objects := linesOf(t, s, warehouse.Events)
	if len(lines) != 3*callers*calls {
		t.Errorf("%d lines, want %d", len(lines), 3*callers*calls)
	}
	for line, n := range lines {
		if n != 1 {
			t.Errorf("%s is stored %d times", line, n)
		}
	}
	// Callers that come together share an object, or it would be no group
	// commit; each object is notified once.
	if objects > callers*calls/2 || queue.Waiting() != objects {
		t.Errorf("%d objects of %d calls, %d notifications", objects, callers*calls, queue.Waiting())
	}
	d.Close()
	d.Close()
	if _, err := d.Publish(t.Context(), [][]byte{[]byte("late\n")}); err == nil {
		t.Error("a closed delivery took a record")
	}
}

func TestLargeRecordsAreSpreadOverObjects(t *testing.T) {
	s := openStore(t, t.TempDir())
	d := deliver(s, local.NewQueue(time.Now))
	defer d.Close()
	line := strings.Repeat("x", 999<<10)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			if _, err := d.Publish(t.Context(), [][]byte{fmt.Appendf(nil, "%d%s\n", i, line)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if lines, objects := linesOf(t, s, warehouse.Events); len(lines) != 24 || objects < 4 {
		t.Errorf("%d lines in %d objects", len(lines), objects)
	}
}

func TestAWriteErrorFailsAllItsCallers(t *testing.T) {
	root := t.TempDir()
	s := openStore(t, root)
	queue := local.NewQueue(time.Now)
	d := deliver(s, queue)
	defer d.Close()
	if err := os.RemoveAll(filepath.Join(root, ".writing")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := d.Publish(t.Context(), [][]byte{fmt.Appendf(nil, "%d\n", i)}); err == nil {
				t.Error("no error")
			}
		})
	}
	wg.Wait()
	if queue.Waiting() != 0 || len(list(t, s, warehouse.Events)) != 0 {
		t.Errorf("%d notifications", queue.Waiting())
	}
	// The disk comes back.
	if err := os.Mkdir(filepath.Join(root, ".writing"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Publish(t.Context(), [][]byte{[]byte("again\n")}); err != nil {
		t.Error(err)
	}
}

func TestACallerThatGaveUpIsNotStored(t *testing.T) {
	s := openStore(t, t.TempDir())
	held := &holding{entered: make(chan struct{}), release: make(chan struct{})}
	d := deliver(s, held)
	// Every writer is busy…
	var busy sync.WaitGroup
	for i := range 2 {
		busy.Go(func() {
			if _, err := d.Publish(t.Context(), [][]byte{fmt.Appendf(nil, "%d\n", i)}); err != nil {
				t.Error(err)
			}
		})
		<-held.entered
	}
	// …so this call waits, and ends with its context.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Publish(ctx, [][]byte{[]byte("gone\n")}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(held.release)
	busy.Wait()
	d.Close()
	if lines, _ := linesOf(t, s, warehouse.Events); len(lines) != 2 || lines["gone"] != 0 {
		t.Errorf("%v", lines)
	}
}

// holding keeps the writer that notifies it until release is closed.
type holding struct{ entered, release chan struct{} }

func (h *holding) Notify(warehouse.Object) {
	h.entered <- struct{}{}
	<-h.release
}

// crashEnv makes this test binary the process that is killed.
const crashEnv = "DATALOAF_TEST_CRASH_IN"

// TestKilledWhileDelivering kills a process in the middle of its deliveries.
// Whatever it was told is stored must be in exactly one whole object, found by
// a store that starts anew.
func TestKilledWhileDelivering(t *testing.T) {
	if root := os.Getenv(crashEnv); root != "" {
		deliverForever(root)
	}
	for round := range 3 {
		root := t.TempDir()
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileDelivering$")
		child.Env = append(os.Environ(), crashEnv+"="+root)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var accepted []string
		read := bufio.NewScanner(out)
		for read.Scan() {
			accepted = append(accepted, read.Text())
			if len(accepted) == 150+37*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		if len(accepted) < 150 {
			t.Fatalf("it accepted only %q", accepted)
		}
		s := openStore(t, root)
		lines, _ := linesOf(t, s, warehouse.Events)
		for _, line := range accepted {
			if lines[line] != 1 {
				t.Errorf("accepted line %s is stored %d times", line, lines[line])
			}
		}
		for line, n := range lines {
			if n != 1 {
				t.Errorf("line %s is stored %d times", line, n)
			}
		}
	}
}

// deliverForever prints every line once it is accepted.
func deliverForever(root string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s, err := local.NewStore(root)
	if err != nil {
		fail(err)
	}
	d := local.NewDelivery(local.DeliveryConfig{Store: s, Kind: warehouse.Events, Notifier: local.NewQueue(time.Now), Now: time.Now, NewID: func() string {
		id, err := wire.NewUUIDv7(time.Now(), rand.Reader)
		if err != nil {
			fail(err)
		}
		return id
	}})
	var printing sync.Mutex
	for c := range 8 {
		go func() {
			for n := 0; ; n++ {
				line := fmt.Sprintf("%d/%d", c, n)
				if _, err := d.Publish(context.Background(), [][]byte{[]byte(line + "\n")}); err != nil {
					fail(err)
				}
				printing.Lock()
				fmt.Println(line)
				printing.Unlock()
			}
		}()
	}
	select {}
}
