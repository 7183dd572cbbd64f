package saved_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

func TestDefinitions(t *testing.T) {
	eachEngine(t, func(t *testing.T, l *saved.Library) {
		ctx := t.Context()
		made := must(l.EventDefinitions.Create(ctx, []byte(`{"name":"buy","description":"paid","verified":true}`), jo))(t)
		if c := made.Content; c.VerifiedBy == nil || *c.VerifiedBy != jo || c.VerifiedAt == nil || made.CreatedBy != jo {
			t.Fatalf("made %+v", made)
		}
		at := *made.Content.VerifiedAt

		// It stays verified by whoever did so, until somebody takes it back.
		changed := must(l.EventDefinitions.Replace(ctx, made.ID, []byte(`{"name":"buy","description":"paid in full","verified":true}`), 1, ann))(t)
		if c := changed.Content; *c.VerifiedBy != jo || !c.VerifiedAt.Equal(at) || changed.UpdatedBy != ann || c.Description != "paid in full" {
			t.Errorf("changed %+v", changed)
		}
		back := must(l.EventDefinitions.Replace(ctx, made.ID, []byte(`{"name":"buy"}`), 2, ann))(t)
		if c := back.Content; c.Verified || c.VerifiedBy != nil || c.VerifiedAt != nil {
			t.Errorf("taken back %+v", back)
		}
		again := must(l.EventDefinitions.Replace(ctx, made.ID, []byte(`{"name":"buy","verified":true}`), 3, ann))(t)
		if c := again.Content; *c.VerifiedBy != ann || !c.VerifiedAt.After(at) {
			t.Errorf("verified again %+v", again)
		}
		if _, err := l.EventDefinitions.Replace(ctx, made.ID, []byte(`{"name":"buy"}`), 3, jo); !errors.Is(err, document.ErrStale) {
			t.Errorf("a stale change: %v", err)
		}
		var bad *insight.Error
		if _, err := l.EventDefinitions.Replace(ctx, made.ID, []byte(`{"name":"Buy"}`), 0, jo); !errors.As(err, &bad) || bad.Field != "name" {
			t.Errorf("another name: %v", err)
		}
		if kept := must(l.EventDefinitions.Get(ctx, made.ID))(t); kept.Version != 4 || kept.Content.Name != "buy" {
			t.Errorf("kept %+v", kept)
		}

		// One definition a name, with its case, and a scope.
		if _, err := l.EventDefinitions.Create(ctx, []byte(`{"name":"buy"}`), ann); !errors.Is(err, saved.ErrDefined) {
			t.Errorf("a second one: %v", err)
		}
		must(l.EventDefinitions.Create(ctx, []byte(`{"name":"Buy"}`), ann))(t)
		for _, scope := range []string{"event", "user"} {
			body := []byte(`{"scope":"` + scope + `","name":"buy"}`)
			must(l.PropertyDefinitions.Create(ctx, body, ann))(t)
			if _, err := l.PropertyDefinitions.Create(ctx, body, ann); !errors.Is(err, saved.ErrDefined) {
				t.Errorf("a second one of scope %s: %v", scope, err)
			}
		}
		if err := l.EventDefinitions.Delete(ctx, made.ID, 4); err != nil {
			t.Fatal(err)
		}
		must(l.EventDefinitions.Create(ctx, []byte(`{"name":"buy"}`), ann))(t)
	})
}

// TestOneDefinitionOfMany: of those that want to define one name at once, in one
// process, one does.
func TestOneDefinitionOfMany(t *testing.T) {
	eachEngine(t, func(t *testing.T, l *saved.Library) {
		var made, refused int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				_, err := l.PropertyDefinitions.Create(t.Context(), []byte(`{"scope":"user","name":"plan"}`), fmt.Sprint("person ", i))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made++
				case errors.Is(err, saved.ErrDefined):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if items := must(l.PropertyDefinitions.List(t.Context(), ""))(t); made != 1 || refused != 7 || len(items) != 1 {
			t.Errorf("%d made, %d refused, %d are there", made, refused, len(items))
		}
	})
}

// raced is a store in which another process saves the same, earlier, between the
// look and the writing.
type raced struct {
	saved.Documents
	rival func()
}

func (r *raced) Create(ctx context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error) {
	r.rival()
	return r.Documents.Create(ctx, kind, body, by)
}

// TestTheOlderOfTwoStays: two processes define one name at once.
func TestTheOlderOfTwoStays(t *testing.T) {
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
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	store := document.New(w.Database(), document.Options{Now: func() time.Time { at = at.Add(time.Minute); return at }})
	theirs := saved.New(store, saved.Options{})
	ours := saved.New(&raced{store, func() {
		must(theirs.EventDefinitions.Create(t.Context(), []byte(`{"name":"buy"}`), ann))(t)
	}}, saved.Options{})
	if _, err := ours.EventDefinitions.Create(t.Context(), []byte(`{"name":"buy"}`), jo); !errors.Is(err, saved.ErrDefined) {
		t.Errorf("the younger one: %v", err)
	}
	items := must(ours.EventDefinitions.List(t.Context(), ""))(t)
	if len(items) != 1 || items[0].CreatedBy != ann {
		t.Errorf("%+v are there", items)
	}
}
