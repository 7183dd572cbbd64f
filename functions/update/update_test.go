package update_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

var arrival = time.Date(2024, 5, 1, 14, 30, 0, 987654321, time.FixedZone("", 2*60*60))

// stack is everything around the handler; each error makes that part fail.
type stack struct {
	putErr, mergeErr, retryErr, loadErr error
	// slow makes the merge wait for its deadline.
	slow bool
	// patience is the timeout of a slow merge; 0 means hardly any.
	patience time.Duration

	done    []string
	objects map[string][]byte
	writes  []warehouse.UserWrite
	merged  []warehouse.Object
	queued  []warehouse.Object
	loaded  []warehouse.Object
	// quarantined are IDs and reasons.
	quarantined []string
}

func (s *stack) Put(_ context.Context, bucket, key string, body []byte) error {
	s.done = append(s.done, "put")
	if s.putErr == nil {
		s.objects[bucket+"/"+key] = body
	}
	return s.putErr
}

func (s *stack) Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error {
	s.done = append(s.done, "merge")
	if s.slow {
		<-ctx.Done()
		return ctx.Err()
	}
	s.merged, s.writes = append(s.merged, o), append(s.writes, writes...)
	return s.mergeErr
}

func (s *stack) Enqueue(_ context.Context, o warehouse.Object) error {
	s.done = append(s.done, "enqueue")
	if s.retryErr == nil {
		s.queued = append(s.queued, o)
	}
	return s.retryErr
}

func (s *stack) MergeObject(_ context.Context, o warehouse.Object) error {
	s.loaded = append(s.loaded, o)
	return s.loadErr
}

func (s *stack) Quarantine(_ context.Context, o warehouse.Object, reason string) error {
	s.quarantined = append(s.quarantined, o.ID()+": "+reason)
	return nil
}

func (s *stack) handler(logs io.Writer) *update.Handler {
	s.objects = map[string][]byte{}
	timeout := time.Minute
	if s.slow {
		timeout = cmp.Or(s.patience, time.Millisecond)
	}
	return update.New(update.Config{
		Store: s, Warehouse: s, Retry: s, Reader: s, Bucket: "the-users", MergeTimeout: timeout,
		Now:    func() time.Time { return arrival },
		NewID:  func() string { return "0190a5c0-0000-7000-8000-000000000001" },
		Logger: slog.New(slog.NewTextHandler(logs, nil)),
	})
}

const body = `{"users":[
	{"user_id":"u1","attributes":{"plan":"pro","old":null},"updated_at":"2024-05-01T10:00:00Z"},
	{"user_id":""},
	{"user_id":"u2","attributes":{}}]}`

const stored = "the-users/updates/2024/05/01/12/20240501T123000.987654Z-0190a5c0-0000-7000-8000-000000000001.ndjson.gz"

func patch(t *testing.T, h *update.Handler, body string) (gateway.Response, wire.Answer) {
	t.Helper()
	r := h.Handle(t.Context(), gateway.Request{Method: http.MethodPatch, Path: "/v1/users", Body: []byte(body)})
	var a wire.Answer
	if err := json.Unmarshal(r.Body, &a); err != nil {
		t.Fatalf("%d %s: %v", r.Status, r.Body, err)
	}
	return r, a
}

