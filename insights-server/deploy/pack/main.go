// Command pack puts built programs into the archives that the AWS stack takes:
// a zip for each Lambda function and the bundle for the insights instance, with
// a manifest of their hashes. The same content gives the same bytes: nothing of
// the machine, of its users or of the time goes in. scripts/build-artifacts runs
// it.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// changed is when everything in the archives was changed last. Zip knows no
// time before 1980.
var changed = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// architecture is the one that all programs are for.
const architecture = "arm64"

const bundleName = "insights.tar.gz"

// manifest says what the archives are; Terraform compares the hashes.
type manifest struct {
	Version      string              `json:"version"`
	Commit       string              `json:"commit"`
	Architecture string              `json:"architecture"`
	Artifacts    map[string]artifact `json:"artifacts"`
}

type artifact struct {
	SHA256       string `json:"sha256"`
	SHA256Base64 string `json:"sha256_base64"`
	Bytes        int    `json:"bytes"`
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("pack", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "the folder to write to; it must exist")
	functions := flags.String("functions", "", "a folder with the functions' programs, each named as its zip shall be")
	bundle := flags.String("bundle", "", "the folder that becomes the bundle")
	m := manifest{Architecture: architecture, Artifacts: map[string]artifact{}}
	flags.StringVar(&m.Version, "version", "", "the version, for the manifest")
	flags.StringVar(&m.Commit, "commit", "", "the commit, for the manifest")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || *functions == "" || *bundle == "" || flags.NArg() > 0 {
		return errors.New("give --out, --functions and --bundle")
	}

	programs, err := os.ReadDir(*functions)
	if err != nil {
		return fmt.Errorf("list the functions: %w", err)
	}
	for _, program := range programs {
		packed, err := packFunction(filepath.Join(*functions, program.Name()))
		if err != nil {
			return err
		}
		if err := m.write(*out, program.Name()+".zip", packed); err != nil {
			return err
		}
	}
	packed, err := packBundle(os.DirFS(*bundle))
	if err != nil {
		return err
	}
	if err := m.write(*out, bundleName, packed); err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(*out, "manifest.json"), append(encoded, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// write writes one archive and enters it in the manifest.
func (m *manifest) write(out, name string, packed []byte) error {
	if err := os.WriteFile(filepath.Join(out, name), packed, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	sum := sha256.Sum256(packed)
	m.Artifacts[name] = artifact{
		SHA256:       hex.EncodeToString(sum[:]),
		SHA256Base64: base64.StdEncoding.EncodeToString(sum[:]),
		Bytes:        len(packed),
	}
	return nil
}

// packFunction makes the zip that Lambda wants: the program, as "bootstrap".
func packFunction(program string) ([]byte, error) {
	body, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read the function: %w", err)
	}
	if err := checkProgram(body); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: changed}
	header.SetMode(0o755)
	entry, err := w.CreateHeader(header)
	if err == nil {
		_, err = entry.Write(body)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("zip %s: %w", program, err)
	}
	return packed.Bytes(), nil
}

// packBundle makes a gzipped tar of a folder: names in order, root's files, and
// of the modes only whether they are run.
func packBundle(folder fs.FS) ([]byte, error) {
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("make the bundle: %w", err)
	}
	w := tar.NewWriter(zipped)
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if err := addToBundle(w, folder, name, entry); err != nil {
			return fmt.Errorf("add %s: %w", name, err)
		}
		return nil
	})
	if err := errors.Join(err, w.Close(), zipped.Close()); err != nil {
		return nil, fmt.Errorf("make the bundle: %w", err)
	}
	return packed.Bytes(), nil
}

func addToBundle(w *tar.Writer, folder fs.FS, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	header := &tar.Header{Format: tar.FormatUSTAR, Name: name, Mode: 0o644, ModTime: changed}
	switch {
	case info.IsDir():
		header.Typeflag, header.Name, header.Mode = tar.TypeDir, name+"/", 0o755
		return w.WriteHeader(header)
	case !info.Mode().IsRegular():
		return errors.New("it is neither a file nor a folder")
	case strings.HasPrefix(path.Base(name), "."):
		return errors.New("its name begins with a dot: such files are a machine's own, and are not published")
	}
	body, err := fs.ReadFile(folder, name)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(body, []byte(elf.ELFMAG)) {
		if err := checkProgram(body); err != nil {
			return err
		}
	}
	if info.Mode()&0o100 != 0 {
		header.Mode = 0o755
	}
	header.Typeflag, header.Size = tar.TypeReg, int64(len(body))
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

// checkProgram refuses what would not start in AWS: other than a Linux program
// for arm64 that needs nothing beside itself.
func checkProgram(body []byte) error {
	program, err := elf.NewFile(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("it is no Linux program: %w", err)
	}
	if program.Class != elf.ELFCLASS64 || program.Machine != elf.EM_AARCH64 {
		return fmt.Errorf("it is for %v, not for %s: build it with GOARCH=%s", program.Machine, architecture, architecture)
	}
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
			return errors.New("it needs shared libraries: build it with CGO_ENABLED=0")
		}
	}
	return nil
}
