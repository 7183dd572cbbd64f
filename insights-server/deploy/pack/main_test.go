package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// program is the least that is an ELF file, with one segment.
func program(t *testing.T, machine elf.Machine, segment elf.ProgType) []byte {
	t.Helper()
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	var file bytes.Buffer
	for _, part := range []any{header, elf.Prog64{Type: uint32(segment)}} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

func write(t *testing.T, file string, body []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, body, mode); err != nil {
		t.Fatal(err)
	}
}

// folders makes what is packed, and gives the arguments for it.
func folders(t *testing.T) (dir string, args []string) {
	t.Helper()
	dir = t.TempDir()
	arm := program(t, elf.EM_AARCH64, elf.PT_LOAD)
	write(t, filepath.Join(dir, "functions/collect"), arm, 0o700)
	write(t, filepath.Join(dir, "functions/load"), append(arm, "more"...), 0o755)
	write(t, filepath.Join(dir, "bundle/install"), []byte("#!/bin/sh\n"), 0o755)
	write(t, filepath.Join(dir, "bundle/nginx/page/index.html"), []byte("<html>"), 0o600)
	write(t, filepath.Join(dir, "bundle/server/insights-server"), arm, 0o755)
	write(t, filepath.Join(dir, "out/.keep"), nil, 0o644)
	return dir, []string{
		"--functions", filepath.Join(dir, "functions"), "--bundle", filepath.Join(dir, "bundle"),
		"--out", filepath.Join(dir, "out"), "--version", "v1.2.3", "--commit", "abc",
	}
}

func TestArchives(t *testing.T) {
	dir, args := folders(t)
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}

	opened, err := zip.OpenReader(filepath.Join(dir, "out/collect.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	if len(opened.File) != 1 || opened.File[0].Name != "bootstrap" || opened.File[0].Mode() != 0o755 {
		t.Errorf("collect.zip holds %+v", opened.File)
	}

	packed, err := os.ReadFile(filepath.Join(dir, "out/insights.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || !header.ModTime.Equal(changed) {
			t.Errorf("%s: %+v", header.Name, header)
		}
		got = append(got, header.FileInfo().Mode().String()+" "+header.Name)
	}
	want := []string{
		"-rwxr-xr-x install",
		"drwxr-xr-x nginx/", "drwxr-xr-x nginx/page/", "-rw-r--r-- nginx/page/index.html",
		"drwxr-xr-x server/", "-rwxr-xr-x server/insights-server",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the bundle holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	var m manifest
	encoded, err := os.ReadFile(filepath.Join(dir, "out/manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &m); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(packed)
	if m.Version != "v1.2.3" || m.Commit != "abc" || m.Architecture != "arm64" ||
		!slices.Equal(slices.Sorted(maps.Keys(m.Artifacts)), []string{"collect.zip", "insights.tar.gz", "load.zip"}) ||
		m.Artifacts["insights.tar.gz"] != (artifact{hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:]), len(packed)}) {
		t.Errorf("manifest %s", encoded)
	}
}

func TestTheSameContentGivesTheSameBytes(t *testing.T) {
	first, args := folders(t)
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	second, args := folders(t)
	// Another day, and another umask.
	for _, name := range []string{"bundle/install", "bundle/nginx/page/index.html", "functions/load"} {
		if err := os.Chtimes(filepath.Join(second, name), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(second, "bundle/install"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"collect.zip", "load.zip", "insights.tar.gz", "manifest.json"} {
		one, err1 := os.ReadFile(filepath.Join(first, "out", name))
		two, err2 := os.ReadFile(filepath.Join(second, "out", name))
		if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
			t.Errorf("%s differs (%v, %v)", name, err1, err2)
		}
	}
}

func TestRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, dir string)
		want   string
	}{
		"a program for another machine": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "functions/load"), program(t, elf.EM_X86_64, elf.PT_LOAD), 0o755)
		}, "GOARCH=arm64"},
		"a program that needs libraries": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "bundle/server/insights-server"), program(t, elf.EM_AARCH64, elf.PT_INTERP), 0o755)
		}, "CGO_ENABLED=0"},
		"a function that is no program": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "functions/load"), []byte("#!/bin/sh\n"), 0o755)
		}, "no Linux program"},
		"a link": {func(t *testing.T, dir string) {
			if err := os.Symlink("/etc/passwd", filepath.Join(dir, "bundle/passwd")); err != nil {
				t.Fatal(err)
			}
		}, "neither a file nor a folder"},
		"a hidden file": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "bundle/nginx/page/.env"), nil, 0o644)
		}, "begins with a dot"},
		"a missing folder": {func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
				t.Fatal(err)
			}
		}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, args := folders(t)
			test.change(t, dir)
			if err := run(args, io.Discard); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
	if err := run([]string{"--out", t.TempDir()}, io.Discard); err == nil {
		t.Error("it ran without its folders")
	}
}