func TestAnUpdateIsStoredThenMerged(t *testing.T) {
	s := &stack{}
	r, a := patch(t, s.handler(t.Output()), body)
	if r.Status != http.StatusOK || a.Accepted != 2 || len(a.Rejected) != 1 || a.Rejected[0].Index != 1 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	if want := []string{"put", "merge"}; !reflect.DeepEqual(s.done, want) {
		t.Errorf("did %v, want %v", s.done, want)
	}
	z, err := gzip.NewReader(bytes.NewReader(s.objects[stored]))
	if err != nil {
		t.Fatalf("stored %v: %v", s.objects, err)
	}
	lines, err := io.ReadAll(z)
	const want = `{"user_id":"u1","attributes":{"plan":"pro","old":null},"updated_at":"2024-05-01T10:00:00.000000Z","received_at":"2024-05-01T12:30:00.987654Z"}
{"user_id":"u2","attributes":{},"updated_at":"2024-05-01T12:30:00.987654Z","received_at":"2024-05-01T12:30:00.987654Z"}
`
	if err != nil || string(lines) != want {
		t.Errorf("got  %s\nwant %s\n%v", lines, want, err)
	}
	// What is merged is what is stored: the two paths must end in the same row.
	var fromObject []warehouse.UserWrite
	for line := range bytes.Lines(lines) {
		u, _, err := wire.ParseUpdateRecord(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		fromObject = append(fromObject, warehouse.FromUpdate(u))
	}
	if !reflect.DeepEqual(s.writes, fromObject) {
		t.Errorf("merged %+v\nstored %+v", s.writes, fromObject)
	}
	if len(s.merged) != 1 || s.merged[0].ID() != stored || s.merged[0].Kind != warehouse.Updates || s.merged[0].Size != int64(len(s.objects[stored])) {
		t.Errorf("object %+v", s.merged)
	}
}

func TestWhatFails(t *testing.T) {
	away := fmt.Errorf("no route to the warehouse: %w", warehouse.ErrUnavailable)
	cases := map[string]struct {
		stack  stack
		status int
		done   string
		queued int
		logged string
	}{
		"the store":                     {stack{putErr: errors.New("disk full")}, http.StatusServiceUnavailable, "put", 0, "level=ERROR"},
		"the warehouse":                 {stack{mergeErr: away}, http.StatusAccepted, "put merge enqueue", 1, "level=WARN"},
		"the warehouse is slow":         {stack{slow: true}, http.StatusAccepted, "put merge enqueue", 1, "level=WARN"},
		"the retry queue, too":          {stack{mergeErr: away, retryErr: errors.New("away")}, http.StatusAccepted, "put merge enqueue", 0, "the sweep will find it"},
		"the engine refuses the data":   {stack{mergeErr: &warehouse.DataError{Err: errors.New("value out of range")}}, http.StatusAccepted, "put merge enqueue", 1, "level=ERROR"},
		"something nobody thought of":   {stack{mergeErr: errors.New("column \"x\" does not exist")}, http.StatusAccepted, "put merge enqueue", 1, "level=WARN"},
		"nothing, and nothing is asked": {stack{}, http.StatusOK, "", 0, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var logs bytes.Buffer
			sent := body
			if c.done == "" {
				sent = `{"users":[{"user_id":7}]}`
			}
			r, a := patch(t, c.stack.handler(&logs), sent)
			if r.Status != c.status || strings.Join(c.stack.done, " ") != c.done || len(c.stack.queued) != c.queued {
				t.Errorf("%d %s after %v, queued %v", r.Status, r.Body, c.stack.done, c.stack.queued)
			}
			if (r.Header.Get("Retry-After") != "") != (r.Status == http.StatusServiceUnavailable) {
				t.Errorf("headers %v", r.Header)
			}
			if r.Status == http.StatusAccepted && (a.Accepted != 2 || len(a.Rejected) != 1) {
				t.Errorf("%+v", a)
			}
			if c.queued > 0 && c.stack.queued[0].ID() != stored {
				t.Errorf("queued %+v", c.stack.queued)
			}
			if !strings.Contains(logs.String(), c.logged) {
				t.Errorf("log %q lacks %q", logs.String(), c.logged)
			}
		})
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	s := &stack{}
	h := s.handler(t.Output())
	for body, code := range map[string]string{`{`: "invalid_json", `{"events":[]}`: "invalid_shape", "\x1f\x8b\x08": "invalid_gzip"} {
		r := h.Handle(t.Context(), gateway.Request{Method: http.MethodPatch, Path: "/v1/users", Body: []byte(body)})
		if r.Status != http.StatusBadRequest || !strings.Contains(string(r.Body), `"code":"`+code+`"`) {
			t.Errorf("%q: %d %s", body, r.Status, r.Body)
		}
	}
	if len(s.done) > 0 {
		t.Errorf("did %v", s.done)
	}
}

func TestRetry(t *testing.T) {
	s := &stack{}
	h := s.handler(t.Output())
	o, ok := warehouse.ParseKey("the-users", "updates/2024/05/01/12/a.ndjson.gz")
	if !ok {
		t.Fatal("no key")
	}
	if settled, err := h.Retry(t.Context(), []warehouse.Object{o}); err != nil || !settled[o.ID()] || len(s.loaded) != 1 || s.loaded[0] != o {
		t.Errorf("%v, settled %v, loaded %v", err, settled, s.loaded)
	}
	// An object of another kind keeps no update from being merged.
	events := warehouse.Object{Bucket: "the-events", Key: "events/a", Kind: warehouse.Events}
	if settled, err := h.Retry(t.Context(), []warehouse.Object{events, o}); err == nil || !strings.Contains(err.Error(), events.ID()) || len(settled) != 1 || !settled[o.ID()] {
		t.Errorf("%v, settled %v", err, settled)
	}
	if settled, err := h.Retry(t.Context(), []warehouse.Object{events}); err == nil || len(settled) != 0 || len(s.loaded) != 2 {
		t.Errorf("took an object of events: %v, settled %v, loaded %v", err, settled, s.loaded)
	}
	// Where one finds the warehouse away the others need not try.
	s.loaded, s.loadErr = nil, fmt.Errorf("no route: %w", warehouse.ErrUnavailable)
	if settled, err := h.Retry(t.Context(), []warehouse.Object{o, o}); !errors.Is(err, warehouse.ErrUnavailable) || !strings.Contains(err.Error(), o.ID()) || len(settled) != 0 || len(s.loaded) != 1 {
		t.Errorf("%v, settled %v, loaded %v", err, settled, s.loaded)
	}
}

// Data that cannot be merged would come back until it is a dead letter, and
// nobody would hear why.
func TestARetryOfBrokenDataIsQuarantined(t *testing.T) {
	var logs bytes.Buffer
	s := &stack{}
	h := s.handler(&logs)
	o, _ := warehouse.ParseKey("the-users", "updates/2024/05/01/12/a.ndjson.gz")
	s.loadErr = fmt.Errorf("merge: %w", &warehouse.DataError{Object: &o, Line: 2, Err: errors.New("no user")})
	settled, err := h.Retry(t.Context(), []warehouse.Object{o})
	if want := o.ID() + ": " + o.ID() + ", line 2: no user"; err != nil || !settled[o.ID()] || len(s.quarantined) != 1 || s.quarantined[0] != want {
		t.Errorf("%v, settled %v, quarantined %q", err, settled, s.quarantined)
	}
	if !strings.Contains(logs.String(), "an object is quarantined") {
		t.Errorf("logged %s", &logs)
	}
}

// Before there is a warehouse an update is kept for it, and nobody is asked to
// try again.
func TestWithoutAWarehouseUpdatesAreStored(t *testing.T) {
	s := &stack{}
	s.handler(t.Output()) // for the objects
	h := update.New(update.Config{
		Store: s, Bucket: "the-users", Now: func() time.Time { return arrival }, NewID: func() string { return "an-id" },
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	r, a := patch(t, h, body)
	if r.Status != http.StatusAccepted || a.Accepted != 2 || len(s.objects) != 1 || len(s.queued) != 0 {
		t.Errorf("%d %s, stored %d, queued %v", r.Status, r.Body, len(s.objects), s.queued)
	}
	if settled, err := h.Retry(t.Context(), []warehouse.Object{{Kind: warehouse.Updates}}); err == nil || len(settled) != 0 {
		t.Errorf("%v, settled %v", err, settled)
	}
}

// The time of an invocation bounds the merge, too: what is left after it is for
// the retry queue.
func TestTheMergeLeavesTimeForTheRetryQueue(t *testing.T) {
	s := &stack{slow: true, patience: time.Hour}
	h := s.handler(t.Output())
	// Of this call's time nothing is left for a merge.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r := h.Handle(ctx, gateway.Request{Method: http.MethodPatch, Path: "/v1/users", Body: []byte(body)})
	if r.Status != http.StatusAccepted || len(s.queued) != 1 {
		t.Errorf("%d %s, queued %v", r.Status, r.Body, s.queued)
	}
}
