package document_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// engine is what a test needs of a warehouse.
type engine interface {
	Migrate(context.Context) error
	Database() warehouse.Database
	Close() error
}

var noon = time.Date(2024, 5, 1, 12, 0, 0, 123456789, time.UTC)

// eachEngine runs a test on a warehouse without tables.
func eachEngine(t *testing.T, test func(t *testing.T, w engine)) {
	t.Helper()
	for name, open := range map[string]func(t *testing.T) (engine, error){
		"duckdb": func(t *testing.T) (engine, error) {
			return duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
		},
		"postgres": func(t *testing.T) (engine, error) {
			return postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t)})
		},
		"redshift": func(t *testing.T) (engine, error) {
			s := redshifttest.Start(t, t.TempDir())
			login := func(context.Context, bool) (warehouse.Login, error) { return s.Admin, nil }
			return redshift.Open(redshift.Config{Connect: connect.Config{Dialect: warehouse.Redshift, Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs, Login: login}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, w)
		})
	}
}

func TestDocuments(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine) {
		at := noon
		s := document.New(w.Database(), document.Options{Now: func() time.Time { return at }})
		// Before the first load there are no tables.
		if all, err := s.List(t.Context(), "insight"); err != nil || len(all) != 0 {
			t.Errorf("without tables: %v, %v", all, err)
		}
		if _, err := s.Get(t.Context(), "insight", "x"); !errors.Is(err, document.ErrNotFound) {
			t.Errorf("without tables: %v", err)
		}
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}

		body := json.RawMessage(`{"name":"Ä \"it's\" 日","n":1.50}`)
		made, err := s.Create(t.Context(), "insight", body, "jo@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if want := noon.Truncate(time.Microsecond); made.Version != 1 || made.CreatedBy != "jo@example.com" || !made.CreatedAt.Equal(want) {
			t.Errorf("made: %+v", made)
		}
		same(t, s, made)
		at = at.Add(time.Hour)
		if _, err := s.Create(t.Context(), "dashboard", json.RawMessage(`{}`), "jo@example.com"); err != nil {
			t.Fatal(err)
		}
		second, err := s.Create(t.Context(), "insight", json.RawMessage(`{"second":true}`), "ann@example.com")
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.List(t.Context(), "insight")
		if err != nil || len(all) != 2 || all[0].ID != made.ID || all[1].ID != second.ID {
			t.Errorf("the list: %+v, %v", all, err)
		}

		changed, err := s.Update(t.Context(), "insight", made.ID, 1, json.RawMessage(`{"name":"b"}`), "ann@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if changed.Version != 2 || string(changed.Body) != `{"name":"b"}` || changed.UpdatedBy != "ann@example.com" || changed.CreatedBy != "jo@example.com" ||
			!changed.UpdatedAt.Equal(at.Truncate(time.Microsecond)) || !changed.CreatedAt.Equal(made.CreatedAt) {
			t.Errorf("changed: %+v", changed)
		}
		same(t, s, changed)
		// A stale write changes nothing, and tells what there is.
		current, err := s.Update(t.Context(), "insight", made.ID, 1, json.RawMessage(`{"name":"c"}`), "jo@example.com")
		if !errors.Is(err, document.ErrStale) || current.Version != 2 {
			t.Errorf("a stale write: %+v, %v", current, err)
		}
		if err := s.Delete(t.Context(), "insight", made.ID, 1); !errors.Is(err, document.ErrStale) {
			t.Errorf("a stale delete: %v", err)
		}
		same(t, s, changed)
		if err := s.Delete(t.Context(), "insight", made.ID, 2); err != nil {
			t.Error(err)
		}
		if err := s.Delete(t.Context(), "insight", second.ID, 0); err != nil {
			t.Error(err)
		}
		for doing, err := range map[string]error{
			"delete": s.Delete(t.Context(), "insight", made.ID, 0),
			"update": func() error {
				_, err := s.Update(t.Context(), "insight", made.ID, 2, body, "x")
				return err
			}(),
			"another kind": func() error { _, err := s.Get(t.Context(), "cohort", made.ID); return err }(),
		} {
			if !errors.Is(err, document.ErrNotFound) {
				t.Errorf("%s: %v", doing, err)
			}
		}
		long := json.RawMessage(`"` + strings.Repeat("x", document.MaxBytes-2) + `"`)
		whole, err := s.Create(t.Context(), "insight", long, "jo@example.com")
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, whole)
		if _, err := s.Create(t.Context(), "insight", append(long, ' '), "x"); !errors.Is(err, document.ErrTooLarge) {
			t.Errorf("too long: %v", err)
		}
	})
}

func same(t *testing.T, s *document.Store, want document.Document) {
	t.Helper()
	got, err := s.Get(t.Context(), want.Kind, want.ID)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("kept: %v, %v; want %v", got, err, want)
	}
}

// Of those who change the same version at once exactly one succeeds.
func TestConcurrentUpdates(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine) {
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := document.New(w.Database(), document.Options{})
		made, err := s.Create(t.Context(), "insight", json.RawMessage(`0`), "a")
		if err != nil {
			t.Fatal(err)
		}
		const writers = 8
		errs := make([]error, writers)
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				_, errs[i] = s.Update(t.Context(), "insight", made.ID, 1, json.RawMessage(fmt.Sprint(i)), "a")
			})
		}
		all.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won < 0:
				won = i
			case err == nil:
				t.Errorf("%d and %d both won", won, i)
			case !errors.Is(err, document.ErrStale):
				t.Error(err)
			}
		}
		got, err := s.Get(t.Context(), "insight", made.ID)
		if err != nil || got.Version != 2 || string(got.Body) != fmt.Sprint(won) {
			t.Errorf("%d won; kept: %+v, %v", won, got, err)
		}
	})
}

func TestUnavailable(t *testing.T) {
	w, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	away := document.New(warehouse.Database{SQL: w.Database().SQL, Dialect: warehouse.PostgreSQL}, document.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := away.List(ctx, "insight"); !errors.Is(err, context.Canceled) {
		t.Errorf("the asker went away: %v", err)
	}
}
