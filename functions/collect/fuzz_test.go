package collect

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// FuzzBody posts whatever a client may send, as it is and packed. Each answer is one
// of the contract's, and what it counts as accepted is in the records, a line an
// item, as the load will read it.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"events":[{"event":"a","user_id":"u","properties":{"n":1}},{"event":""},7]}`,
		`{"users":[{"user_id":"u","attributes":{"k":null}},{"user_id":""}]}`,
		`{"events":[{"event":"a","timestamp":"2024-05-01T11:00:00+05:30","event_id":"0190A5C0-0000-7000-8000-000000000001"}]}`,
		`{"events":[]}`, `{"events":{}}`, `{"events":[{"event":"\u0000"}]}`, "\x1f\x8b", "\xef\xbb\xbf{}", `[]`, ``, `{"events":[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/v1/events", "/v1/users"} {
			plain := fuzzed(t, path, body)
			if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
				continue // it is taken for gzip as it is
			}
			if again := fuzzed(t, path, packed.Bytes()); again != plain {
				t.Fatalf("%s %q is answered %s, and packed %s", path, body, plain, again)
			}
		}
	})
}

// fuzzed posts a body, and tells the answer.
func fuzzed(t *testing.T, path string, body []byte) string {
	t.Helper()
	stored := &stream{}
	ids := 0
	h := New(Config{Events: stored, Users: stored, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler), NewID: func() string {
		ids++
		return fmt.Sprintf("00000000-0000-7000-8000-%012d", ids)
	}})
	r := h.Handle(t.Context(), gateway.Request{Method: http.MethodPost, Path: path, Body: body})
	switch r.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		var e struct {
			Error struct{ Code, Message string } `json:"error"`
		}
		if err := json.Unmarshal(r.Body, &e); err != nil || e.Error.Code == "" || e.Error.Message == "" || stored.lines() > 0 {
			t.Fatalf("%s %q: %d %s, %d lines stored", path, body, r.Status, r.Body, stored.lines())
		}
		return fmt.Sprint(r.Status, e.Error.Code)
	case http.StatusAccepted:
	default:
		t.Fatalf("%s %q: %d %s", path, body, r.Status, r.Body)
	}
	var a wire.Answer
	if err := json.Unmarshal(r.Body, &a); err != nil || a.Accepted != stored.lines() {
		t.Fatalf("%s %q: %s, %d lines stored", path, body, r.Body, stored.lines())
	}
	for line := range bytes.Lines(bytes.Join(stored.records, nil)) {
		var err error
		if path == "/v1/events" {
			_, _, err = wire.ParseEventRecord(line)
		} else {
			_, _, err = wire.ParseUserRecord(line)
		}
		if err != nil {
			t.Fatalf("%s %q: the load cannot read %q: %v", path, body, line, err)
		}
	}
	return string(r.Body)
}
