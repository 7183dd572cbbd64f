package tf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

const (
	// Constraint is which versions run the modules: what these ask for, and no
	// version that is not known yet.
	Constraint = ">= 1.11.0, < 2.0.0"
	// Pinned is the version that is installed where none is found; the tests of
	// the modules run with it.
	Pinned = "1.11.4"
	// AWSProvider is the version of Terraform's AWS provider: exactly one, so that
	// two people who apply one stack do it alike.
	AWSProvider = "5.100.0"
)

// installTimeout is for a download of some 30 MB on a slow line.
const installTimeout = 15 * time.Minute

// Flags say which Terraform to use.
type Flags struct {
	// Path is the program; empty looks for one.
	Path string
	// ReleasesURL is where it is downloaded from; empty is HashiCorp's own.
	ReleasesURL string
}

// Register defines the flags.
func (f *Flags) Register(set *pflag.FlagSet) {
	set.StringVar(&f.Path, "terraform", "", "`path` of Terraform (default: the one in PATH, or one that loafctl installs for itself)")
	set.StringVar(&f.ReleasesURL, "terraform-releases", "", "`URL` of a mirror of releases.hashicorp.com to install Terraform from")
}

// Program is a Terraform that was found.
type Program struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	// From says where it was found: "--terraform", "PATH", "cache", "installed".
	From string `json:"from"`
}

// Finder looks for Terraform.
type Finder struct {
	Flags
	// Cache is the folder that loafctl installs into.
	Cache string
	// LookPath finds a program in PATH; exec.LookPath when nil.
	LookPath func(string) (string, error)
	// Note is told of a Terraform that is there and does not do; nil is not told.
	Note func(format string, args ...any)
	// PublicKey checks the signatures of releases; empty is HashiCorp's.
	PublicKey string
	// Client downloads; nil is hc-install's own.
	Client *http.Client
}

// CacheDir is where loafctl keeps what it downloads.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", failure.New(err, "Set HOME, or XDG_CACHE_HOME.", "find a folder for downloads")
	}
	return filepath.Join(dir, "loafctl"), nil
}

// Find gives the Terraform to use, and installs none.
func (f *Finder) Find(ctx context.Context) (*Program, error) {
	if f.Path != "" {
		found, err := exec.LookPath(f.Path)
		if err != nil {
			return nil, failure.Usage("Give the path of Terraform, or leave --terraform (LOAF_TERRAFORM) out.", "--terraform %s is not a program", f.Path)
		}
		p, err := try(ctx, found, "--terraform")
		if err != nil {
			return nil, failure.New(err, "loafctl needs Terraform "+Constraint+"; leave --terraform (LOAF_TERRAFORM) out to have it installed.", "use the Terraform of --terraform")
		}
		return p, nil
	}
	look := f.LookPath
	if look == nil {
		look = exec.LookPath
	}
	if found, err := look("terraform"); err == nil {
		p, err := try(ctx, found, "PATH")
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		f.note("The Terraform in PATH does not do: %v.", err)
	}
	if p, err := try(ctx, f.installed(), "cache"); err == nil {
		return p, nil
	}
	return nil, ErrNotFound
}

// ErrNotFound is that no Terraform is there that does.
var ErrNotFound = errors.New("Terraform is not there") //nolint:revive,staticcheck // a name

// FindOrInstall gives the Terraform to use, and installs the pinned one where
// none is found.
func (f *Finder) FindOrInstall(ctx context.Context) (*Program, error) {
	p, err := f.Find(ctx)
	if !errors.Is(err, ErrNotFound) {
		return p, err
	}
	return f.Install(ctx)
}

func (f *Finder) note(format string, args ...any) {
	if f.Note != nil {
		f.Note(format, args...)
	}
}

func (f *Finder) installed() string {
	name := "terraform"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(f.Cache, "terraform-"+Pinned, name)
}

// Install downloads the pinned version, checks signature and checksum, and puts
// it into the cache in one step.
func (f *Finder) Install(ctx context.Context) (*Program, error) {
	f.note("Installing Terraform %s into %s.", Pinned, filepath.Dir(f.installed()))
	fail := func(err error) error {
		if ctx.Err() != nil {
			return fmt.Errorf("install Terraform: %w", ctx.Err())
		}
		return failure.New(err, "Try again, or install Terraform "+Constraint+" yourself (https://developer.hashicorp.com/terraform/install) and give its path with --terraform (LOAF_TERRAFORM).", "install Terraform %s", Pinned)
	}
	if err := os.MkdirAll(f.Cache, 0o700); err != nil {
		return nil, fail(err)
	}
	work, err := os.MkdirTemp(f.Cache, ".terraform-*")
	if err != nil {
		return nil, fail(err)
	}
	defer os.RemoveAll(work)
	release := &releases.ExactVersion{
		Product:          product.Terraform,
		Version:          version.Must(version.NewVersion(Pinned)),
		InstallDir:       work,
		Timeout:          installTimeout,
		ApiBaseURL:       strings.TrimSuffix(f.ReleasesURL, "/"),
		ArmoredPublicKey: f.PublicKey,
		HTTPClient:       f.Client,
	}
	var steps bytes.Buffer
	release.SetLogger(log.New(&steps, "", 0))
	if _, err := release.Install(ctx); err != nil {
		return nil, fail(damage(err, steps.String()))
	}
	target := filepath.Dir(f.installed())
	// What lies there does not run, or it would have been found.
	if err := errors.Join(os.RemoveAll(target), os.Rename(work, target)); err != nil {
		return nil, fail(err)
	}
	p, err := try(ctx, f.installed(), "installed")
	if err != nil {
		return nil, fail(err)
	}
	return p, nil
}

// damage is what was wrong with a download. hc-install 0.10 unpacks nothing of an
// archive whose checksum is wrong or that is cut short, but loses that error on its
// way and then misses the program; what it logged before says it.
func damage(err error, steps string) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(steps) {
		if strings.Contains(line, "checksum does not match") || strings.Contains(line, "failed to calculate hash") {
			return fmt.Errorf("the download is damaged: %s", strings.TrimSpace(line))
		}
	}
	return fmt.Errorf("the download is damaged: %w", err)
}

// try asks a program for its version, which must satisfy the constraint.
func try(ctx context.Context, path, from string) (*Program, error) {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	t, err := tfexec.NewTerraform(os.TempDir(), absolute)
	if err != nil {
		return nil, err
	}
	v, _, err := t.Version(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("%s does not tell its version: %w", path, err)
	}
	if !version.MustConstraints(version.NewConstraint(Constraint)).Check(v.Core()) {
		return nil, fmt.Errorf("%s is version %s, and DataLoaf needs %s", path, v, Constraint)
	}
	return &Program{Path: absolute, Version: v.String(), From: from}, nil
}
