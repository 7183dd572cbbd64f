package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// server takes what both libraries send. It finds the events by their number,
// a property that each of them has, and so knows how many there are, however
// often one is sent.
type server struct {
	address string

	mu      sync.Mutex
	running *http.Server
	seen    map[int]bool
	hangs   chan struct{}
}

func startServer() (*server, error) {
	s := &server{seen: map[int]bool{}}
	return s, s.listen("127.0.0.1:0")
}

func (s *server) listen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	running := &http.Server{Handler: s}
	s.mu.Lock()
	s.address, s.running = listener.Addr().String(), running
	s.mu.Unlock()
	go func() { _ = running.Serve(listener) }() // it ends with Close
	return nil
}

func (s *server) url() string { return "http://" + s.address }

func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.running.Close() // its connections break, which is what is wanted
}

func (s *server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = map[int]bool{}
	if s.hangs != nil {
		close(s.hangs)
		s.hangs = nil
	}
}

func (s *server) distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

var number = []byte(`"number":`)

// ServeHTTP implements http.Handler: the two libraries' calls, and what the
// measuring process asks of the server.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/control/count":
		_, _ = fmt.Fprint(w, s.distinct()) // it asks again
	case "/control/hang":
		s.mu.Lock()
		s.hangs = make(chan struct{})
		s.mu.Unlock()
	case "/control/away":
		d, err := time.ParseDuration(r.URL.Query().Get("for"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		address := s.address
		time.AfterFunc(100*time.Millisecond, s.stop) // once this is answered
		time.AfterFunc(d, func() {
			if err := s.listen(address); err != nil {
				panic(err)
			}
		})
	default:
		s.take(w, r)
	}
}

func (s *server) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil && len(body) > 2 && body[0] == 0x1f {
		body, err = unpack(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	hangs := s.hangs
	s.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-r.Context().Done():
		}
		return
	}
	var numbers []int
	for rest := body; ; {
		at := bytes.Index(rest, number)
		if at < 0 {
			break
		}
		rest = rest[at+len(number):]
		n, i := 0, 0
		for ; i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
			n = 10*n + int(rest[i]-'0')
		}
		numbers = append(numbers, n)
	}
	s.mu.Lock()
	for _, n := range numbers {
		s.seen[n] = true
	}
	s.mu.Unlock()
	// posthog-go looks at the status alone.
	w.WriteHeader(http.StatusOK)
	_, _ = fmt.Fprintf(w, `{"accepted":%d,"rejected":[]}`, len(numbers)) // it sends again
}

func unpack(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// ask is the measuring process's side of /control.
func ask(url string) (int, error) {
	response, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || len(text) == 0 {
		return 0, err
	}
	if response.StatusCode != http.StatusOK {
		return 0, errors.New(string(text))
	}
	return strconv.Atoi(string(text))
}
