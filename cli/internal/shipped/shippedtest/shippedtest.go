// Package shippedtest makes artifacts in which nothing runs, for tests.
package shippedtest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Artifacts writes a folder of artifacts.
func Artifacts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	artifacts := map[string]map[string]any{}
	for _, name := range []string{"collect.zip", "update.zip", "load.zip", "insights.tar.gz"} {
		var content bytes.Buffer
		var err error
		if strings.HasSuffix(name, ".zip") {
			archive := zip.NewWriter(&content)
			if _, err = archive.Create("bootstrap"); err == nil {
				err = archive.Close()
			}
		} else {
			archive := gzip.NewWriter(&content)
			if _, err = archive.Write([]byte(name)); err == nil {
				err = archive.Close()
			}
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content.Bytes(), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content.Bytes())
		artifacts[name] = map[string]any{"sha256": hex.EncodeToString(sum[:]), "sha256_base64": base64.StdEncoding.EncodeToString(sum[:]), "bytes": content.Len()}
	}
	manifest, err := json.Marshal(map[string]any{"version": "v1.2.3", "commit": strings.Repeat("0", 40), "architecture": "arm64", "artifacts": artifacts})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "manifest.json"), manifest, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
