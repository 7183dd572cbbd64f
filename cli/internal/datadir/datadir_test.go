package datadir

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/insights-server/auth"
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

func TestSecretsAreKeptWhenTheyAreSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder")
	d := open(t, path)
	if d.Secrets != (Secrets{SessionKey: "secret1secret2"}) {
		t.Errorf("made %+v", d.Secrets)
	}
	closeDir(t, d)
	if Exists(path) {
		t.Error("settings were written before there was anything to keep")
	}
	d = open(t, path)
	want := Secrets{APIKey: SumOf("k"), Token: SumOf("t"), AdminPassword: "$argon2id$", SessionKey: d.Secrets.SessionKey}
	if err := d.SaveSecrets(want); err != nil {
		t.Fatal(err)
	}
	closeDir(t, d)
	d, err := Open(t.Context(), path, func() string { t.Error("a second secret is made"); return "" })
	if err != nil {
		t.Fatal(err)
	}
	defer closeDir(t, d)
	if d.Secrets != want || d.Hashed {
		t.Errorf("%+v after a restart, before %+v", d.Secrets, want)
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

func TestReadableSecretsAreHashed(t *testing.T) {
	path := t.TempDir()
	key := strings.Repeat("s", 52)
	if err := os.WriteFile(filepath.Join(path, settingsFile), []byte(`{"layout":1,"api_key":"k","admin_password":"p","token":"t","session_key":"`+key+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string]bool{"settings.json.backup": true, "settings.json.1": false, "running.json.22": false, "running.json": false, "api-key.header": false, "raw": true} {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := os.Stat(filepath.Join(path, name)); (err == nil) != kept {
				t.Errorf("%s: kept %v, want %v", name, err == nil, kept)
			}
		}()
	}
	// The hash that sessions of before were signed with.
	hash, err := auth.DeriveHash("p", []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	want := Secrets{APIKey: SumOf("k"), Token: SumOf("t"), AdminPassword: hash, SessionKey: key}
	for _, hashed := range []bool{true, false} {
		d := open(t, path)
		if d.Secrets != want || d.Hashed != hashed {
			t.Errorf("%+v, %v, want %+v, %v", d.Secrets, d.Hashed, want, hashed)
		}
		closeDir(t, d)
	}
}

func TestASumThatIsNone(t *testing.T) {
	path := t.TempDir()
	for _, sum := range []string{"k", strings.Repeat("0", 62), strings.Repeat("0", 66)} {
		if err := os.WriteFile(filepath.Join(path, settingsFile), []byte(`{"layout":2,"token_sha256":"`+sum+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), path, numbered()); err == nil || !strings.Contains(err.Error(), "settings.json") || !strings.Contains(err.Error(), "SHA-256") {
			t.Errorf("%s: %v", sum, err)
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
