package datadir

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// numbered makes secrets that can be told apart.
func numbered() func() string {
	n := 0
	return func() string { n++; return "secret" + strconv.Itoa(n) }
}

func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(t.Context(), path, numbered())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func closeDir(t *testing.T, d *Dir) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSecretsAreMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder")
	d := open(t, path)
	first := d.Secrets
	closeDir(t, d)
	if first.APIKey == "" || first.APIKey == first.Token || first.Token == first.AdminPassword || first.SessionKey == "" {
		t.Errorf("made %+v", first)
	}
	d, err := Open(t.Context(), path, func() string { t.Error("a second secret is made"); return "" })
	if err != nil {
		t.Fatal(err)
	}
	defer closeDir(t, d)
	if d.Secrets != first {
		t.Errorf("%+v after a restart, before %+v", d.Secrets, first)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, settingsFile: 0o600} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}

func TestOneHolderAtATime(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	if _, err := Open(t.Context(), path, numbered()); err == nil || !strings.Contains(err.Error(), "another loafctl dev is running") {
		t.Errorf("a second holder gets %v", err)
	}
	closeDir(t, d)
	closeDir(t, open(t, path))
}

func TestFindRunning(t *testing.T) {
	path := t.TempDir()
	if _, ok := FindRunning(path); ok {
		t.Error("found in an empty folder")
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 0 {
		t.Errorf("looking made %v, %v", entries, err)
	}
	d := open(t, path)
	if _, ok := FindRunning(path); ok {
		t.Error("found before it listens")
	}
	want := Running{Address: "http://127.0.0.1:1", APIKey: "k", Token: "t"}
	if err := d.Announce(want); err != nil {
		t.Fatal(err)
	}
	want.PID = os.Getpid()
	if got, ok := FindRunning(path); !ok || got != want {
		t.Errorf("found %+v, %v", got, ok)
	}
	// A kill releases the lock and leaves the file.
	if err := d.lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, ok := FindRunning(path); ok {
		t.Error("found after it was killed")
	}
	// The next one holds the lock and does not listen yet.
	d = open(t, path)
	if got, ok := FindRunning(path); ok {
		t.Errorf("found %+v, which is the one that was killed", got)
	}
	closeDir(t, d)
}
