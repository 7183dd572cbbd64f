// Package shipped is what release builds of loafctl carry: the Terraform modules,
// and the artifacts that run in AWS.
package shipped

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// scripts/build --ship fills the folder, with terraform/ and artifacts/; without
// it there is only .keep.
//
//go:embed all:files
var files embed.FS

// Flags say where modules and artifacts are taken from.
type Flags struct {
	Modules, Artifacts string
}

// Register defines the flags.
func (f *Flags) Register(set *pflag.FlagSet) {
	set.StringVar(&f.Modules, "modules-dir", "", "`folder` with DataLoaf's Terraform modules (default: those in loafctl)")
	f.RegisterArtifacts(set)
}

// RegisterArtifacts defines the flag of the artifacts alone.
func (f *Flags) RegisterArtifacts(set *pflag.FlagSet) {
	set.StringVar(&f.Artifacts, "artifacts-dir", "", "`folder` with the artifacts, as scripts/build-artifacts makes it (default: those in loafctl)")
}

const remedy = "Use a release of loafctl, or build one with `scripts/build --ship loafctl` in a checkout, or give %s."

// ModulesFS is the folder of the root module.
func (f Flags) ModulesFS() (fs.FS, error) {
	const flag = "--modules-dir (LOAF_MODULES_DIR)"
	if f.Modules != "" {
		root := os.DirFS(f.Modules)
		if _, err := fs.Stat(root, "variables.tf"); err != nil {
			return nil, failure.Usage("Give the folder terraform of a checkout.", "--modules-dir %s has no modules", f.Modules)
		}
		return root, nil
	}
	root, err := fs.Sub(files, "files/terraform")
	if err == nil {
		_, err = fs.Stat(root, "variables.tf")
	}
	if err != nil {
		return nil, failure.New(nil, fmt.Sprintf(remedy, flag), "this loafctl was built without the Terraform modules")
	}
	return root, nil
}

// ArtifactsFS is the folder of the artifacts, whose hashes agree with their
// manifest.
func (f Flags) ArtifactsFS() (fs.FS, *Manifest, error) {
	const flag = "--artifacts-dir (LOAF_ARTIFACTS_DIR)"
	var root fs.FS
	if f.Artifacts != "" {
		root = os.DirFS(f.Artifacts)
	} else {
		sub, err := fs.Sub(files, "files/artifacts")
		if err != nil {
			return nil, nil, fmt.Errorf("open the artifacts in loafctl: %w", err)
		}
		root = sub
	}
	manifest, err := readManifest(root)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Artifacts == "":
		return nil, nil, failure.New(nil, fmt.Sprintf(remedy, flag), "this loafctl was built without the artifacts that run in AWS")
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, failure.Usage("Make it with `loafctl artifacts --dir DIR` of a release, or with scripts/build-artifacts in a checkout.", "--artifacts-dir %s has no artifacts: %v", f.Artifacts, err)
	case err != nil:
		return nil, nil, failure.New(err, "Make them again with scripts/build-artifacts, or use a release.", "read the artifacts")
	}
	return root, manifest, nil
}

// Available reports whether modules and artifacts are inside.
func Available() bool {
	_, modules := Flags{}.ModulesFS()
	_, _, artifacts := Flags{}.ArtifactsFS()
	return modules == nil && artifacts == nil
}

// Manifest is manifest.json of the artifacts.
type Manifest struct {
	Version      string              `json:"version"`
	Commit       string              `json:"commit"`
	Architecture string              `json:"architecture"`
	Artifacts    map[string]Artifact `json:"artifacts"`
}

// Artifact is one file.
type Artifact struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Names are the artifacts' files, in order, the manifest last.
func (m *Manifest) Names() []string {
	names := make([]string, 0, len(m.Artifacts)+1)
	for name := range m.Artifacts {
		names = append(names, name)
	}
	slices.Sort(names)
	return append(names, manifestFile)
}

const manifestFile = "manifest.json"

func readManifest(root fs.FS) (*Manifest, error) {
	text, err := fs.ReadFile(root, manifestFile)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if len(m.Artifacts) == 0 {
		return nil, fmt.Errorf("%s names no artifacts", manifestFile)
	}
	for name, artifact := range m.Artifacts {
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != artifact.SHA256 {
			return nil, fmt.Errorf("%s is not what %s says: SHA-256 %s, want %s", name, manifestFile, got, artifact.SHA256)
		}
	}
	return &m, nil
}

// CopyArtifacts writes the artifacts into a folder, whatever of them differs.
func CopyArtifacts(root fs.FS, m *Manifest, dir string) error {
	for _, name := range m.Names() {
		if err := copyFile(root, name, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// CopyModules writes the modules into a folder, without tests and examples, and
// removes from it what is not of them.
func CopyModules(root fs.FS, dir string) error {
	wanted := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if leftOut[name] || strings.HasPrefix(path.Base(name), ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !isModuleFile(name) {
			return nil
		}
		wanted[filepath.FromSlash(name)] = true
		return copyFile(root, name, filepath.Join(dir, filepath.FromSlash(name)))
	})
	if err != nil {
		return fmt.Errorf("write the modules into %s: %w", dir, err)
	}
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if relative, err := filepath.Rel(dir, name); err != nil || wanted[relative] {
			return err
		}
		return os.Remove(name)
	})
}

var leftOut = map[string]bool{"tests": true, "examples": true}

func isModuleFile(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tftpl")
}

// copyFile writes a file anew where it differs; a second run writes nothing.
func copyFile(root fs.FS, name, to string) error {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if have, err := os.ReadFile(to); err == nil && bytes.Equal(have, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	temporary := to + ".part"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return os.Rename(temporary, to)
}

var (
	variable = regexp.MustCompile(`(?m)^variable "([a-z_]+)"`)
	output   = regexp.MustCompile(`(?ms)^output "([a-z_]+)" \{(.*?)^\}`)
	required = regexp.MustCompile(`required_version\s*=\s*"([^"]+)"`)
)

// Module is what one needs to know of the root module to call it.
type Module struct {
	// Variables are the names of its variables.
	Variables []string
	// Outputs are its outputs; true where one is sensitive.
	Outputs map[string]bool
	// RequiredVersion is what it asks of Terraform.
	RequiredVersion string
}

// ReadModule reads the root module.
func ReadModule(root fs.FS) (*Module, error) {
	read := func(name string) (string, error) {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return "", fmt.Errorf("read the modules: %w", err)
		}
		return string(text), nil
	}
	variables, err := read("variables.tf")
	if err != nil {
		return nil, err
	}
	outputs, err := read("outputs.tf")
	if err != nil {
		return nil, err
	}
	versions, err := read("versions.tf")
	if err != nil {
		return nil, err
	}
	m := &Module{Outputs: map[string]bool{}}
	for _, match := range variable.FindAllStringSubmatch(variables, -1) {
		m.Variables = append(m.Variables, match[1])
	}
	for _, match := range output.FindAllStringSubmatch(outputs, -1) {
		m.Outputs[match[1]] = regexp.MustCompile(`(?m)^\s*sensitive\s*=\s*true`).MatchString(match[2])
	}
	if match := required.FindStringSubmatch(versions); match != nil {
		m.RequiredVersion = match[1]
	}
	return m, nil
}
