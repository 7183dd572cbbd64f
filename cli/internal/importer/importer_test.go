package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	cases := map[string]struct {
		text string
		want []string // "number:line", or "number:!" for a line too long
	}{
		"nothing":               {"", nil},
		"blank lines count":     {"\n \na\n\nb", []string{"3:a", "5:b"}},
		"Windows ends":          {"a\r\nb\r\n", []string{"1:a", "2:b"}},
		"a byte order mark":     {"\xef\xbb\xbfa\n", []string{"1:a"}},
		"the longest":           {long + "\nb\n", []string{"1:" + long, "2:b"}},
		"the longest, Windows":  {long + "\r\nb\n", []string{"1:" + long, "2:b"}},
		"one too long":          {"a\n" + long + "x\nb\n", []string{"1:a", "2:!", "3:b"}},
		"far too long":          {long + long + long + "\nb\n", []string{"1:!", "2:b"}},
		"too long, without end": {"a\n" + long + "x", []string{"1:a", "2:!"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			source, err := newLines(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for {
				line, err := source.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if errors.Is(err, errLineTooLong) {
					line = []byte("!")
				} else if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%d:%s", source.number, line))
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d lines, want %d", len(got), len(c.want))
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("line %d is %.50q, want %.50q", i, got[i], c.want[i])
				}
			}
		})
	}
}

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestMessage(t *testing.T) {
	const id = "33333333-3333-4333-8333-333333333333"
	at := place{"f", 1}
	cases := map[string]struct {
		line, kind string
		want       dataloaf.Message
		code       wire.Code
	}{
		"an event keeps what it has": {
			`{"event_id":"` + id + `","event":"e","user_id":"u","timestamp":"2026-01-02T03:04:05.123456+05:30","properties":{"n":12345678901234567890,"f":1.10}}`, Auto,
			dataloaf.Event{Event: "e", EventID: id, UserID: "u", Timestamp: time.Date(2026, 1, 1, 21, 34, 5, 123456000, time.UTC), Properties: json.RawMessage(`{"n":12345678901234567890,"f":1.10}`), Tag: at}, "",
		},
		"a user":                 {`{"user_id":"u","attributes":{}}`, Auto, dataloaf.User{UserID: "u", CreatedAt: now, Attributes: json.RawMessage(`{}`), Tag: at}, ""},
		"an update":              {`{"user_id":"u","attributes":{},"updated_at":"2026-01-01T00:00:00Z"}`, Auto, dataloaf.Update{UserID: "u", UpdatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Attributes: json.RawMessage(`{}`), Tag: at}, ""},
		"an update by force":     {`{"user_id":"u","attributes":{"a":null}}`, Updates, dataloaf.Update{UserID: "u", UpdatedAt: now, Attributes: json.RawMessage(`{"a":null}`), Tag: at}, ""},
		"a user by force":        {`{"user_id":"u"}`, Users, dataloaf.User{UserID: "u", CreatedAt: now, Attributes: json.RawMessage(`{}`), Tag: at}, ""},
		"neither":                {`{"user_id":"u"}`, Auto, nil, codeKindUnknown},
		"two objects":            {`{"event":"a"},{"event":"b"}`, Auto, nil, wire.CodeInvalidJSON},
		"no object":              {`"event"`, Auto, nil, wire.CodeItemInvalid},
		"null":                   {`null`, Auto, nil, wire.CodeItemInvalid},
		"a field too many":       {`{"event":"a","x":1}`, Auto, nil, wire.CodeUnknownField},
		"broken text":            {"{\"event\":\"\xff\"}", Auto, nil, wire.CodeInvalidUTF8},
		"properties of no event": {`{"properties":{}}`, Auto, nil, wire.CodeEventRequired},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := message([]byte(c.line), c.kind, at, now, func() string { return id })
			var item *wire.ItemError
			switch {
			case c.want == nil:
				if !errors.As(err, &item) || item.Code != c.code {
					t.Errorf("got %v, want %s", err, c.code)
				}
			case err != nil:
				t.Error(err)
			case fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", c.want):
				t.Errorf("got  %#v\nwant %#v", got, c.want)
			}
		})
	}
}

