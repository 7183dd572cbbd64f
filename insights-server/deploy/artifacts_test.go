package deploy_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestArtifacts looks into what scripts/build-artifacts made. Building takes
// long, so scripts/check-artifacts does it and says where it is.
func TestArtifacts(t *testing.T) {
	dir := os.Getenv("LOAF_ARTIFACTS")
	if dir == "" {
		t.Skip("scripts/check-artifacts runs this")
	}
	var manifest struct {
		Version, Commit, Architecture string
		Artifacts                     map[string]struct {
			SHA256       string `json:"sha256"`
			SHA256Base64 string `json:"sha256_base64"`
			Bytes        int
		}
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "manifest.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Architecture != "arm64" || manifest.Version == "" {
		t.Errorf("manifest %+v", manifest)
	}

	programs := map[string][]byte{}
	for _, name := range []string{"collect.zip", "update.zip", "load.zip", "insights.tar.gz"} {
		packed := readFile(t, filepath.Join(dir, name))
		sum := sha256.Sum256(packed)
		said, found := manifest.Artifacts[name]
		if !found || said.SHA256 != hex.EncodeToString(sum[:]) || said.SHA256Base64 != base64.StdEncoding.EncodeToString(sum[:]) || said.Bytes != len(packed) {
			t.Errorf("the manifest says %+v of %s", said, name)
		}
		if strings.HasSuffix(name, ".zip") {
			programs[name] = unzip(t, packed)
		}
	}

	files := untar(t, readFile(t, filepath.Join(dir, "insights.tar.gz")))
	programs["server/insights-server"] = files["server/insights-server"]
	for _, name := range []string{
		"install", "VERSION", "bin/watch", "bin/lib.sh", "server/Dockerfile", "nginx/Dockerfile", "nginx/entrypoint",
		"nginx/nginx.conf", "nginx/page/index.html", "systemd/dataloaf-server.service",
	} {
		if len(files[name]) == 0 {
			t.Errorf("the bundle lacks %s", name)
		}
	}

	for name, program := range programs {
		parsed, err := elf.NewFile(bytes.NewReader(program))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		libraries, err := parsed.ImportedLibraries()
		if parsed.Machine != elf.EM_AARCH64 || len(libraries) > 0 || (err != nil && !errors.Is(err, elf.ErrNoSymbols)) {
			t.Errorf("%s is for %v and needs %v (%v)", name, parsed.Machine, libraries, err)
		}
		files[name] = program
	}
	for name, body := range files {
		for place := range strings.SplitSeq(os.Getenv("LOAF_MACHINE_PATHS"), ":") {
			if bytes.Contains(body, []byte(place)) {
				t.Errorf("%s holds a path of this machine, %s", name, place)
			}
		}
	}
}

func unzip(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 1 || r.File[0].Name != "bootstrap" || r.File[0].Mode() != 0o755 {
		t.Fatalf("the zip holds %v", r.File)
	}
	opened, err := r.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(opened)
	if err := errors.Join(err, opened.Close()); err != nil {
		t.Fatal(err)
	}
	return body
}

func untar(t *testing.T, packed []byte) map[string][]byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
