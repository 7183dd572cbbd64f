// Package datadir is the folder in which `loafctl dev` keeps everything: who
// may use it, which version of loafctl made it, by what it knows the secrets that
// it made, and where the dev that runs on it listens.
package datadir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gofrs/flock"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/insights-server/auth"
)

// Default is the folder when none is named.
const Default = ".dataloaf"

// layout is the version of the folder's layout. A loafctl that changes where
// things lie counts it up. Up to readableLayout the settings held the secrets
// themselves; from 2 on they hold sums and hashes.
const (
	layout         = 2
	readableLayout = 1
)

const (
	lockFile     = "lock"
	settingsFile = "settings.json"
	runningFile  = "running.json"
	headerFile   = "api-key.header"
)

// Sum is the SHA-256 of a key or token: enough to know it by, and not to use it.
// One that is long and random needs no slow hash. The zero value is none.
type Sum [sha256.Size]byte

// SumOf is the sum of a key or token.
func SumOf(secret string) Sum { return sha256.Sum256([]byte(secret)) }

// String is the sum in hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// MarshalText implements encoding.TextMarshaler.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Sum) UnmarshalText(text []byte) error {
	sum, err := hex.DecodeString(string(text))
	if err != nil || len(sum) != len(s) {
		return errors.New("a sum is not the 64 hexadecimal digits of a SHA-256")
	}
	*s = Sum(sum)
	return nil
}

// Secrets are what a folder keeps of that which opens the doors of a dev. What it
// made no secret for is empty.
type Secrets struct {
	APIKey Sum `json:"api_key_sha256,omitzero"`
	// NextAPIKey is let in as well, while clients change from APIKey to it; zero
	// when no key is being replaced.
	NextAPIKey Sum `json:"next_api_key_sha256,omitzero"`
	Token      Sum `json:"token_sha256,omitzero"`
	// AdminPassword is an argon2id hash. A password may be short, and need not be
	// random.
	AdminPassword string `json:"admin_password_argon2id,omitempty"`
	// SessionKey signs the page's sessions, so that they outlive a restart, and
	// seals the signing secrets of webhooks. It is nobody's to present, and of a
	// hash nothing could be signed: it is the one secret that lies here as it is.
	SessionKey string `json:"session_key"`
}

// readableSecrets are those of a folder of readableLayout.
type readableSecrets struct {
	APIKey        string `json:"api_key"`
	NextAPIKey    string `json:"next_api_key"`
	AdminPassword string `json:"admin_password"`
	Token         string `json:"token"`
	SessionKey    string `json:"session_key"`
}

// hashed are the same secrets as they are kept now. The password's hash is the
// one that it always had in memory, so that sessions go on.
func (r readableSecrets) hashed() (Secrets, error) {
	s := Secrets{SessionKey: r.SessionKey}
	for _, secret := range []struct {
		readable string
		sum      *Sum
	}{{r.APIKey, &s.APIKey}, {r.NextAPIKey, &s.NextAPIKey}, {r.Token, &s.Token}} {
		if secret.readable != "" {
			*secret.sum = SumOf(secret.readable)
		}
	}
	if r.AdminPassword == "" {
		return s, nil
	}
	var err error
	s.AdminPassword, err = auth.DeriveHash(r.AdminPassword, []byte(r.SessionKey))
	return s, err
}

// settings is the file that makes a folder a data folder.
type settings struct {
	Layout int `json:"layout"`
	Secrets
}

// Running says how to reach the dev that runs on a folder. Key and token are made
// for one run: they end with it, even where the file outlives it.
type Running struct {
	Address string `json:"address"`
	APIKey  string `json:"api_key"`
	Token   string `json:"token"`
	PID     int    `json:"pid"`
}

// Dir is a data folder that this process holds.
type Dir struct {
	path string
	lock *flock.Flock
	// Secrets are those that are kept for this folder. In a new folder they are a
	// session key alone, and not kept before SaveSecrets.
	Secrets Secrets
	// Hashed is true when the secrets lay here readable until now.
	Hashed bool
}

// lockPatience is how long Open waits for the lock: long enough for FindRunning of
// another process, which holds it for an instant.
const lockPatience = 500 * time.Millisecond

// Open takes a folder for this process alone, making it, and a session key for it,
// when it is new. newSecret gives a random text. What an earlier version of loafctl
// kept readable is hashed.
func Open(ctx context.Context, path string, newSecret func() string) (*Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the data folder %s: %w", path, err)
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return nil, failure.New(err, "Give a folder that you may write to with --data-dir DIR.", "make the data folder")
	}
	d := &Dir{path: absolute, lock: flock.New(filepath.Join(absolute, lockFile), flock.SetPermissions(0o600))}
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	held, err := d.lock.TryLockContext(waiting, lockPatience/10)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded), err == nil && !held:
		return nil, inUse(absolute)
	case err != nil:
		return nil, failure.New(err, "Give a folder that you may write to with --data-dir DIR.", "lock the data folder %s", absolute)
	}
	err = d.removeLeft()
	if err == nil {
		err = d.readSettings(newSecret)
	}
	if err != nil {
		return nil, errors.Join(err, d.lock.Unlock())
	}
	return d, nil
}

