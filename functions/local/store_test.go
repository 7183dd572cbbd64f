package local_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

func openStore(t testing.TB, root string) *local.Store {
	t.Helper()
	s, err := local.NewStore(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func list(t testing.TB, s *local.Store, kind warehouse.Kind) (out []warehouse.Object) {
	t.Helper()
	err := s.List(t.Context(), kind, "", func(objects []warehouse.Object) error {
		out = append(out, objects...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStoreKeepsObjectsAsFiles(t *testing.T) {
	root := filepath.Join(t.TempDir(), "deep", "raw")
	s := openStore(t, root)
	if found := list(t, s, warehouse.Events); len(found) != 0 {
		t.Errorf("a new store lists %v", found)
	}
	at := time.Date(2024, 5, 1, 23, 59, 59, 0, time.UTC)
	var keys []string
	for i := range 503 {
		key := warehouse.NewKey(warehouse.Events, at.Add(time.Duration(i)*time.Second), "id")
		keys = append(keys, key)
		if err := s.Put(t.Context(), "events", key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), "users", warehouse.NewKey(warehouse.Updates, at, "id"), nil); err != nil {
		t.Fatal(err)
	}
	found := list(t, s, warehouse.Events)
	var got []string
	for _, o := range found {
		got = append(got, o.Key)
		if o.Bucket != "events" || o.Kind != warehouse.Events || o.Size != int64(len(o.Key)) {
			t.Fatalf("%+v", o)
		}
	}
	if !slices.Equal(got, keys) { // keys sort by time, over midnight too
		t.Errorf("listed %d of %d, in the order of their keys: %v", len(got), len(keys), slices.IsSorted(got))
	}
	if len(list(t, s, warehouse.Users)) != 0 || len(list(t, s, warehouse.Updates)) != 1 {
		t.Error("users and updates are mixed")
	}
	if want := filepath.Join(root, "events", "events", "2024", "05", "01", "23", "20240501T235959.000000Z-id.ndjson.gz"); s.Path(found[0]) != want {
		t.Errorf("path %s", s.Path(found[0]))
	}
	body, err := s.Open(t.Context(), found[7])
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(text) != keys[7] {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := s.Open(t.Context(), warehouse.Object{Bucket: "events", Key: "events/none"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	stop := errors.New("stop")
	if err := s.List(t.Context(), warehouse.Events, "", func([]warehouse.Object) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestStoreListsWhatComesAfterAKey(t *testing.T) {
	s := openStore(t, t.TempDir())
	at := time.Date(2023, 12, 30, 22, 30, 0, 0, time.UTC)
	var keys []string
	for i := range 60 {
		keys = append(keys, warehouse.NewKey(warehouse.Events, at.Add(time.Duration(i)*time.Hour), "id"))
		if err := s.Put(t.Context(), "events", keys[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	// After a key, and from an hour's folder on.
	for i, key := range keys {
		for after, want := range map[string][]string{key: keys[i+1:], path.Dir(key): keys[i:]} {
			got := []string{}
			if err := s.List(t.Context(), warehouse.Events, after, func(objects []warehouse.Object) error {
				for _, o := range objects {
					got = append(got, o.Key)
				}
				return nil
			}); err != nil || !slices.Equal(got, want) {
				t.Fatalf("after %s: %d keys, want %d, %v", after, len(got), len(want), err)
			}
		}
	}
}

func TestStoreForgetsWhatACrashLeftHalfWritten(t *testing.T) {
	root := t.TempDir()
	s := openStore(t, root)
	if err := s.Put(t.Context(), "events", "events/2024/05/01/12/a.ndjson.gz", []byte("whole")); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(root, ".writing", "123456")
	if err := os.WriteFile(half, []byte("hal"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A file manager looked in.
	if err := os.WriteFile(filepath.Join(root, "events", "events", "2024", ".DS_Store"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := list(t, s, warehouse.Events); len(found) != 1 {
		t.Errorf("listed %v", found)
	}
	s = openStore(t, root)
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if found := list(t, s, warehouse.Events); len(found) != 1 {
		t.Errorf("listed %v", found)
	}
}

func TestAFailedPutLeavesNothing(t *testing.T) {
	root := t.TempDir()
	s := openStore(t, root)
	const key = "events/2024/05/01/12/a.ndjson.gz"
	// A file stands where a folder should be.
	if err := os.WriteFile(filepath.Join(root, "events"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "events", key, []byte("x")); err == nil {
		t.Error("no error")
	}
	if err := os.Remove(filepath.Join(root, "events")); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "events", key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	// Someone removes the folder; the Put that meets it fails, the next makes
	// the folder again.
	if err := os.RemoveAll(filepath.Join(root, "events")); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "events", key, []byte("x")); err == nil {
		t.Error("no error")
	}
	if err := s.Put(t.Context(), "events", key, []byte("y")); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, ".writing"))
	if err != nil || len(entries) != 0 {
		t.Errorf("temporary files %v, %v", entries, err)
	}
}

func TestConcurrentPuts(t *testing.T) {
	s := openStore(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := s.Put(t.Context(), "events", fmt.Sprintf("events/2024/05/01/%02d/%d.ndjson.gz", i%4, i), []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if found := list(t, s, warehouse.Events); len(found) != 40 {
		t.Errorf("%d objects", len(found))
	}
}
