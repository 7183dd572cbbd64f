package local_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// handlerFunc is a gateway.Handler.
type handlerFunc func(context.Context, gateway.Request) gateway.Response

func (f handlerFunc) Handle(ctx context.Context, r gateway.Request) gateway.Response {
	return f(ctx, r)
}

// echo answers who was called with what.
func echo(name string) gateway.Handler {
	return handlerFunc(func(_ context.Context, r gateway.Request) gateway.Response {
		return gateway.JSON(http.StatusAccepted, map[string]any{"handler": name, "method": r.Method, "path": r.Path, "bytes": len(r.Body)})
	})
}

func edge(t testing.TB, change func(*local.HTTPConfig)) http.Handler {
	c := local.HTTPConfig{
		Keys:    local.NewKeyring("first key", "second key"),
		Collect: echo("collect"), Update: echo("update"),
		Patience: time.Minute,
		Logger:   slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&c)
	}
	return local.NewHTTP(c)
}

func serve(t testing.TB, change func(*local.HTTPConfig)) *httptest.Server {
	s := httptest.NewServer(edge(t, change))
	t.Cleanup(s.Close)
	return s
}

// call makes a call with the first key unless the headers say otherwise.
func call(t testing.TB, s *httptest.Server, method, path string, body io.Reader, headers map[string]string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-api-key", "first key")
	for name, value := range headers {
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	response, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		return response, nil
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%d %q: %v", response.StatusCode, text, err)
	}
	if response.Header.Get("Content-Type") != "application/json" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", response.Header)
	}
	return response, answer
}

// codeOf is the error code of an answer, checking that it explains itself.
func codeOf(t testing.TB, answer map[string]any) string {
	t.Helper()
	detail, ok := answer["error"].(map[string]any)
	if !ok {
		return ""
	}
	if message, _ := detail["message"].(string); message == "" {
		t.Errorf("no message: %v", answer)
	}
	code, _ := detail["code"].(string)
	return code
}

func TestRoutes(t *testing.T) {
	s := serve(t, nil)
	cases := []struct {
		method, path string
		status       int
		handler      string
		code, allow  string
	}{
		{http.MethodPost, "/v1/events", http.StatusAccepted, "collect", "", ""},
		{http.MethodPost, "/v1/users", http.StatusAccepted, "collect", "", ""},
		{http.MethodPatch, "/v1/users", http.StatusAccepted, "update", "", ""},
		{http.MethodPost, "/v1/users?dry=1", http.StatusAccepted, "collect", "", ""},
		{http.MethodGet, "/v1/events", http.StatusMethodNotAllowed, "", "method_not_allowed", "POST"},
		{http.MethodPatch, "/v1/events", http.StatusMethodNotAllowed, "", "method_not_allowed", "POST"},
		{http.MethodPut, "/v1/users", http.StatusMethodNotAllowed, "", "method_not_allowed", "PATCH, POST"},
		{http.MethodHead, "/v1/users", http.StatusMethodNotAllowed, "", "", "PATCH, POST"},
		{http.MethodOptions, "/v1/users", http.StatusNoContent, "", "", "PATCH, POST"},
		{http.MethodPost, "/v1/event", http.StatusNotFound, "", "not_found", ""},
		{http.MethodPost, "/v1/events/", http.StatusNotFound, "", "not_found", ""},
		{http.MethodPost, "/", http.StatusNotFound, "", "not_found", ""},
	}
	for _, c := range cases {
		response, answer := call(t, s, c.method, c.path, strings.NewReader("body"), nil)
		handler, _ := answer["handler"].(string)
		if response.StatusCode != c.status || handler != c.handler || codeOf(t, answer) != c.code || response.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %v %v", c.method, c.path, response.StatusCode, answer, response.Header)
		}
		if handler != "" && (answer["method"] != c.method || answer["bytes"] != 4.0) {
			t.Errorf("%s %s: the handler got %v", c.method, c.path, answer)
		}
	}
}

func TestKeys(t *testing.T) {
	s := serve(t, nil)
	for key, want := range map[string]struct {
		status int
		code   string
	}{
		"":             {http.StatusUnauthorized, "key_required"},
		"third key":    {http.StatusForbidden, "key_wrong"},
		"first ke":     {http.StatusForbidden, "key_wrong"},
		"first key2":   {http.StatusForbidden, "key_wrong"},
		"FIRST KEY":    {http.StatusForbidden, "key_wrong"},
		"first key":    {http.StatusAccepted, ""},
		"second key":   {http.StatusAccepted, ""},
		" second key ": {http.StatusAccepted, ""}, // HTTP knows no space around a value
	} {
		response, answer := call(t, s, http.MethodPost, "/v1/events", nil, map[string]string{"x-api-key": key})
		if response.StatusCode != want.status || codeOf(t, answer) != want.code {
			t.Errorf("%q: %d %v", key, response.StatusCode, answer)
		}
	}
	// An edge that was given no key lets nobody in.
	locked := serve(t, func(c *local.HTTPConfig) { c.Keys = nil })
	if response, _ := call(t, locked, http.MethodPost, "/v1/events", nil, nil); response.StatusCode != http.StatusForbidden {
		t.Errorf("without keys: %d", response.StatusCode)
	}
}