func inUse(path string) error {
	remedy := "Stop it, or give another folder with --data-dir DIR."
	var r Running
	if err := readJSON(filepath.Join(path, runningFile), &r); err == nil {
		return failure.New(nil, remedy, "another loafctl dev, process %d at %s, is running on the data folder %s", r.PID, r.Address, path)
	}
	return failure.New(nil, remedy, "another loafctl dev is running on the data folder %s", path)
}

func (d *Dir) readSettings(newSecret func() string) error {
	path := d.Path(settingsFile)
	var s settings
	err := readJSON(path, &s)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.Secrets = Secrets{SessionKey: newSecret() + newSecret()}
		return nil
	case err != nil:
		return failure.New(err, "Mend or remove the file: without it new secrets are made, and the data stays.", "read the settings of the data folder")
	case s.Layout == readableLayout:
		return d.hashSecrets(path)
	case s.Layout > layout:
		return failure.New(nil, "Upgrade loafctl, or give another folder with --data-dir DIR.",
			"the data folder %s was made by a newer loafctl (its layout is %d, this loafctl knows %d)", d.path, s.Layout, layout)
	case s.Layout < layout:
		return failure.New(nil, "Give a new folder with --data-dir DIR, and import the data again.",
			"the data folder %s was made by an older loafctl (its layout is %d, this loafctl needs %d)", d.path, s.Layout, layout)
	}
	d.Secrets = s.Secrets
	return nil
}

// hashSecrets replaces secrets that lie readable in the settings by their sums and
// hashes.
func (d *Dir) hashSecrets(path string) error {
	var r readableSecrets
	if err := readJSON(path, &r); err != nil {
		return fmt.Errorf("read the secrets of the data folder: %w", err)
	}
	s, err := r.hashed()
	if err != nil {
		return fmt.Errorf("hash the secrets of the data folder: %w", err)
	}
	d.Hashed = true
	return d.SaveSecrets(s)
}

// SaveSecrets replaces the secrets that are kept.
func (d *Dir) SaveSecrets(s Secrets) error {
	if err := writeJSON(d.Path(settingsFile), settings{Layout: layout, Secrets: s}); err != nil {
		return fmt.Errorf("keep the secrets of the data folder: %w", err)
	}
	d.Secrets = s
	return nil
}

// Path is the path of a file or folder in the data folder.
func (d *Dir) Path(elements ...string) string {
	return filepath.Join(append([]string{d.path}, elements...)...)
}

// WriteJSON writes a file in the data folder that only its owner can read.
func (d *Dir) WriteJSON(name string, value any) error { return writeJSON(d.Path(name), value) }

// unfinished are the files that writeFile leaves behind when it is killed.
var unfinished = regexp.MustCompile(`^(?:` + regexp.QuoteMeta(settingsFile) + `|` + regexp.QuoteMeta(runningFile) + `|` + regexp.QuoteMeta(headerFile) + `)\.[0-9]+$`)

// removeLeft removes what a dev that was killed left behind: how to reach it, and
// files that it was writing, which may be of a time when secrets lay here readable.
func (d *Dir) removeLeft() error {
	// First: until it is gone, others take it for this one's.
	if err := removeIfThere(d.Path(runningFile)); err != nil {
		return err
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name == headerFile || unfinished.MatchString(name) {
			err = errors.Join(err, removeIfThere(d.Path(name)))
		}
	}
	return err
}

// Announce tells other commands how to reach this dev.
func (d *Dir) Announce(r Running) error {
	r.PID = os.Getpid()
	if err := writeFile(d.Path(headerFile), []byte("x-api-key: "+r.APIKey+"\n")); err != nil {
		return fmt.Errorf("write the header for curl: %w", err)
	}
	// Last: whoever waits for this file finds the rest there.
	if err := writeJSON(d.Path(runningFile), r); err != nil {
		return fmt.Errorf("tell other commands where this dev is: %w", err)
	}
	return nil
}

// HeaderFile holds the run's API key as a header for curl (-H @FILE), so that a
// command line need not show it.
func (d *Dir) HeaderFile() string { return d.Path(headerFile) }

// Close lets go of the folder.
func (d *Dir) Close() error {
	return errors.Join(removeIfThere(d.Path(runningFile)), removeIfThere(d.HeaderFile()), d.lock.Unlock())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Exists tells whether a folder is a data folder.
func Exists(path string) bool {
	_, err := os.Stat(filepath.Join(path, settingsFile))
	return err == nil
}

// FindRunning tells how to reach the dev that runs on a folder. It reports
// false when none does; what a dev that was killed left behind is no dev.
func FindRunning(path string) (Running, bool) {
	file := filepath.Join(path, lockFile)
	if _, err := os.Stat(file); err != nil {
		return Running{}, false // and the lock must not be made by asking
	}
	lock := flock.New(file)
	free, err := lock.TryRLock()
	// An unlock that fails ends with this process, which is short.
	_ = lock.Close()
	if err != nil || free {
		return Running{}, false
	}
	var r Running
	err = readJSON(filepath.Join(path, runningFile), &r)
	return r, err == nil
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeFile(path, append(text, '\n'))
}

// writeFile writes a file that only its owner can read, in one step: a crash
// leaves the old one or the new one.
func writeFile(path string, text []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
