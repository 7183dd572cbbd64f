package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// rawFolder is a warehouse.Source of gzip objects in a folder.
type rawFolder string

func (r rawFolder) path(o warehouse.Object) string {
	return filepath.Join(string(r), strings.ReplaceAll(o.Key, "/", "-"))
}

// Open implements warehouse.Source.
func (r rawFolder) Open(_ context.Context, o warehouse.Object) (io.ReadCloser, error) {
	return os.Open(r.path(o))
}

func (r rawFolder) put(f *testing.F, kind warehouse.Kind, lines []string) warehouse.Object {
	f.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := io.WriteString(z, strings.Join(lines, "\n")+"\n"); err != nil {
		f.Fatal(err)
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	o, ok := warehouse.ParseKey(string(kind.Bucket()), string(kind)+"/2024/06/01/00/fuzz.ndjson.gz")
	if !ok {
		f.Fatalf("no key of %s", kind)
	}
	o.Size = int64(out.Len())
	if err := os.WriteFile(r.path(o), out.Bytes(), 0o600); err != nil {
		f.Fatal(err)
	}
	return o
}

// fuzzNow ends the ranges that are relative to now: in the midst of the data.
var fuzzNow = time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC)

// fuzzService is DuckDB with three users and a few weeks of events, whose
// property "p" has values of every type.
func fuzzService(f *testing.F) *query.Service {
	f.Helper()
	raw := rawFolder(f.TempDir())
	w, err := duckdb.Open(f.Context(), duckdb.Config{Path: filepath.Join(f.TempDir(), "w.duckdb"), Source: raw, ObjectPath: raw.path})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := w.Close(); err != nil {
			f.Error(err)
		}
	})
	if err := w.Migrate(f.Context()); err != nil {
		f.Fatal(err)
	}
	values := []string{`1`, `-2.5`, `1e300`, `"x"`, `"10"`, `true`, `{"a":[1]}`, `[1,"x"]`, `null`, `"ä\"'"`}
	var events []string
	for i := range 300 {
		user := fmt.Sprintf(`"user_id":"u%d",`, i%4)
		if i%4 == 3 {
			user = ""
		}
		at := fuzzNow.Add(-time.Duration(i/2) * 5 * time.Hour) // two at each instant
		events = append(events, fmt.Sprintf(`{"event_id":"00000000-0000-4000-8000-%012d","event":%q,%s"timestamp":%q,"properties":{"p":%s,"n":%d},"received_at":%q}`,
			i, []string{"a", "b", "c", "a"}[i%7%4], user, at.Format(time.RFC3339), values[i%len(values)], i, fuzzNow.Format(time.RFC3339)))
	}
	var users []string
	for i, plan := range []string{`"pro"`, `1`} {
		users = append(users, fmt.Sprintf(`{"user_id":"u%d","created_at":%[2]q,"attributes":{"plan":%[3]s},"received_at":%[2]q}`, i, fuzzNow.Format(time.RFC3339), plan))
	}
	_, err = w.Load(f.Context(), []warehouse.Object{raw.put(f, warehouse.Events, events), raw.put(f, warehouse.Users, users)})
	if err != nil {
		f.Fatal(err)
	}
	service := query.New(w.Database(), query.Options{Now: func() time.Time { return fuzzNow }})
	if names, err := service.Events(f.Context()); err != nil || len(names) != 3 {
		f.Fatalf("the warehouse has the events %+v, %v", names, err)
	}
	return service
}

// engineWords are what an engine's messages have and the API's have not.
var engineWords = []string{"select", "binder error", "parser error", "catalog error", "conversion error", "out of range", "syntax error", "duckdb", "pq:", "constraint"}

// FuzzQuery asks a real engine whatever a client may send. No question may make
// the server fail or show what an engine said; what is answered must be as the
// specification says, as CSV too. The kept questions are of every kind.
func FuzzQuery(f *testing.F) {
	service := fuzzService(f)
	f.Fuzz(func(t *testing.T, body string) {
		x := newFixture(t, func(c *Config) { c.Service = service })
		r := x.request(post(body))
		w := httptest.NewRecorder()
		x.server.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%q answers %d: %s\n%s", body, w.Code, w.Body, x.log)
		}
		conforms(t, r, w)
		if w.Code != http.StatusOK {
			for _, word := range engineWords {
				// A message may quote the question.
				if strings.Contains(strings.ToLower(w.Body.String()), word) && !strings.Contains(strings.ToLower(body), word) {
					t.Errorf("%q answers with the word %q: %s", body, word, w.Body)
				}
			}
			return
		}
		c := post(body)
		c.header = map[string]string{"Accept": "text/csv"}
		table := httptest.NewRecorder()
		x.server.ServeHTTP(table, x.request(c))
		if table.Code != http.StatusOK {
			t.Fatalf("%q answers %d as CSV: %s\n%s", body, table.Code, table.Body, x.log)
		}
		// The reader wants as many cells in each row as the header has.
		if rows, err := csv.NewReader(table.Body).ReadAll(); err != nil || len(rows) == 0 {
			t.Fatalf("%q answers CSV of %d rows: %v", body, len(rows), err)
		}
	})
}