func TestMediaTypes(t *testing.T) {
	s := serve(t, nil)
	cases := []struct {
		name, value string
		status      int
		code        string
	}{
		{"Content-Type", "", http.StatusAccepted, ""},
		{"Content-Type", "application/json", http.StatusAccepted, ""},
		{"Content-Type", "Application/JSON; charset=utf-8", http.StatusAccepted, ""},
		{"Content-Type", "application/merge-patch+json", http.StatusAccepted, ""},
		{"Content-Type", "application/json; charset=iso-8859-1", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"Content-Type", "application/x-www-form-urlencoded", http.StatusAccepted, ""}, // curl -d
		{"Content-Type", "text/plain", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"Content-Type", "application/x-ndjson", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"Content-Type", "multipart/form-data; boundary=x", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"Content-Type", "json", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"Content-Type", ";", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"Content-Encoding", "gzip", http.StatusAccepted, ""},
		{"Content-Encoding", " GZIP ", http.StatusAccepted, ""},
		{"Content-Encoding", "identity", http.StatusAccepted, ""},
		{"Content-Encoding", "br", http.StatusUnsupportedMediaType, "unsupported_encoding"},
		{"Content-Encoding", "gzip, gzip", http.StatusUnsupportedMediaType, "unsupported_encoding"},
	}
	for _, c := range cases {
		response, answer := call(t, s, http.MethodPost, "/v1/events", strings.NewReader("{}"), map[string]string{c.name: c.value})
		if response.StatusCode != c.status || codeOf(t, answer) != c.code {
			t.Errorf("%s: %q: %d %v", c.name, c.value, response.StatusCode, answer)
		}
	}
}

func TestWireVersions(t *testing.T) {
	s := serve(t, nil)
	for version, want := range map[string]struct {
		status int
		code   string
	}{
		"":    {http.StatusAccepted, ""}, // clients from before the header
		"1":   {http.StatusAccepted, ""},
		" 1 ": {http.StatusAccepted, ""}, // HTTP knows no space around a value
		"2":   {http.StatusBadRequest, "wire_version_unsupported"},
		"0":   {http.StatusBadRequest, "wire_version_invalid"},
		"one": {http.StatusBadRequest, "wire_version_invalid"},
	} {
		response, answer := call(t, s, http.MethodPost, "/v1/events", strings.NewReader("{}"), map[string]string{wire.VersionHeader: version})
		if response.StatusCode != want.status || codeOf(t, answer) != want.code {
			t.Errorf("%q: %d %v", version, response.StatusCode, answer)
		}
		if got := response.Header.Get(wire.VersionHeader); got != "1" {
			t.Errorf("%q: the answer is of version %q", version, got)
		}
	}
}