// api is a collection API that takes everything until it is told otherwise.
type api struct {
	*httptest.Server
	mu     sync.Mutex
	items  int
	status int
	// asked is closed when the first items have come.
	asked chan struct{}
	once  sync.Once
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{asked: make(chan struct{})}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			body, err = wire.Unpack(body)
		}
		items, rejected, decodeErr := wire.DecodeEvents(body, now, func() string { return "" })
		if err != nil || decodeErr != nil {
			t.Errorf("the API cannot read a body: %v, %v", err, decodeErr)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.status != 0 && len(items) > 0 {
			w.WriteHeader(a.status)
			return
		}
		a.items += len(items)
		if len(items) > 0 {
			a.once.Do(func() { close(a.asked) })
		}
		// An answer that does not arrive shows as a line that is not delivered.
		_ = json.NewEncoder(w).Encode(wire.Answer{Accepted: len(items), Rejected: rejected})
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *api) answer(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status = status
}

func options(a *api, in io.Reader) (o Options, out *strings.Builder) {
	out = &strings.Builder{}
	return Options{
		Streams: term.Streams{In: in, Out: out, Err: io.Discard}, Files: []string{"-"}, Endpoint: a.URL, APIKey: "k",
		Kind: Auto, RetryFor: 50 * time.Millisecond, JSON: true, Now: func() time.Time { return now },
	}, out
}

func read(t *testing.T, out *strings.Builder) (r Report) {
	t.Helper()
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

func event(n int) string {
	return fmt.Sprintf(`{"event_id":"00000000-0000-4000-8000-%012d","event":"e","timestamp":"2026-01-01T00:00:00Z"}`+"\n", n)
}

func TestCtrlCStopsAndSaysHowFarItCame(t *testing.T) {
	a := newAPI(t)
	in, feed := io.Pipe()
	defer func() { _ = feed.Close() }()
	o, out := options(a, in)
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	for n := range wire.MaxItems + 3 {
		if _, err := io.WriteString(feed, event(n)); err != nil {
			t.Fatal(err)
		}
	}
	<-a.asked // the first full batch; nobody writes the rest, and reading waits
	interrupt()
	err := <-ended
	if failure.Code(err) != failure.ExitFailed || !strings.Contains(err.Error(), "stopped at standard input, line ") {
		t.Errorf("ends with %v", err)
	}
	if r := read(t, out); r.Accepted != r.Sent || r.Accepted < wire.MaxItems || r.Accepted != a.items {
		t.Errorf("reports %+v; the API took %d", r, a.items)
	}
}

func TestAnEndpointThatGoesAwayEndsTheImport(t *testing.T) {
	for status, want := range map[int]string{http.StatusServiceUnavailable: "nothing was accepted", http.StatusForbidden: "403"} {
		t.Run(want, func(t *testing.T) {
			a := newAPI(t)
			a.answer(status)
			o, out := options(a, strings.NewReader(strings.Repeat(event(1), 3*wire.MaxItems)))
			err := Run(t.Context(), o)
			if failure.Code(err) != failure.ExitFailed || !strings.Contains(err.Error(), want) {
				t.Errorf("ends with %v", err)
			}
			if r := read(t, out); r.Accepted != 0 || r.Rejected+r.NotDelivered != r.Lines {
				t.Errorf("reports %+v", r)
			}
		})
	}
}

func TestReportsAreBounded(t *testing.T) {
	l := &ledger{order: map[string]int{"a": 0}, stop: func(error) {}}
	for line := 10_000; line > 0; line-- {
		l.broken(place{"a", line}, errors.New("no"))
	}
	if len(l.report.Rejections) > 100*shown {
		t.Errorf("%d rejections are kept", len(l.report.Rejections))
	}
	r, _ := l.final()
	if r.Rejected != 10_000 || len(r.Rejections) != shown || r.Rejections[0].Line != 1 || r.Rejections[shown-1].Line != shown {
		t.Errorf("%d rejected, %d kept, from %+v", r.Rejected, len(r.Rejections), r.Rejections[0])
	}
}
