package cohort_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/insights-server/cohort"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

func draft(t *testing.T, event string, version int64) insight.CohortDraft {
	t.Helper()
	d, err := insight.ParseCohortDraft([]byte(`{"name":"n","definition":{"conditions":[{"type":"event","event":"` + event + `","range":{"last":"30d"}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	d.Version = version
	return d
}

func documents(t *testing.T) *document.Store {
	t.Helper()
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return document.New(w.Database(), document.Options{})
}

func TestStore(t *testing.T) {
	saved := documents(t)
	s := cohort.New(saved, cohort.Options{})
	ctx := t.Context()
	made, err := s.Create(ctx, draft(t, "a", 0), "ann")
	if err != nil || made.Version != 1 || made.CreatedBy != "ann" {
		t.Fatalf("made %+v, %v", made, err)
	}
	if got, err := s.Update(ctx, made.ID, draft(t, "b", 1), "bob"); err != nil || got.Version != 2 || got.CreatedBy != "ann" || got.UpdatedBy != "bob" {
		t.Errorf("changed to %+v, %v", got, err)
	}
	if _, err := s.Update(ctx, made.ID, draft(t, "c", 1), "ann"); !errors.Is(err, document.ErrStale) {
		t.Errorf("an old version: %v", err)
	}
	if got, err := s.Update(ctx, made.ID, draft(t, "c", 0), "ann"); err != nil || got.Version != 3 {
		t.Errorf("whatever version: %+v, %v", got, err)
	}
	if found, err := s.Find(ctx, made.ID); err != nil || found.Conditions[0].Event != "c" {
		t.Errorf("found %+v, %v", found, err)
	}
	if list, err := s.List(ctx); err != nil || len(list) != 1 || list[0].ID != made.ID {
		t.Errorf("listed %+v, %v", list, err)
	}
	named, err := saved.Create(ctx, "insight", []byte(fmt.Sprintf(`{"value":%q}`, made.ID)), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, made.ID, 0); !errors.Is(err, cohort.ErrInUse) {
		t.Errorf("one in use: %v", err)
	}
	if err := saved.Delete(ctx, "insight", named.ID, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, made.ID, 2); !errors.Is(err, document.ErrStale) {
		t.Errorf("an old version: %v", err)
	}
	if err := s.Delete(ctx, made.ID, 3); err != nil {
		t.Error(err)
	}
	if _, err := s.Find(ctx, made.ID); !errors.Is(err, query.ErrNoCohort) {
		t.Errorf("one that is gone: %v", err)
	}
	if _, err := s.Update(ctx, made.ID, draft(t, "c", 0), "ann"); !errors.Is(err, document.ErrNotFound) {
		t.Errorf("one that is gone: %v", err)
	}
}

// TestFindBelievesForAWhile: what another process changes is seen after the
// time, what this one changes at once.
func TestFindBelievesForAWhile(t *testing.T) {
	saved := documents(t)
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	here := cohort.New(saved, cohort.Options{Now: func() time.Time { return clock }, Trust: time.Minute})
	elsewhere := cohort.New(saved, cohort.Options{})
	made, err := here.Create(t.Context(), draft(t, "a", 0), "ann")
	if err != nil {
		t.Fatal(err)
	}
	want := func(event string) {
		t.Helper()
		if found, err := here.Find(t.Context(), made.ID); err != nil || found.Conditions[0].Event != event {
			t.Errorf("found %+v, %v; want %q", found, err, event)
		}
	}
	want("a")
	if _, err := elsewhere.Update(t.Context(), made.ID, draft(t, "b", 0), "bob"); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(59 * time.Second)
	want("a")
	clock = clock.Add(time.Second)
	want("b")
	if _, err := here.Update(t.Context(), made.ID, draft(t, "c", 0), "ann"); err != nil {
		t.Fatal(err)
	}
	want("c")
}
