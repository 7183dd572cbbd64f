package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// dataloaf is a `loafctl dev` on a data folder.
type dataloaf struct {
	program, folder string
	// flags are those of dev that it is started with, beside the bench's own.
	flags               []string
	cmd                 *exec.Cmd
	ended               chan error
	log                 bytes.Buffer
	address, key, token string
	client              http.Client
}

// patience is how long anything may take: fifty million events take a while.
const patience = time.Hour

// start runs the program and waits until it answers.
func (d *dataloaf) start(ctx context.Context) error {
	// Kept answers would make the second round look good.
	args := append([]string{"dev", "--addr", "127.0.0.1:0", "--data-dir", d.folder, "--cache-mb", "0"}, d.flags...)
	d.cmd = exec.CommandContext(ctx, d.program, args...)
	d.cmd.Cancel = func() error { return d.cmd.Process.Signal(os.Interrupt) }
	d.cmd.WaitDelay = time.Minute
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.ended = make(chan error, 1)
	go func() { d.ended <- d.cmd.Wait() }()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		var running struct {
			Address, Token string
			APIKey         string `json:"api_key"`
			PID            int
		}
		text, err := os.ReadFile(filepath.Join(d.folder, "running.json"))
		if err == nil && json.Unmarshal(text, &running) == nil && running.PID == d.cmd.Process.Pid {
			d.address, d.key, d.token = running.Address, running.APIKey, running.Token
			if _, err := d.call(ctx, http.MethodGet, "/healthz", ""); err == nil {
				return nil
			}
		}
		select {
		case err := <-d.ended:
			return fmt.Errorf("loafctl dev ended: %w\n%s", err, d.log.Bytes())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return errors.New("loafctl dev did not start")
}

// stop ends the program as Ctrl-C does.
func (d *dataloaf) stop() error {
	if d.cmd == nil {
		return nil
	}
	err := d.cmd.Process.Signal(os.Interrupt)
	if err == nil {
		err = <-d.ended
	}
	d.cmd = nil
	return err
}

func (d *dataloaf) call(ctx context.Context, method, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.address+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+d.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer, nil
}

// load waits until all lines of the raw data are in the warehouse.
func (d *dataloaf) load(ctx context.Context, lines int) error {
	begun := time.Now()
	for time.Since(begun) < patience {
		loaded, err := d.rowsLoaded(ctx)
		if err != nil || loaded == lines {
			return err
		}
		select {
		case err := <-d.ended:
			return fmt.Errorf("loafctl dev ended: %w\n%s", err, d.log.Bytes())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the load did not end")
}

// rowsLoaded is how many events and new users the loads have brought. An object
// that was set aside is an error.
func (d *dataloaf) rowsLoaded(ctx context.Context) (int, error) {
	answer, err := d.call(ctx, http.MethodGet, "/api/v1/pipeline", "")
	if err != nil {
		return 0, err
	}
	var state struct {
		RowsLoaded       int `json:"rows_loaded"`
		FilesQuarantined int `json:"files_quarantined"`
	}
	if err := json.Unmarshal(answer, &state); err != nil {
		return 0, err
	}
	if state.FilesQuarantined > 0 {
		return 0, fmt.Errorf("a raw object was set aside: %s", answer)
	}
	return state.RowsLoaded, nil
}

func (d *dataloaf) ask(ctx context.Context, q question, round int) (answer, error) {
	begun := time.Now()
	text, err := d.call(ctx, http.MethodPost, "/api/v1/query", q.body(round))
	took := time.Since(begun)
	if err != nil {
		return answer{}, err
	}
	var a struct {
		Series, Cohorts []struct{ Values []*float64 }
		Steps           []struct{ Users float64 }
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return answer{}, err
	}
	sum := 0.0
	for _, s := range append(a.Series, a.Cohorts...) {
		for _, v := range s.Values {
			if v != nil {
				sum += *v
			}
		}
	}
	for _, s := range a.Steps {
		sum += s.Users
	}
	return answer{took, sum}, nil
}

// memory is the most that the program had resident, in bytes; 0 where the system
// does not tell.
func (d *dataloaf) memory() int64 { return peakMemory(d.cmd.Process.Pid) }

// kill ends the program as a crash does: what it has not made durable is lost.
func (d *dataloaf) kill() error {
	err := d.cmd.Process.Kill()
	<-d.ended // killed, as it says
	d.cmd = nil
	return err
}

// cpu is the processor time that the program has taken.
func (d *dataloaf) cpu() time.Duration { return cpuTime(d.cmd.Process.Pid) }

// sweep loads the raw objects that the ledger does not hold, of the last hour or
// of all time, as the load function does when it is asked to, and tells how many
// rows were new.
func (d *dataloaf) sweep(ctx context.Context, event string) (inserted int, took time.Duration, err error) {
	begun := time.Now()
	text, err := d.call(ctx, http.MethodPost, "/dev/v1/load", event)
	took = time.Since(begun)
	if err != nil {
		return 0, 0, err
	}
	var report struct{ Inserted, Quarantined int }
	if err := json.Unmarshal(text, &report); err != nil {
		return 0, 0, err
	}
	if report.Quarantined > 0 {
		return 0, 0, fmt.Errorf("a raw object was set aside: %s", text)
	}
	return report.Inserted, took, nil
}

// What a load is asked for.
const (
	sweepAll  = `{"action":"sweep"}`
	sweepHour = `{"action":"sweep","since":"1h"}`
)

// killWithParent lets no child outlive a bench that is killed.
func killWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
