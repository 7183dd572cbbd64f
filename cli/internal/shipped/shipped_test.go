package shipped_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/shipped"
	"github.com/dataloaf/dataloaf/cli/internal/shipped/shippedtest"
)

func TestABuildWithoutThem(t *testing.T) {
	if shipped.Available() {
		t.Skip("this build has them")
	}
	_, err := shipped.Flags{}.ModulesFS()
	if err == nil || !strings.Contains(err.Error(), "built without the Terraform modules") {
		t.Errorf("modules: %v", err)
	}
	_, _, err = shipped.Flags{}.ArtifactsFS()
	if err == nil || !strings.Contains(err.Error(), "built without the artifacts") {
		t.Errorf("artifacts: %v", err)
	}
}

func TestReadModule(t *testing.T) {
	m, err := shipped.ReadModule(os.DirFS("../../../terraform"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"name", "warehouse", "allowed_cidrs", "force_destroy", "artifacts_dir"} {
		if !slices.Contains(m.Variables, name) {
			t.Errorf("the variable %s was not found in %v", name, m.Variables)
		}
	}
	if secret, ok := m.Outputs["api_keys"]; !ok || !secret {
		t.Error("api_keys is not a secret output")
	}
	if secret, ok := m.Outputs["endpoint"]; !ok || secret {
		t.Error("endpoint is not a plain output")
	}
}

// TestCopyModules takes what modules are made of, and removes what an older version
// had.
func TestCopyModules(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "modules", "gone", "main.tf")
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := shipped.CopyModules(os.DirFS("../../../terraform"), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a module of before is still there")
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		if !strings.HasSuffix(path, ".tf") && !strings.HasSuffix(path, ".tftpl") || strings.Contains(path, "/tests/") || strings.Contains(path, "/examples/") {
			t.Errorf("%s was copied", path)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestArtifactsThatAreDamaged(t *testing.T) {
	cases := map[string]struct {
		damage func(dir string) error
		want   string
	}{
		"a changed file":     {func(dir string) error { return os.WriteFile(filepath.Join(dir, "load.zip"), []byte("x"), 0o600) }, "load.zip is not what manifest.json says"},
		"a missing file":     {func(dir string) error { return os.Remove(filepath.Join(dir, "load.zip")) }, "load.zip"},
		"no manifest":        {func(dir string) error { return os.Remove(filepath.Join(dir, "manifest.json")) }, "has no artifacts"},
		"an empty manifest":  {func(dir string) error { return os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{}"), 0o600) }, "names no artifacts"},
		"no JSON a manifest": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o600) }, "manifest.json"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := shippedtest.Artifacts(t)
			if err := c.damage(dir); err != nil {
				t.Fatal(err)
			}
			if _, _, err := (shipped.Flags{Artifacts: dir}).ArtifactsFS(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v is not %q", err, c.want)
			}
		})
	}
}
