package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/tf/tftest"
)

// asLoafctl makes this test binary run as loafctl.
const asLoafctl = "LOAFCTL_TEST_RUN"

func TestMain(m *testing.M) {
	tftest.Main()
	if os.Getenv(asLoafctl) != "" {
		os.Exit(run())
	}
	testscript.Main(m, map[string]func(){"loafctl": func() { os.Exit(run()) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"started": started,
			"loaded":  loaded,
			"mode":    mode,
			"printed": printed,
			"cpfile":  cpfile,
		},
		RequireExplicitExec: true,
	})
}

// exits runs a command that must end with a code: exits CODE COMMAND...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// started waits for the dev on a data folder and sets ADDRESS, HOSTPORT, and KEY
// and TOKEN of the run: started DIR
func started(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: started DIR")
	}
	running, err := waitForDev(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv("ADDRESS", running.Address)
	ts.Setenv("HOSTPORT", strings.TrimPrefix(running.Address, "http://"))
	ts.Setenv("KEY", running.APIKey)
	ts.Setenv("TOKEN", running.Token)
}

// loaded waits until so many rows are in the warehouse and no file waits:
// loaded DIR ROWS
func loaded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: loaded DIR ROWS")
	}
	rows, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	running, err := waitForDev(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(waitForRows(running, func(p pipeline) bool { return p.FilesWaiting == 0 && p.RowsLoaded == rows }))
}

// mode checks the permissions of files: mode 600 FILE...
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode OCTAL FILE...")
	}
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := strconv.FormatInt(int64(info.Mode().Perm()), 8); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}

// printed sets a variable to what a pattern's group matches in the output of the
// command before: printed NAME PATTERN
func printed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: printed NAME PATTERN")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	match := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(match) != 2 {
		ts.Fatalf("%q does not match one group in the output", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// cpfile makes files that a script cannot hold: cpfile gzip|cut FROM TO
func cpfile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cpfile gzip|cut FROM TO")
	}
	text, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	packed := gzipped(text)
	if args[0] == "cut" {
		packed = packed[:len(packed)-10]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), packed, 0o600))
}

// patience bounds every wait in these tests; it is reached only by a defect.
const patience = time.Minute

// poll asks until the answer is yes.
func poll(what string, ask func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := ask()
		if yes {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %v (%w)", what, patience, errors.Join(err, errNotYet))
		}
		<-tick.C
	}
}

var errNotYet = errors.New("not yet")

func waitForDev(dir string) (datadir.Running, error) {
	var running datadir.Running
	err := poll("wait for loafctl dev on "+filepath.Base(dir), func() (ok bool, _ error) {
		running, ok = datadir.FindRunning(dir)
		return ok, nil
	})
	return running, err
}

// pipeline is the state of the pipeline, as the insights API tells it.
type pipeline struct {
	RowsLoaded   int64 `json:"rows_loaded"`
	FilesWaiting int   `json:"files_waiting"`
	Quarantined  int   `json:"files_quarantined"`
}

func waitForRows(running datadir.Running, enough func(pipeline) bool) error {
	var last pipeline
	err := poll("wait for the load", func() (bool, error) {
		request, err := http.NewRequest(http.MethodGet, running.Address+"/api/v1/pipeline", nil)
		if err != nil {
			return false, err
		}
		request.Header.Set("Authorization", "Bearer "+running.Token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return false, err
		}
		if response.StatusCode != http.StatusOK {
			return false, fmt.Errorf("the pipeline's state: %d %s", response.StatusCode, bytes.TrimSpace(body))
		}
		if err := json.Unmarshal(body, &last); err != nil {
			return false, err
		}
		return enough(last), nil
	})
	if err != nil {
		return fmt.Errorf("%w: last seen %+v", err, last)
	}
	return nil
}

// loafctl is this binary, as loafctl, in a folder.
func loafctl(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Dir = dir
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "LOAF") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, asLoafctl+"=1")
	return cmd
}
