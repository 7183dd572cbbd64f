// Package datadir is the folder in which `loafctl dev` keeps everything: who
// may use it, which version of loafctl made it, the secrets that it made, and
// where the dev that runs on it listens.
package datadir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Default is the folder when none is named.
const Default = ".dataloaf"

// layout is the version of the folder's layout. A loafctl that changes where
// things lie counts it up.
const layout = 1

const (
	lockFile     = "lock"
	settingsFile = "settings.json"
	runningFile  = "running.json"
	headerFile   = "api-key.header"
)

// Secrets are what opens the doors of a dev.
type Secrets struct {
	APIKey string `json:"api_key"`
	// NextAPIKey is let in as well, while clients change from APIKey to it; empty
	// when no key is being replaced.
	NextAPIKey    string `json:"next_api_key,omitempty"`
	AdminPassword string `json:"admin_password"`
	Token         string `json:"token"`
	// SessionKey signs the page's sessions, so that they outlive a restart.
	SessionKey string `json:"session_key"`
}

// settings is the file that makes a folder a data folder.
type settings struct {
	Layout int `json:"layout"`
	Secrets
}

// Running says how to reach the dev that runs on a folder.
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
	// Secrets are those that were made once for this folder; Fresh is true when
	// that was now, and nobody has been shown them.
	Secrets Secrets
	Fresh   bool
}

// lockPatience is how long Open waits for the lock: long enough for FindRunning of
// another process, which holds it for an instant.
const lockPatience = 500 * time.Millisecond

// Open takes a folder for this process alone, making it, and secrets for it,
// when it is new. newSecret gives a random text.
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
	// A dev that was killed left its address; it is not this one's.
	err = removeIfThere(d.Path(runningFile))
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
		s = settings{Layout: layout, Secrets: Secrets{APIKey: newSecret(), AdminPassword: newSecret(), Token: newSecret(), SessionKey: newSecret() + newSecret()}}
		if err := writeJSON(path, s); err != nil {
			return fmt.Errorf("set up the data folder: %w", err)
		}
		d.Fresh = true
	case err != nil:
		return failure.New(err, "Mend or remove the file: without it new secrets are made, and the data stays.", "read the settings of the data folder")
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

// HeaderFile holds the API key as a header for curl (-H @FILE), so that a
// command line need not show it.
func (d *Dir) HeaderFile() string { return d.Path(headerFile) }

// SettingsFile is where the secrets are kept.
func (d *Dir) SettingsFile() string { return d.Path(settingsFile) }

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