// endless is a body without an end that counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestABodyIsNotReadBeyondItsLimit(t *testing.T) {
	for _, declared := range []int64{-1, 1 << 40, 100} {
		body := &endless{}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", body)
		r.ContentLength = declared
		r.Header.Set("x-api-key", "first key")
		w := httptest.NewRecorder()
		edge(t, nil).ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), `"body_too_large"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		// The buffer that a read fills may be twice what it holds.
		if body.read > 4*wire.MaxBodyBytes {
			t.Errorf("declared %d: %d bytes were read", declared, body.read)
		}
	}
	// A wrong key is not worth a body.
	body := &endless{}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", body)
	r.Header.Set("x-api-key", "wrong")
	w := httptest.NewRecorder()
	edge(t, nil).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || body.read != 0 {
		t.Errorf("%d after %d bytes", w.Code, body.read)
	}
	// Over a connection the largest body passes and the answer to a larger one
	// arrives.
	s := serve(t, nil)
	for size, status := range map[int]int{wire.MaxBodyBytes: http.StatusAccepted, wire.MaxBodyBytes + 128<<10: http.StatusRequestEntityTooLarge} {
		if response, answer := call(t, s, http.MethodPost, "/v1/events", bytes.NewReader(make([]byte, size)), nil); response.StatusCode != status {
			t.Errorf("%d bytes: %d %v", size, response.StatusCode, answer)
		}
	}
}

// raw writes a call by hand and reads the answer.
func raw(t *testing.T, s *httptest.Server, text string, end func(net.Conn)) *http.Response {
	t.Helper()
	connection, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	if end != nil {
		end(connection)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestABodyThatDoesNotArrive(t *testing.T) {
	const head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nx-api-key: first key\r\nContent-Length: 100\r\n\r\nhalf"
	s := serve(t, func(c *local.HTTPConfig) { c.BodyTimeout = 20 * time.Millisecond })
	response := raw(t, s, head, nil)
	if response.StatusCode != http.StatusRequestTimeout || !response.Close {
		t.Errorf("a slow body: %d %v", response.StatusCode, response.Header)
	}
	s = serve(t, nil)
	response = raw(t, s, head, func(c net.Conn) {
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Error(err)
		}
	})
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("a body cut short: %d", response.StatusCode)
	}
}

func TestTheBodysTimeDoesNotEndTheCall(t *testing.T) {
	// The handler works longer than the body may take.
	s := serve(t, func(c *local.HTTPConfig) {
		c.BodyTimeout = 200 * time.Millisecond
		c.Collect = handlerFunc(func(ctx context.Context, _ gateway.Request) gateway.Response {
			select {
			case <-ctx.Done():
				return gateway.Error(http.StatusInternalServerError, "ended", ctx.Err().Error())
			case <-time.After(400 * time.Millisecond):
				return gateway.JSON(http.StatusAccepted, struct{}{})
			}
		})
	})
	if response, answer := call(t, s, http.MethodPost, "/v1/events", strings.NewReader("x"), nil); response.StatusCode != http.StatusAccepted {
		t.Errorf("%d %v", response.StatusCode, answer)
	}
}

func TestOnlySoManyCallsAtOnce(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := serve(t, func(c *local.HTTPConfig) {
		c.InFlight, c.Patience = 3, time.Millisecond
		c.Collect = handlerFunc(func(context.Context, gateway.Request) gateway.Response {
			entered <- struct{}{}
			<-release
			return gateway.JSON(http.StatusAccepted, struct{}{})
		})
	})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if response, answer := call(t, s, http.MethodPost, "/v1/events", nil, nil); response.StatusCode != http.StatusAccepted {
				t.Errorf("%d %v", response.StatusCode, answer)
			}
		})
		<-entered
	}
	response, answer := call(t, s, http.MethodPost, "/v1/events", nil, nil)
	if response.StatusCode != http.StatusTooManyRequests || codeOf(t, answer) != "too_many_requests" || response.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v %v", response.StatusCode, answer, response.Header)
	}
	close(release)
	wg.Wait()
	go func() { <-entered }()
	if response, _ := call(t, s, http.MethodPost, "/v1/events", nil, nil); response.StatusCode != http.StatusAccepted {
		t.Errorf("after room was made: %d", response.StatusCode)
	}
}

func TestOnlySoManyCallsWait(t *testing.T) {
	entered, release := make(chan struct{}, 2), make(chan struct{})
	s := serve(t, func(c *local.HTTPConfig) {
		c.InFlight, c.Waiting, c.Patience = 1, 1, time.Hour
		c.Collect = handlerFunc(func(context.Context, gateway.Request) gateway.Response {
			entered <- struct{}{}
			<-release
			return gateway.JSON(http.StatusAccepted, struct{}{})
		})
	})
	answers := make(chan int, 3)
	send := func() {
		response, _ := call(t, s, http.MethodPost, "/v1/events", nil, nil)
		answers <- response.StatusCode
	}
	go send()
	<-entered
	// Of two more one waits, and the other is sent away before there is room.
	go send()
	go send()
	if status := <-answers; status != http.StatusTooManyRequests {
		t.Errorf("one more than may wait: %d", status)
	}
	close(release)
	for range 2 {
		if status := <-answers; status != http.StatusAccepted {
			t.Errorf("with room again: %d", status)
		}
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	s := serve(t, func(c *local.HTTPConfig) {
		c.InFlight, c.Patience = 1, time.Millisecond
		c.Collect = handlerFunc(func(context.Context, gateway.Request) gateway.Response { panic("secret detail") })
	})
	for range 3 { // its room is given back
		response, answer := call(t, s, http.MethodPost, "/v1/events", nil, nil)
		if response.StatusCode != http.StatusInternalServerError || codeOf(t, answer) != "internal" || strings.Contains(fmt.Sprint(answer), "secret") {
			t.Errorf("%d %v", response.StatusCode, answer)
		}
	}
}
