package local_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

type handler func(context.Context, gateway.Request) gateway.Response

func (h handler) Handle(ctx context.Context, r gateway.Request) gateway.Response { return h(ctx, r) }

func edge(change func(*local.HTTPConfig)) http.Handler {
	echo := handler(func(_ context.Context, r gateway.Request) gateway.Response {
		return gateway.JSON(http.StatusAccepted, map[string]any{"method": r.Method, "path": r.Path, "bytes": len(r.Body)})
	})
	c := local.HTTPConfig{Keys: []string{key, "second"}, Collect: echo, Update: echo, InFlight: 4, Patience: time.Minute, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	return local.NewHTTP(c)
}

func TestTheEdgeLetsInWhatItShould(t *testing.T) {
	cases := []struct {
		name, method, path string
		header             []string
		status             int
		code               string
	}{
		{"events", "POST", "/v1/events", []string{"x-api-key", key}, 202, ""},
		{"a second key", "POST", "/v1/events", []string{"X-Api-Key", "second"}, 202, ""},
		{"users", "POST", "/v1/users", []string{"x-api-key", key}, 202, ""},
		{"updates", "PATCH", "/v1/users", []string{"x-api-key", key}, 202, ""},
		{"no key", "POST", "/v1/events", nil, 401, "key_required"},
		{"wrong key", "POST", "/v1/events", []string{"x-api-key", key + "x"}, 403, "key_wrong"},
		{"unknown route", "POST", "/v1/event", nil, 404, "not_found"},
		{"GET", "GET", "/v1/events", nil, 405, "method_not_allowed"},
		{"PATCH events", "PATCH", "/v1/events", nil, 405, "method_not_allowed"},
		{"JSON with charset", "POST", "/v1/events", []string{"x-api-key", key, "Content-Type", "application/json; charset=utf-8"}, 202, ""},
		{"JSON suffix", "POST", "/v1/events", []string{"x-api-key", key, "Content-Type", "application/cloudevents+json"}, 202, ""},
		{"what curl says", "POST", "/v1/events", []string{"x-api-key", key, "Content-Type", "application/x-www-form-urlencoded"}, 202, ""},
		{"XML", "POST", "/v1/events", []string{"x-api-key", key, "Content-Type", "application/xml"}, 415, "unsupported_media_type"},
		{"form data", "POST", "/v1/events", []string{"x-api-key", key, "Content-Type", "multipart/form-data; boundary=x"}, 415, "unsupported_media_type"},
		{"nonsense", "POST", "/v1/events", []string{"x-api-key", key, "Content-Type", "///"}, 415, "unsupported_media_type"},
		{"brotli", "POST", "/v1/events", []string{"x-api-key", key, "Content-Encoding", "br"}, 415, "unsupported_encoding"},
		{"gzip", "POST", "/v1/events", []string{"x-api-key", key, "Content-Encoding", "GZIP"}, 202, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader("{}"))
			for i := 0; i+1 < len(c.header); i += 2 {
				r.Header.Set(c.header[i], c.header[i+1])
			}
			w := httptest.NewRecorder()
			edge(nil).ServeHTTP(w, r)
			var answer struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || answer.Error.Code != c.code || (c.code != "" && answer.Error.Message == "") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if c.status == 405 && w.Header().Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

func TestATooLargeBodyIsNotReadToItsEnd(t *testing.T) {
	endless := io.LimitReader(zeros{}, 1<<40)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", endless)
	r.Header.Set("x-api-key", key)
	w := httptest.NewRecorder()
	edge(nil).ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), string(wire.CodeBodyTooLarge)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAPanicIsAnAnswer(t *testing.T) {
	h := edge(func(c *local.HTTPConfig) {
		c.Collect = handler(func(context.Context, gateway.Request) gateway.Response { panic("bug") })
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", strings.NewReader("{}"))
	r.Header.Set("x-api-key", key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "bug") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestABusyServerSaysSo(t *testing.T) {
	gate, entered := make(chan struct{}), make(chan struct{})
	h := edge(func(c *local.HTTPConfig) {
		c.InFlight, c.Patience = 1, time.Nanosecond
		c.Collect = handler(func(context.Context, gateway.Request) gateway.Response {
			close(entered)
			<-gate
			return gateway.JSON(http.StatusAccepted, struct{}{})
		})
	})
	call := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", strings.NewReader("{}"))
		r.Header.Set("x-api-key", key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	first := make(chan int)
	go func() { first <- call().Code }()
	<-entered
	if w := call(); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	close(gate)
	if code := <-first; code != http.StatusAccepted {
		t.Errorf("the first got %d", code)
	}
}

func TestABodyCutShortIsAnError(t *testing.T) {
	server := httptest.NewServer(edge(nil))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\nContent-Length: 100\r\n\r\n{", key)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("%d", response.StatusCode)
	}
}
