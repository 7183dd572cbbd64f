package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/audit"
	"github.com/dataloaf/dataloaf/cli/internal/replay"
)

// On every warehouse: an event is followed through all of it, and what was set
// aside is loaded once when it is mended.
func TestADevIsOperated(t *testing.T) {
	eachWarehouse(t, func(t *testing.T, warehouse string) {
		dir := t.TempDir()
		d := startDev(t, dir, warehouse)
		if out, err := loafctl(t, dir, "doctor", "--data-dir", "data", "--json").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		folder := filepath.Join(dir, "data", "raw", "users", "updates", "2024", "05", "01", "10")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		put := func(body []byte) {
			if err := os.WriteFile(filepath.Join(folder, "bad.ndjson.gz"), body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again := func(fails bool) (report replay.Report) {
			t.Helper()
			out, err := loafctl(t, dir, "replay", "--data-dir", "data", "--from", "2024-05-01T10:00:00Z", "--to", "2024-05-01T11:00:00Z", "--json").Output()
			if (err != nil) != fails {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := json.Unmarshal(out, &report); err != nil {
				t.Fatal(err)
			}
			return report
		}
		put([]byte("not gzip"))
		if r := again(true); r.Quarantined != 1 || r.Objects != 0 {
			t.Errorf("%+v", r)
		}
		put(gzipped([]byte(`{"user_id":"ada","attributes":{"plan":"pro"},"updated_at":"2024-05-01T10:00:00Z","received_at":"2024-05-01T10:00:01Z"}` + "\n")))
		if r := again(false); r.Quarantined != 0 || r.Objects != 1 || r.Inserted != 1 {
			t.Errorf("%+v", r)
		}
		if r := again(false); r.Objects != 0 || r.Known != 1 {
			t.Errorf("%+v", r)
		}
		// After a power cut the next start finds it loaded.
		d.kill(t)
		d = startDev(t, dir, warehouse)
		if r := again(false); r.Objects != 0 || r.Known != 1 {
			t.Errorf("%+v", r)
		}
		out, err := loafctl(t, dir, "status", "--data-dir", "data").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Rows loaded    2") {
			t.Errorf("%v\n%s", err, out)
		}
		proven := func(fails bool, flags ...string) (report audit.Report) {
			t.Helper()
			args := append([]string{"audit", "--data-dir", "data", "--from", "2024-05-01T10:00:00Z", "--deep", "--json"}, flags...)
			out, err := loafctl(t, dir, args...).Output()
			if (err != nil) != fails {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := json.Unmarshal(out, &report); err != nil {
				t.Fatal(err)
			}
			return report
		}
		// The one of doctor and the one that was mended; the dev is asked.
		if r := proven(false); r.Target != d.Address || r.Totals[0].Loaded != 1 || r.Totals[2].Checked != 1 {
			t.Errorf("%+v", r)
		}
		d.stop(t, os.Interrupt)
		// Nobody holds the folder, so it is opened.
		if r := proven(false, "--warehouse", warehouse); r.Target != "data" || r.Totals[0].Loaded != 1 || r.LoadRows != 1 {
			t.Errorf("%+v", r)
		}
		put(gzipped(nil))
		if r := proven(true, "--warehouse", warehouse, "--kind", "updates", "--to", "2024-05-01T11:00:00Z"); r.Proven || r.MismatchesTotal != 1 {
			t.Errorf("%+v", r)
		}
	})
}
