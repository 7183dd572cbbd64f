package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// programs is the folder of the built functions, one folder each, made once.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "dataloaf-functions-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programs = dir
	code := m.Run()
	_ = os.RemoveAll(dir) // what stays is in the folder for what may go
	os.Exit(code)
}

var building sync.Map // of name to func() (string, error)

// bootstrap builds a function as it is shipped, for this machine.
func bootstrap(t *testing.T, name string) string {
	t.Helper()
	build, _ := building.LoadOrStore(name, sync.OnceValues(func() (string, error) { return compile(name) }))
	path, err := build.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func compile(name string, settings ...string) (string, error) {
	path := filepath.Join(programs, strings.Join(append(settings, name), "-"), "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", path, "./"+name)
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), settings...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// function is a running bootstrap and the Runtime API that feeds it
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
type function struct {
	process *exec.Cmd
	// exited is closed when the process has ended.
	exited chan struct{}
	log    *lockedBuffer

	next    chan invocation
	mu      sync.Mutex
	number  int
	waiting map[string]chan outcome
}

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
}

// outcome is what a function answers: a response, or an error.
type outcome struct {
	response []byte
	failed   bool
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
	// more is closed with the next Write.
	more chan struct{}
}

func newLockedBuffer() *lockedBuffer { return &lockedBuffer{more: make(chan struct{})} }

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.more)
	b.more = make(chan struct{})
	return b.b.Write(p)
}

// says waits until the text was written: what a program logs comes through a pipe,
// and may be later than its answer.
func (b *lockedBuffer) says(t *testing.T, text string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		b.mu.Lock()
		there, more := strings.Contains(b.b.String(), text), b.more
		b.mu.Unlock()
		if there {
			return
		}
		select {
		case <-more:
		case <-late:
			t.Errorf("the log does not say %s:\n%s", text, b)
			return
		}
	}
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start starts a function, which ends with the test.
func start(t *testing.T, name string, env []string) *function {
	t.Helper()
	f := &function{exited: make(chan struct{}), log: newLockedBuffer(), next: make(chan invocation), waiting: map[string]chan outcome{}}
	api := httptest.NewServer(f)
	f.process = exec.Command(bootstrap(t, name))
	f.process.Stdout, f.process.Stderr = f.log, f.log
	f.process.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+api.Listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME="+name, "_HANDLER=bootstrap")
	if err := f.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = f.process.Wait() // how it ended is in its log
		close(f.exited)
	}()
	t.Cleanup(func() {
		f.kill()
		api.CloseClientConnections()
		api.Close()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, f.log)
		}
	})
	return f
}

// kill ends the process as the kernel does: it gets no chance to say a word.
func (f *function) kill() {
	_ = f.process.Process.Kill() // it may have ended before
	<-f.exited
}

// ServeHTTP is the Runtime API.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const base = "/2018-06-01/runtime/invocation/"
	rest, ok := strings.CutPrefix(r.URL.Path, base)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if rest == "next" {
		select {
		case i := <-f.next:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-2:123456789012:function:a-function")
			w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
			_, _ = w.Write(i.event)
		case <-r.Context().Done():
		case <-f.exited:
		}
		return
	}
	id, verb, _ := strings.Cut(rest, "/")
	body, err := io.ReadAll(r.Body)
	f.mu.Lock()
	answer := f.waiting[id]
	delete(f.waiting, id)
	f.mu.Unlock()
	if err != nil || answer == nil || (verb != "response" && verb != "error") {
		http.Error(w, "no such invocation", http.StatusBadRequest)
		return
	}
	answer <- outcome{body, verb == "error"}
	w.WriteHeader(http.StatusAccepted)
}

// send gives the function an event to work on.
func (f *function) send(event []byte, timeout time.Duration) (<-chan outcome, error) {
	f.mu.Lock()
	f.number++
	i := invocation{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", f.number), event: event, deadline: time.Now().Add(timeout)}
	answer := make(chan outcome, 1)
	f.waiting[i.id] = answer
	f.mu.Unlock()
	select {
	case f.next <- i:
		return answer, nil
	case <-f.exited:
		return nil, errors.New("the function has ended")
	}
}

// invoke gives what the function answers to an event.
func (f *function) invoke(t *testing.T, event []byte, timeout time.Duration) outcome {
	t.Helper()
	answer, err := f.send(event, timeout)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case o := <-answer:
		return o
	case <-f.exited:
		t.Fatal("the function ended within an invocation")
	case <-time.After(min(timeout, time.Minute) + time.Minute):
		t.Fatal("the function did not answer")
	}
	return outcome{}
}

// golden reads an event of testdata, with some of its fields set.
func golden(t *testing.T, name string, change func(event map[string]any)) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if change != nil {
		change(event)
	}
	text, err = json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// counting is a listener that counts who comes and lets nobody in.
type counting struct {
	net.Listener
	mu    sync.Mutex
	count int
}

func listen(t *testing.T) *counting {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			c.mu.Lock()
			c.count++
			c.mu.Unlock()
			_ = conn.Close() // that is all it is told
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return c
}

func (c *counting) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *counting) port() int { return c.Addr().(*net.TCPAddr).Port }
