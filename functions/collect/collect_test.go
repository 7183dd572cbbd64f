package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

var now = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// stream keeps what is published.
type stream struct {
	records [][]byte
	fails   []int
	err     error
}

func (s *stream) Publish(_ context.Context, records [][]byte) ([]int, error) {
	if s.err == nil {
		s.records = append(s.records, records...)
	}
	return s.fails, s.err
}

func (s *stream) lines() int {
	return bytes.Count(bytes.Join(s.records, nil), []byte("\n"))
}

func handle(t *testing.T, events, users *stream, path, body string) (gateway.Response, wire.Answer) {
	t.Helper()
	h := New(Config{Events: events, Users: users, Now: func() time.Time { return now }, NewID: func() string { return "00000000-0000-7000-8000-000000000001" }, Logger: slog.New(slog.DiscardHandler)})
	r := h.Handle(t.Context(), gateway.Request{Method: http.MethodPost, Path: path, Body: []byte(body)})
	var a wire.Answer
	if err := json.Unmarshal(r.Body, &a); err != nil {
		t.Fatalf("%s: %v", r.Body, err)
	}
	return r, a
}

// big is a body of events with properties of about size bytes each.
func big(n, size int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"event":"e%d","properties":{"pad":%q}}`, i, strings.Repeat("x", size))
	}
	return `{"events":[` + strings.Join(items, ",") + `]}`
}

func TestEventsAndUsersGoToTheirStreams(t *testing.T) {
	events, users := &stream{}, &stream{}
	if r, a := handle(t, events, users, "/v1/events", `{"events":[{"event":"a"},{"event":""},{"event":"b"}]}`); r.Status != 202 || a.Accepted != 2 || len(a.Rejected) != 1 || a.Rejected[0].Index != 1 {
		t.Errorf("%d %+v", r.Status, a)
	}
	if r, a := handle(t, events, users, "/v1/users", `{"users":[{"user_id":"u"}]}`); r.Status != 202 || a.Accepted != 1 || !strings.Contains(string(r.Body), `"rejected":[]`) {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	if events.lines() != 2 || users.lines() != 1 || len(events.records) != 1 {
		t.Errorf("%q %q", events.records, users.records)
	}
}

func TestNothingToStoreIsNotPublished(t *testing.T) {
	events := &stream{err: errors.New("must not be called")}
	for _, body := range []string{`{"events":[]}`, `{"events":[{"event":""}]}`} {
		if r, a := handle(t, events, nil, "/v1/events", body); r.Status != 202 || a.Accepted != 0 {
			t.Errorf("%s: %d %s", body, r.Status, r.Body)
		}
	}
}

func TestRecordsStayWithinTheirSize(t *testing.T) {
	events := &stream{}
	if r, a := handle(t, events, nil, "/v1/events", big(120, 30_000)); r.Status != 202 || a.Accepted != 120 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	if len(events.records) < 3 || len(events.records) > 5 || events.lines() != 120 {
		t.Errorf("%d records, %d lines", len(events.records), events.lines())
	}
	for _, r := range events.records {
		if len(r) > MaxRecordBytes || r[len(r)-1] != '\n' || !json.Valid(r[:bytes.IndexByte(r, '\n')]) {
			t.Errorf("a record of %d bytes", len(r))
		}
	}
}

func TestAFailedRecordIsAnsweredItemByItem(t *testing.T) {
	whole := &stream{}
	body := strings.Replace(big(120, 30_000), `"event":"e1"`, `"event":""`, 1)
	handle(t, whole, nil, "/v1/events", body)
	first := bytes.Count(whole.records[0], []byte("\n"))
	second := bytes.Count(whole.records[1], []byte("\n"))

	part := &stream{fails: []int{1}}
	r, a := handle(t, part, nil, "/v1/events", body)
	if r.Status != 202 || a.Accepted != 119-second {
		t.Fatalf("%d, %d accepted of 119 with %d failed", r.Status, a.Accepted, second)
	}
	want := []int{1}
	for i := range second {
		want = append(want, first+1+i) // item 1 is in no record
	}
	var got []int
	for _, x := range a.Rejected {
		got = append(got, x.Index)
		if (x.Code == wire.CodeUnavailable) != (x.Index != 1) {
			t.Errorf("%+v", x)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rejected %v, want %v", got, want)
	}
}

func TestNothingStoredIs503(t *testing.T) {
	for name, s := range map[string]*stream{"error": {err: errors.New("away")}, "all failed": {fails: []int{0}}} {
		r, _ := handle(t, s, nil, "/v1/events", `{"events":[{"event":"a"}]}`)
		if r.Status != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", name, r.Status, r.Header)
		}
	}
}

func TestBadBodies(t *testing.T) {
	for body, status := range map[string]int{"": 400, "{": 400, `{"users":[]}`: 400, "\x1f\x8bx": 400, strings.Repeat(" ", wire.MaxBodyBytes+1): 413} {
		r, _ := handle(t, &stream{}, nil, "/v1/events", body)
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(r.Body, &e); err != nil || r.Status != status || e.Error.Code == "" || e.Error.Message == "" {
			t.Errorf("%.20q: %d %s", body, r.Status, r.Body)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	item := `{"event_id":"0190a5c0-0000-7000-8000-000000000001","event":"order","user_id":"u_1","timestamp":"2024-05-01T11:00:00Z","properties":{"amount":12.5,"country":"DE","new":true}},`
	body := []byte(`{"events":[` + strings.TrimSuffix(strings.Repeat(item, 100), ",") + `]}`)
	h := New(Config{Events: discard{}, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)})
	b.ReportAllocs()
	for b.Loop() {
		if r := h.Handle(b.Context(), gateway.Request{Path: "/v1/events", Body: body}); r.Status != 202 {
			b.Fatal(string(r.Body))
		}
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "events/s")
}

type discard struct{}

func (discard) Publish(context.Context, [][]byte) ([]int, error) { return nil, nil }
