package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// listen serves a fixture, with limits of time far shorter than some exports.
func (f *fixture) listen() string { return f.listener().URL }

func (f *fixture) listener() *httptest.Server {
	s := httptest.NewUnstartedServer(f.server)
	s.Config.ReadTimeout, s.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	s.Start()
	f.t.Cleanup(s.Close)
	return s
}

func (f *fixture) get(url string, header ...string) *http.Response {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.AddCookie(f.cookie)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestExportWritesWhatTheCollectionTakes(t *testing.T) {
	f := newFixture(t)
	var asked query.ExportRequest
	anonymous := anEvent
	anonymous.User, anonymous.Properties = nil, json.RawMessage(`{"a":"<&>\u2028"}`)
	f.service.exporting = func(_ context.Context, r query.ExportRequest, each func(query.Event) error) error {
		asked = r
		return errors.Join(each(anEvent), each(anonymous))
	}
	r := f.get(f.listen() + "/api/v1/export?from=2024-05-01&to=2024-05-02&timezone=Asia/Kolkata&event=buy+%3Cb%3E")
	got := readAll(t, r)
	want := `{"event_id":"00000000-0000-4000-8000-000000000001","event":"buy <b>","user_id":"ada","timestamp":"2024-05-01T12:00:00.250000Z","properties":{"n":12345678901234567890}}` + "\n" +
		`{"event_id":"00000000-0000-4000-8000-000000000001","event":"buy <b>","timestamp":"2024-05-01T12:00:00.250000Z","properties":{"a":"<&>\u2028"}}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if h := r.Header; h.Get("Content-Type") != "application/x-ndjson" || !strings.Contains(h.Get("Content-Disposition"), "events.ndjson") || h.Get("X-Accel-Buffering") != "no" {
		t.Errorf("header %v", h)
	}
	if got := r.Trailer.Get("Loaf-Exported-Events"); got != "2" {
		t.Errorf("the trailer says %q", got)
	}
	if asked.Event != "buy <b>" || !asked.From.Equal(time.Date(2024, 4, 30, 18, 30, 0, 0, time.UTC)) || !asked.To.Equal(time.Date(2024, 5, 2, 18, 30, 0, 0, time.UTC)) {
		t.Errorf("asked %+v", asked)
	}
	for i, line := range strings.Split(strings.TrimSpace(got), "\n") {
		e, err := wire.ParseEvent([]byte(line), noon, nil)
		if err != nil || e.EventID != anEvent.ID || !e.Timestamp.Equal(noon) {
			t.Errorf("line %d is taken as %+v, %v", i+1, e, err)
		}
	}
}

func TestExportOfNothingIsWhole(t *testing.T) {
	f := newFixture(t)
	r := f.get(f.listen() + "/api/v1/export")
	if got := readAll(t, r); got != "" || r.StatusCode != http.StatusOK || r.Trailer.Get("Loaf-Exported-Events") != "0" {
		t.Errorf("status %d, %q, trailer %v", r.StatusCode, got, r.Trailer)
	}
}

// TestExportThatBreaksOffIsNoticed reads it plain and packed: the client must
// get an error in place of an end, and the log the cause.
func TestExportThatBreaksOffIsNoticed(t *testing.T) {
	for _, coding := range []string{"identity", "gzip"} {
		f := newFixture(t)
		f.service.exporting = func(_ context.Context, _ query.ExportRequest, each func(query.Event) error) error {
			for range 1000 {
				if err := each(anEvent); err != nil {
					return err
				}
			}
			return fmt.Errorf("export: %w: the disk is on fire", warehouse.ErrUnavailable)
		}
		server := f.listener()
		r := f.get(server.URL+"/api/v1/export", "Accept-Encoding", coding)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d", coding, r.StatusCode)
		}
		if _, err := io.Copy(io.Discard, r.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: the end is %v", coding, err)
		}
		if r.Trailer.Get("Loaf-Exported-Events") != "" {
			t.Errorf("%s: the trailer says %v", coding, r.Trailer)
		}
		server.Close() // waits for the call to end
		text := f.log.String()
		if !strings.Contains(text, "the disk is on fire") || !strings.Contains(text, "status=500") {
			t.Errorf("%s: the log is %s", coding, text)
		}
	}
}

func TestExportIsPackedOnRequest(t *testing.T) {
	f := newFixture(t)
	f.service.exporting = func(_ context.Context, _ query.ExportRequest, each func(query.Event) error) error {
		for range 5000 {
			if err := each(anEvent); err != nil {
				return err
			}
		}
		return nil
	}
	r := f.get(f.listen()+"/api/v1/export", "Accept-Encoding", "gzip")
	if got := r.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("content encoding %q", got)
	}
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(lines, []byte("\n")); n != 5000 || len(packed) > len(lines)/10 {
		t.Errorf("%d lines of %d bytes, packed %d", n, len(lines), len(packed))
	}
	if got := r.Trailer.Get("Loaf-Exported-Events"); got != "5000" {
		t.Errorf("the trailer says %q", got)
	}
}

// TestExportEndsWithItsClient goes on until the client's leaving reaches it.
func TestExportEndsWithItsClient(t *testing.T) {
	f := newFixture(t)
	ended := make(chan error, 1)
	f.service.exporting = func(ctx context.Context, _ query.ExportRequest, each func(query.Event) error) error {
		for {
			if err := each(anEvent); err != nil {
				ended <- err
				return err
			}
			if err := ctx.Err(); err != nil {
				ended <- err
				return err
			}
		}
	}
	r := f.get(f.listen() + "/api/v1/export")
	if _, err := io.CopyN(io.Discard, r.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("it went on")
	}
}

// TestExportIsNotHeldInMemory sends 200,000 events of a real warehouse to a
// client that takes them slowly at first: the first come while the rest are
// still to be read, and the process never holds more than a small part.
func TestExportIsNotHeldInMemory(t *testing.T) {
	const n = 200_000
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = w.Database().SQL.ExecContext(t.Context(), `INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT CAST(printf('00000000-0000-4000-8000-%012d', range) AS UUID), 'e', 'u' || range % 1000, TIMESTAMP '2024-05-01' + to_seconds(range * 60), '{"text":"' || repeat('x', 200) || '"}', TIMESTAMP '2024-05-01', 1 FROM range(200000)`)
	if err != nil {
		t.Fatal(err)
	}
	inner := query.New(w.Database(), query.Options{})
	f := newFixture(t)
	read, done := make(chan int64, 1), false
	f.service.exporting = func(ctx context.Context, r query.ExportRequest, each func(query.Event) error) error {
		var handed int64
		defer func() { read <- handed }()
		return inner.Export(ctx, r, func(e query.Event) error {
			handed++
			return each(e)
		})
	}
	r := f.get(f.listen() + "/api/v1/export")
	// The header is here and the query goes on: it waits for this client.
	first := make([]byte, 64<<10)
	if _, err := io.ReadFull(r.Body, first); err != nil {
		t.Fatal(err)
	}
	select {
	case <-read:
		t.Error("the query ended before the first events were taken")
		done = true
	default:
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	lines, total := bytes.Count(first, []byte("\n")), len(first)
	buffer := make([]byte, 256<<10)
	for i := 0; ; i++ {
		k, err := r.Body.Read(buffer)
		lines, total = lines+bytes.Count(buffer[:k], []byte("\n")), total+k
		if i%200 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !done && <-read != n || lines != n {
		t.Errorf("%d lines", lines)
	}
	grown := int64(peak) - int64(before.HeapAlloc)
	t.Logf("%d bytes sent; the heap grew by %d", total, grown)
	if grown > int64(total/4) {
		t.Errorf("of %d bytes %d were held", total, grown)
	}
}
