package main

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/functions/warehouse/warehousetest"
)

// atRest is everything that lies in the data folder of a dev that has stopped, and
// in its warehouse: files as they are, unpacked where they are packed, and the rows
// of all tables as text, since an engine may pack what it stores.
func atRest(t *testing.T, dir, warehouse string) map[string][]byte {
	t.Helper()
	folder := filepath.Join(dir, "data")
	found := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if found[name], err = os.ReadFile(path); err != nil || !strings.HasSuffix(path, ".gz") {
			return err
		}
		z, err := gzip.NewReader(bytes.NewReader(found[name]))
		if err != nil {
			return err
		}
		found[name+", unpacked"], err = io.ReadAll(z)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	driver, source := "postgres", warehouse
	if warehouse == dev.DuckDB {
		driver, source = "duckdb", filepath.Join(folder, "warehouse", "warehouse.duckdb")+"?access_mode=READ_ONLY"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for table, rows := range warehousetest.Rows(t.Context(), t, db) {
		found["table "+table] = []byte(rows)
	}
	return found
}

// holds names what has the text in it.
func holds(found map[string][]byte, text string) (names []string) {
	for name, content := range found {
		if bytes.Contains(content, []byte(text)) {
			names = append(names, name)
		}
	}
	return names
}

// shownSecret is a line of the banner with a secret. Where one is not shown again,
// several words stand in its place.
var shownSecret = regexp.MustCompile(`(?m)^  (Password|API key|Token) +(\S+)$`)

// shown gives the secrets that the banner shows, by their names.
func (d *devProcess) shown(t *testing.T) map[string]string {
	t.Helper()
	secrets := map[string]string{}
	if err := poll("wait for the banner", func() (bool, error) {
		text, err := os.ReadFile(d.out)
		if err != nil || !bytes.Contains(text, []byte("Ctrl-C stops it.")) {
			return false, err
		}
		for _, line := range shownSecret.FindAllStringSubmatch(string(text), -1) {
			secrets[line[1]] = line[2]
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	return secrets
}

// call makes a call and gives its status and body.
func (d *devProcess) call(t *testing.T, client *http.Client, method, path, body string, header ...string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, d.Address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, text
}

// opens checks whether a secret opens its door.
func (d *devProcess) opens(t *testing.T, name, secret string, want bool) {
	t.Helper()
	var status, refusal int
	switch {
	case strings.Contains(name, "Password"):
		status, _ = d.call(t, http.DefaultClient, "POST", "/api/v1/login", fmt.Sprintf(`{"password":%q}`, secret))
		refusal = http.StatusUnauthorized
	case strings.Contains(name, "API key"):
		status, _ = d.call(t, http.DefaultClient, "POST", "/v1/events", `{"events":[{"event":"a door opens"}]}`, "x-api-key", secret)
		refusal = http.StatusForbidden
	default:
		status, _ = d.call(t, http.DefaultClient, "GET", "/api/v1/pipeline", "", "Authorization", "Bearer "+secret)
		refusal = http.StatusUnauthorized
	}
	if want && status >= 300 || !want && status != refusal {
		t.Errorf("%s: %d", name, status)
	}
}

func TestNothingAtRestOpensADev(t *testing.T) {
	eachWarehouse(t, func(t *testing.T, warehouse string) {
		dir := t.TempDir()
		d := startDev(t, dir, warehouse)
		secrets := d.shown(t)
		if len(secrets) != 3 {
			t.Fatalf("shown at the first start: %q", secrets)
		}
		rotate := loafctl(t, dir, "rotate-key", "--data-dir", "data", "--start")
		next, err := rotate.Output()
		if err != nil {
			t.Fatal(err)
		}
		secrets["next API key"] = strings.TrimSpace(string(next))
		status, made := d.call(t, http.DefaultClient, "POST", "/api/v1/tokens", `{"name":"report","scopes":["read"]}`, "Authorization", "Bearer "+secrets["Token"])
		var token struct{ Secret string }
		if err := json.Unmarshal(made, &token); err != nil || status != http.StatusCreated {
			t.Fatalf("make a token: %d, %v", status, err)
		}
		secrets["made token"] = token.Secret
		ofRun := map[string]string{"API key of the run": d.APIKey, "token of the run": d.Token}
		for name, secret := range secrets {
			d.opens(t, name, secret, true)
		}
		for name, secret := range ofRun {
			d.opens(t, name, secret, true)
		}
		if err := waitForRows(d.Running, func(p pipeline) bool { return p.FilesWaiting == 0 && p.RowsLoaded == 3 }); err != nil {
			t.Fatal(err)
		}
		d.stop(t, os.Interrupt)
		found := atRest(t, dir, warehouse)
		for _, all := range []map[string]string{secrets, ofRun} {
			for name, secret := range all {
				if names := holds(found, secret); secret == "" || len(names) != 0 {
					t.Errorf("%s %q lies in %q", name, secret, names)
				}
			}
		}
		// What is there is found: in a raw object and in a table.
		if names := holds(found, "a door opens"); len(names) < 2 {
			t.Errorf("the event is found in %q alone", names)
		}

		// What was shown goes on; what was the run's has ended with it, also where the
		// run was killed and the files are still there.
		d = startDev(t, dir, warehouse)
		if again := d.shown(t); len(again) != 0 {
			t.Errorf("shown once more: %q", again)
		}
		for name, secret := range secrets {
			d.opens(t, name, secret, true)
		}
		for name, secret := range ofRun {
			d.opens(t, name, secret, false)
		}
		killed := map[string]string{"API key of the killed": d.APIKey, "token of the killed": d.Token}
		d.kill(t)
		if names := holds(atRest(t, dir, warehouse), killed["API key of the killed"]); len(names) != 2 {
			t.Errorf("a killed dev leaves its key in %q", names)
		}

		// What is lost is made anew.
		d = startDev(t, dir, warehouse, "--renew", "password,api-key,token")
		renewed := d.shown(t)
		if len(renewed) != 3 {
			t.Errorf("shown when they are made anew: %q", renewed)
		}
		for name, secret := range renewed {
			d.opens(t, name, secret, true)
		}
		for name, secret := range killed {
			d.opens(t, name, secret, false)
		}
		for name, secret := range secrets {
			d.opens(t, name, secret, name == "made token") // an admin revokes that
		}
		d.stop(t, syscall.SIGTERM)
		d = startDev(t, dir, warehouse)
		for name, secret := range renewed {
			d.opens(t, name, secret, true)
		}
		d.stop(t, os.Interrupt)
	})
}

func TestSecretsThatLayReadableAreHashed(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "data")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"API key": "READABLE-KEY", "next API key": "READABLE-NEXT", "Password": "READABLE-PASSWORD", "Token": "READABLE-TOKEN"}
	settings := `{
  "layout": 1,
  "api_key": "READABLE-KEY",
  "next_api_key": "READABLE-NEXT",
  "admin_password": "READABLE-PASSWORD",
  "token": "READABLE-TOKEN",
  "session_key": "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR"
}
`
	// The others are what a dev leaves that was killed while it wrote them.
	for name, text := range map[string]string{"settings.json": settings, "settings.json.123456": settings, "api-key.header": "x-api-key: READABLE-KEY\n", "api-key.header.77": "x-api-key: READABLE-KEY\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	warehouse := dev.Engines()[0]
	d := startDev(t, dir, warehouse)
	if shown := d.shown(t); len(shown) != 0 {
		t.Errorf("shown a second time: %q", shown)
	}
	for name, secret := range secrets {
		d.opens(t, name, secret, true)
	}
	d.stop(t, os.Interrupt)
	if !strings.Contains(d.errs.String(), "holds hashes of its key, password and token from now on") {
		t.Errorf("dev does not say it:\n%s", d.errs)
	}
	for name, content := range atRest(t, dir, warehouse) {
		if bytes.Contains(content, []byte("READABLE")) {
			t.Errorf("a secret lies readable in %s", name)
		}
	}
	d = startDev(t, dir, warehouse)
	for name, secret := range secrets {
		d.opens(t, name, secret, true)
	}
	d.stop(t, os.Interrupt)
	if strings.Contains(d.errs.String(), "hashes") {
		t.Errorf("dev says it twice:\n%s", d.errs)
	}
}

// TestAddressesOfClientsAreNotStored does what clients do, from an address of
// their own and with one in the header that proxies set, and looks for both in all
// that is kept. That of the insights server alone does it behind a proxy that it
// trusts.
func TestAddressesOfClientsAreNotStored(t *testing.T) {
	const forwarded = "198.51.100.203"
	peer := "127.0.0.1"
	dialer := &net.Dialer{}
	if runtime.GOOS == "linux" { // where all of 127.0.0.0/8 is this machine
		peer = "127.77.13.201"
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(peer)}
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	t.Cleanup(client.CloseIdleConnections)
	eachWarehouse(t, func(t *testing.T, warehouse string) {
		dir := t.TempDir()
		d := startDev(t, dir, warehouse, "--admin-password", "correct horse", "--token", "a-token")
		for _, c := range []struct {
			method, path, body string
			want               int
		}{
			{"POST", "/v1/events", `{"events":[{"event":"a door opens","user_id":"ada","properties":{"n":1}},{"event":""}]}`, 202},
			{"POST", "/v1/events", `not JSON`, 400},
			{"POST", "/v1/users", `{"users":[{"user_id":"ada","attributes":{"plan":"pro"}},{"user_id":"bob"}]}`, 202},
			{"PATCH", "/v1/users", `{"users":[{"user_id":"ada","attributes":{"plan":"free"}}]}`, 200},
			{"POST", "/api/v1/login", `{"password":"correct horse"}`, 200},
			{"POST", "/api/v1/login", `{"password":"wrong"}`, 401},
			{"POST", "/api/v1/login", `{"email":"ada@example.com","password":"wrong"}`, 401},
			{"GET", "/api/v1/export?from=2020-01-01&to=2030-01-01", "", 200},
			{"POST", "/api/v1/query", `{"range":{"last":"7d"},"interval":"day","series":[{"event":"*","aggregation":{"type":"total"}}]}`, 200},
			{"POST", "/api/v1/tokens", `{"name":"report","scopes":["read"]}`, 201},
			{"POST", "/api/v1/invitations", `{"email":"cem@example.com","role":"viewer"}`, 201},
			{"POST", "/api/v1/annotations", `{"at":"2026-01-02T00:00:00Z","text":"a door opens"}`, 201},
			{"POST", "/api/v1/deletions", `{"user_id":"nobody"}`, 201},
		} {
			status, answer := d.call(t, client, c.method, c.path, c.body,
				"x-api-key", d.APIKey, "Authorization", "Bearer a-token", "X-Forwarded-For", forwarded, "X-Real-Ip", forwarded, "Forwarded", "for="+forwarded)
			if status != c.want {
				t.Errorf("%s %s: %d, want %d\n%s", c.method, c.path, status, c.want, answer)
			}
		}
		if err := waitForRows(d.Running, func(p pipeline) bool { return p.FilesWaiting == 0 && p.RowsLoaded > 0 }); err != nil {
			t.Fatal(err)
		}
		d.stop(t, os.Interrupt)
		found := atRest(t, dir, warehouse)
		found["what dev says"] = d.errs.Bytes()
		addresses := []string{forwarded}
		if dialer.LocalAddr != nil {
			addresses = append(addresses, peer)
		}
		for _, address := range addresses {
			if names := holds(found, address); len(names) != 0 {
				t.Errorf("%s lies in %q", address, names)
			}
		}
		// What was sent and saved is found: in a raw object, and in two tables.
		if names := holds(found, "a door opens"); len(names) < 3 {
			t.Errorf("what was sent is found in %q alone", names)
		}
	})
}
