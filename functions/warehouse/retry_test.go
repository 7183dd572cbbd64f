package warehouse_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// reader is what the retry of an update needs of an engine.
type reader interface {
	MergeObject(ctx context.Context, o warehouse.Object) error
	Empty(ctx context.Context) (bool, error)
}

// A retry merges what an object holds and leaves no load behind: the last load
// tells whether the loader is well.
func TestMergeObject(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		r, ok := w.(reader)
		if !ok {
			t.Fatalf("%T merges no objects", w)
		}
		if empty, err := r.Empty(t.Context()); err != nil || !empty {
			t.Errorf("a new warehouse: %v, %v", empty, err)
		}
		o := raw.put(t, warehouse.Updates, "a",
			`{"user_id":"ada","attributes":{"plan":"pro","old":null},"updated_at":"2024-05-01T10:00:00.000000Z","received_at":"2024-05-01T12:00:00.000000Z"}`,
			`{"user_id":"ada","attributes":{"plan":"free"},"updated_at":"2024-05-01T09:00:00.000000Z","received_at":"2024-05-01T12:00:00.000000Z"}`)
		for range 2 { // the queue may deliver it twice
			if err := r.MergeObject(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "users", column(t, w, `SELECT "user_id" FROM "users"`), "ada")
		want(t, "the ledger", column(t, w, `SELECT "status" FROM "loaf_files"`), "loaded")
		want(t, "loads", column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR(10)) FROM "loaf_loads"`), "0")
		if empty, err := r.Empty(t.Context()); err != nil || empty {
			t.Errorf("after a merge: %v, %v", empty, err)
		}
		broken := raw.put(t, warehouse.Updates, "b", `{"user_id":7}`)
		var data *warehouse.DataError
		if err := r.MergeObject(t.Context(), broken); !errors.As(err, &data) || data.Object == nil || data.Object.ID() != broken.ID() {
			t.Errorf("%v", err)
		}
		missing, _ := warehouse.ParseKey("users", "updates/none")
		if err := r.MergeObject(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	})
}

// The ledger takes sound text of bounded length, whatever the data was.
func TestReason(t *testing.T) {
	o := warehouse.Object{Bucket: "b", Key: "events/a"}
	for _, text := range []string{"no event", "a\x00b", "\xff\xfe", strings.Repeat("é", 5000)} {
		got := warehouse.Reason(errors.Join(&warehouse.DataError{Object: &o, Line: 3, Err: errors.New(text)}))
		if len(got) > 2010 || strings.Contains(got, "\x00") || !utf8.ValidString(got) || !strings.HasPrefix(got, "b/events/a, line 3: ") {
			t.Errorf("%.40q is %d bytes: %.60q", text, len(got), got)
		}
	}
}
