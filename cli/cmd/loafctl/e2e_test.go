package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
)

const (
	sampleEvents = 76494
	sampleUsers  = 2337
	sampleRows   = sampleEvents + sampleUsers
	// sampleQuestion is answered by sampleCommits and the number of events.
	sampleQuestion = `{"range":{"from":"2014-01-01","to":"2026-12-31"},"interval":"year","series":[
		{"event":"commit","aggregation":{"type":"total"}},
		{"event":"*","aggregation":{"type":"total"}},
		{"event":"*","aggregation":{"type":"unique_users"}},
		{"event":"commit","aggregation":{"type":"sum","property":"files"}}]}`
	sampleCommits = 28775
)

func sampleFile(t *testing.T, kind string) string {
	t.Helper()
	path, err := filepath.Abs("../../../insights-server/query/testdata/terraform-commits." + kind + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// eachWarehouse runs a test on every engine; the function gives the value of
// --warehouse.
func eachWarehouse(t *testing.T, f func(t *testing.T, warehouse string)) {
	for _, engine := range dev.Engines() {
		t.Run(engine, func(t *testing.T) {
			if engine == dev.DuckDB {
				f(t, dev.DuckDB)
				return
			}
			f(t, postgrestest.URL(t))
		})
	}
}

// devProcess is a running loafctl dev.
type devProcess struct {
	datadir.Running
	cmd  *exec.Cmd
	errs *bytes.Buffer
	// out is a file with what it prints.
	out string
}

// startDev starts dev on the folder "data" in dir and waits until it answers.
func startDev(t *testing.T, dir, warehouse string, flags ...string) *devProcess {
	t.Helper()
	args := append([]string{"dev", "--addr", "127.0.0.1:0", "--data-dir", "data", "--load-every", "50ms", "--warehouse", warehouse}, flags...)
	d := &devProcess{cmd: loafctl(t, dir, args...), errs: &bytes.Buffer{}}
	d.cmd.Stderr = d.errs
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	d.cmd.Stdout, d.out = out, out.Name()
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil {
			_ = d.cmd.Process.Kill()
			_ = d.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("dev said:\n%s", d.errs)
		}
	})
	// For a moment it may be that of a dev that was killed here before.
	for d.PID != d.cmd.Process.Pid {
		if d.Running, err = waitForDev(filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// stop stops dev with a signal, after which it must end well.
func (d *devProcess) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := d.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Wait(); err != nil {
		t.Fatalf("dev ended with %v:\n%s", err, d.errs)
	}
}

// kill stops dev as a power cut does.
func (d *devProcess) kill(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := d.cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("dev ended with %v before it was killed", err)
	}
}

// importSample imports both files; every line must be accepted.
func importSample(t *testing.T, dir string) {
	t.Helper()
	cmd := loafctl(t, dir, "import", "--data-dir", "data", "--json", sampleFile(t, "events"), sampleFile(t, "users"))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("import: %v\n%s%s", err, out, &errs)
	}
	var report struct{ Lines, Sent, Accepted, Rejected int }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	if report.Accepted != sampleRows || report.Sent != sampleRows || report.Lines != sampleRows || report.Rejected != 0 {
		t.Errorf("import: %+v", report)
	}
}

// ask gives the values of each series of the sample question and their counts.
func ask(t *testing.T, dir string) (values [][]float64, counts []int) {
	t.Helper()
	cmd := loafctl(t, dir, "query", "--data-dir", "data", "--format", "json")
	cmd.Stdin = strings.NewReader(sampleQuestion)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("query: %v\n%s", err, out)
	}
	var answer struct {
		Series []struct {
			Count  int
			Values []float64
		}
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	for _, s := range answer.Series {
		values, counts = append(values, s.Values), append(counts, s.Count)
	}
	return values, counts
}

// checkSample waits for everything to be loaded and checks the numbers.
func checkSample(t *testing.T, d *devProcess, dir string) [][]float64 {
	t.Helper()
	if err := waitForRows(d.Running, func(p pipeline) bool { return p.FilesWaiting == 0 && p.RowsLoaded >= sampleRows }); err != nil {
		t.Fatal(err)
	}
	if err := waitForRows(d.Running, func(p pipeline) bool { return p.RowsLoaded == sampleRows && p.Quarantined == 0 }); err != nil {
		t.Fatal(err)
	}
	values, counts := ask(t, dir)
	var commits float64
	for _, v := range values[0] {
		commits += v
	}
	if commits != sampleCommits || counts[0] != sampleCommits || counts[1] != sampleEvents {
		t.Errorf("%v commits, counts %v", commits, counts)
	}
	return values
}

func equalValues(a, b [][]float64) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func TestImportingTwiceChangesNoNumber(t *testing.T) {
	eachWarehouse(t, func(t *testing.T, warehouse string) {
		dir := t.TempDir()
		d := startDev(t, dir, warehouse)
		importSample(t, dir)
		first := checkSample(t, d, dir)
		importSample(t, dir)
		if second := checkSample(t, d, dir); !equalValues(first, second) {
			t.Errorf("the second import changes\n%v to\n%v", first, second)
		}
		d.stop(t, os.Interrupt)
		// Everything is still there, and nothing was left to be loaded.
		again := startDev(t, dir, warehouse)
		if after := checkSample(t, again, dir); !equalValues(first, after) {
			t.Errorf("a restart changes\n%v to\n%v", first, after)
		}
		again.stop(t, syscall.SIGTERM)
	})
}

func TestAPowerCutInAnImportLosesAndDoublesNothing(t *testing.T) {
	text := unpackSample(t)
	half := bytes.IndexByte(text[len(text)/2:], '\n') + len(text)/2 + 1
	eachWarehouse(t, func(t *testing.T, warehouse string) {
		dir := t.TempDir()
		d := startDev(t, dir, warehouse)
		// The import gets half of its lines, some of them are loaded, dev is
		// killed, and the other half comes.
		importing := loafctl(t, dir, "import", "--data-dir", "data", "--retry-for", "500ms", "-")
		lines, err := importing.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		importing.Stdout, importing.Stderr = &said, &said
		if err := importing.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := lines.Write(text[:half]); err != nil {
			t.Fatal(err)
		}
		if err := waitForRows(d.Running, func(p pipeline) bool { return p.RowsLoaded > 0 }); err != nil {
			t.Fatal(err)
		}
		d.kill(t)
		// The import may have ended already; then nobody reads the rest.
		if _, err := lines.Write(text[half:]); err != nil && !errors.Is(err, syscall.EPIPE) {
			t.Fatal(err)
		}
		_ = lines.Close()
		var exit *exec.ExitError
		if err := importing.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(said.String(), "Import again") {
			t.Errorf("the import ends with %v and says\n%s", err, &said)
		}

		d = startDev(t, dir, warehouse)
		importSample(t, dir)
		checkSample(t, d, dir)
		d.stop(t, os.Interrupt)
	})
}

// unpackSample gives the lines of the sample events.
func unpackSample(t *testing.T) []byte {
	t.Helper()
	file, err := os.Open(sampleFile(t, "events"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(text []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(text) // a Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

func TestTheDemoPlaysThroughTheFrontDoor(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir, dev.Engines()[0], "--demo")
	// The founders, who come first, and the first of the events.
	if err := waitForRows(d.Running, func(p pipeline) bool { return p.RowsLoaded > 8000 && p.Quarantined == 0 }); err != nil {
		t.Fatal(err)
	}
	d.stop(t, os.Interrupt)
	if !strings.Contains(d.errs.String(), "Everything that was accepted is loaded") {
		t.Errorf("dev ends with\n%s", d.errs)
	}
}
