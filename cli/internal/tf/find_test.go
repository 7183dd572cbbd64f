package tf_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/dataloaf/dataloaf/cli/internal/shipped"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
	"github.com/dataloaf/dataloaf/cli/internal/tf/tftest"
)

func TestMain(m *testing.M) {
	tftest.Main()
	os.Exit(m.Run())
}

// release is a server of releases, signed with a key of the test's own.
type release struct {
	files map[string][]byte
	// half cuts the archive's transfer in two.
	half bool
	key  string
}

func must[A any](t *testing.T) func(A, error) A {
	return func(a A, err error) A {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// newRelease makes a release of a program that says the version.
func newRelease(t *testing.T) *release {
	t.Helper()
	entity := must[*openpgp.Entity](t)(openpgp.NewEntity("releases", "", "releases@example.com", nil))
	var key bytes.Buffer
	armored := must[interface {
		Write([]byte) (int, error)
		Close() error
	}](t)(armor.Encode(&key, openpgp.PublicKeyType, nil))
	if err := errors.Join(entity.Serialize(armored), armored.Close()); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: "terraform", Method: zip.Store}
	header.SetMode(0o755)
	program, err := w.CreateHeader(header)
	if err == nil {
		_, err = program.Write([]byte("#!/bin/sh\necho '{\"terraform_version\":\"" + tf.Pinned + "\",\"platform\":\"x\",\"provider_selections\":{}}'\n"))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	name := "terraform_" + tf.Pinned + "_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip"
	sum := sha256.Sum256(archive.Bytes())
	sums := []byte(hex.EncodeToString(sum[:]) + "  " + name + "\n")
	var signature bytes.Buffer
	if err := openpgp.DetachSign(&signature, entity, bytes.NewReader(sums), nil); err != nil {
		t.Fatal(err)
	}
	prefix := "terraform_" + tf.Pinned + "_SHA256SUMS"
	folder := "/terraform/" + tf.Pinned + "/"
	product := map[string]any{
		"name": "terraform", "version": tf.Pinned, "shasums": prefix, "shasums_signature": prefix + ".sig",
		"builds": []map[string]string{{"name": "terraform", "version": tf.Pinned, "os": runtime.GOOS, "arch": runtime.GOARCH, "filename": name, "url": folder + name}},
	}
	index := must[[]byte](t)(json.Marshal(product))
	return &release{key: key.String(), files: map[string][]byte{
		"/terraform/index.json": must[[]byte](t)(json.Marshal(map[string]any{"name": "terraform", "versions": map[string]any{tf.Pinned: product}})),
		folder + "index.json":   index, folder + prefix: sums, folder + prefix + ".sig": signature.Bytes(), folder + name: archive.Bytes(),
	}}
}

func (r *release) archive() string {
	for name := range r.files {
		if strings.HasSuffix(name, ".zip") {
			return name
		}
	}
	return ""
}

func (r *release) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	content, ok := r.files[q.URL.Path]
	if !ok {
		http.NotFound(w, q)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(q.URL.Path, ".zip") {
		w.Header().Set("Content-Type", "application/zip")
		if r.half {
			w.Header().Set("Content-Length", "100000")
			_, err := w.Write(content[:len(content)/2])
			if err = errors.Join(err, http.NewResponseController(w).Flush()); err != nil {
				return
			}
			// And the connection ends.
			panic(http.ErrAbortHandler)
		}
	}
	_, _ = w.Write(content) // the client may be gone
}

func TestInstall(t *testing.T) {
	cases := map[string]struct {
		change func(*release)
		want   string
	}{
		"a good one":                             {func(*release) {}, ""},
		"another archive than the checksum says": {func(r *release) { r.files[r.archive()] = append(r.files[r.archive()], 0) }, "checksum does not match"},
		"half a download":                        {func(r *release) { r.half = true }, "EOF"},
		"checksums that are not signed": {func(r *release) {
			for name, content := range r.files {
				if strings.HasSuffix(name, "SHA256SUMS") {
					r.files[name] = append(content, "0\n"...)
				}
			}
		}, "unable to verify checksums signature"},
		"somebody else's key": {func(r *release) { r.key = newRelease(t).key }, "unable to verify checksums signature"},
		"no such version":     {func(r *release) { clear(r.files) }, "404"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			c.change(r)
			server := httptest.NewServer(r)
			defer server.Close()
			cache := t.TempDir()
			var notes []string
			f := &tf.Finder{
				Flags: tf.Flags{ReleasesURL: server.URL + "/"}, Cache: cache, PublicKey: r.key, Client: server.Client(),
				LookPath: func(string) (string, error) { return "", exec.ErrNotFound },
				Note:     func(format string, _ ...any) { notes = append(notes, format) },
			}
			p, err := f.FindOrInstall(t.Context())
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v is not %q", err, c.want)
				}
				// Nothing half-done stays, to be found by the next.
				if left := must[[]os.DirEntry](t)(os.ReadDir(cache)); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.From != "installed" || p.Version != tf.Pinned || len(notes) != 1 {
				t.Errorf("%+v, notes %v", p, notes)
			}
			// The second time it is found, without the server.
			server.Close()
			if p, err = f.FindOrInstall(t.Context()); err != nil || p.From != "cache" {
				t.Errorf("%+v %v", p, err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	good, old, odd := tftest.New(t, tftest.Scenario{Version: "1.12.0"}), tftest.New(t, tftest.Scenario{Version: "1.9.8"}), tftest.New(t, tftest.Scenario{Version: "2.0.0"})
	broken := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		flag, path string
		want, err  string
		note       bool
	}{
		"by flag":                {good.Path, old.Path, "--terraform", "", false},
		"an old one by flag":     {old.Path, good.Path, "", "version 1.9.8", false},
		"a broken one by flag":   {broken, good.Path, "", "does not tell its version", false},
		"in PATH":                {"", good.Path, "PATH", "", false},
		"an old one in PATH":     {"", old.Path, "", tf.ErrNotFound.Error(), true},
		"one from the future":    {"", odd.Path, "", tf.ErrNotFound.Error(), true},
		"a broken one in PATH":   {"", broken, "", tf.ErrNotFound.Error(), true},
		"none":                   {"", "", "", tf.ErrNotFound.Error(), false},
		"nothing where it says":  {"/nowhere/terraform", good.Path, "", "is not a program", false},
		"a folder where it says": {t.TempDir(), good.Path, "", "is not a program", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noted := false
			f := &tf.Finder{
				Flags: tf.Flags{Path: c.flag}, Cache: t.TempDir(), Note: func(string, ...any) { noted = true },
				LookPath: func(string) (string, error) {
					if c.path == "" {
						return "", exec.ErrNotFound
					}
					return c.path, nil
				},
			}
			p, err := f.Find(t.Context())
			switch {
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("%v is not %q", err, c.err)
			case c.err == "" && (err != nil || p.From != c.want):
				t.Errorf("%+v %v", p, err)
			}
			if noted != c.note {
				t.Errorf("noted: %v", noted)
			}
		})
	}
}

// TestVersionsAgree compares what loafctl pins with what the modules ask for and the
// scripts test with.
func TestVersionsAgree(t *testing.T) {
	module := must[*shipped.Module](t)(shipped.ReadModule(os.DirFS("../../../terraform")))
	if want := ">= 1.11"; module.RequiredVersion != want || !strings.HasPrefix(tf.Constraint, want) {
		t.Errorf("the modules ask for Terraform %s, loafctl for %s", module.RequiredVersion, tf.Constraint)
	}
	script := must[[]byte](t)(os.ReadFile("../../../scripts/lib/terraform.sh"))
	if !strings.Contains(string(script), "AWS_PROVIDER_VERSION:-"+tf.AWSProvider+"}") {
		t.Errorf("scripts/lib/terraform.sh tests with another AWS provider than %s", tf.AWSProvider)
	}
}
