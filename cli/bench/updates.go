package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// updatesBench measures updates of users by PATCH, each of which is in the
// warehouse when its call is answered, beside an upsert of the same batches into a
// table of DuckDB.
func updatesBench(flags *flag.FlagSet) measurement {
	existing := flags.Int("users", 100_000, "how many users there are before")
	batches := flags.Int("batches", 500, fmt.Sprintf("how many calls of %d users a round, half of them existing ones", batchItems))
	callers := flags.Int("callers", 8, "calls under way at once")
	return func(ctx context.Context, r *run) error {
		if *existing < batchItems || *batches < 1 || *callers < 1 {
			return fmt.Errorf("-users must be at least %d, -batches and -callers at least 1", batchItems)
		}
		d, err := r.needLoafctl("updates", "--load-every", "24h")
		if err != nil {
			return err
		}
		if err := d.start(ctx); err != nil {
			return err
		}
		u := &updates{run: r, existing: *existing, callers: *callers, random: rand.New(rand.NewPCG(r.seed, 5))}
		err = u.measure(ctx, d, *batches)
		r.add("most memory of dev", "MiB", float64(d.memory()>>20))
		if err := errors.Join(err, d.stop()); err != nil {
			return err
		}
		rate := r.median("dataloaf")
		r.goal("at least 5,000 updates a second", rate, rate >= 5000)
		return nil
	}
}

type updates struct {
	*run
	existing, callers int
	random            *rand.Rand
	// made is how many new users there are.
	made int
}

// userUpdate is one of a PATCH.
type userUpdate struct {
	UserID     string         `json:"user_id"`
	Attributes map[string]any `json:"attributes"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

func (u *updates) measure(ctx context.Context, d *dataloaf, batches int) (err error) {
	if err := u.loadUsers(ctx, d); err != nil {
		return fmt.Errorf("load the users: %w", err)
	}
	bare, err := openBareUsers(ctx, filepath.Join(u.folder, "users.duckdb"), u.existing)
	if err != nil {
		return fmt.Errorf("load the users into a table: %w", err)
	}
	defer func() { err = errors.Join(err, bare.Close()) }()
	u.say("%d users; %d calls of %d updates a round, %d at once", u.existing, batches, batchItems, u.callers)
	for range u.rounds {
		bodies := make([][]userUpdate, batches)
		for i := range bodies {
			bodies[i] = u.batch()
		}
		before, begun := d.cpu(), time.Now()
		err := inParallel(u.callers, func(caller int) error {
			for i := caller; i < len(bodies); i += u.callers {
				if err := d.patch(ctx, bodies[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		n := float64(batches * batchItems)
		u.add("dataloaf", "updates/s", n/time.Since(begun).Seconds())
		u.add("CPU of dev", "us/update", microseconds(d.cpu()-before)/n)
		before, begun = cpuTime(os.Getpid()), time.Now()
		for _, body := range bodies {
			if err := upsert(ctx, bare, body); err != nil {
				return fmt.Errorf("upsert into a table: %w", err)
			}
		}
		u.add("bare, an upsert a batch", "updates/s", n/time.Since(begun).Seconds())
		u.add("CPU of bare", "us/update", microseconds(cpuTime(os.Getpid())-before)/n)
	}
	return nil
}

// loadUsers brings the users that exist into the warehouse.
func (u *updates) loadUsers(ctx context.Context, d *dataloaf) error {
	for first := 0; first < u.existing; first += usersPerObject {
		err := writeObject(d.rawFolder(), "users", firstDay, first/usersPerObject, func(w io.Writer) error {
			for i := first; i < min(first+usersPerObject, u.existing); i++ {
				line := fmt.Appendf(nil, `{"user_id":"user-%d","created_at":"2025-01-01T00:00:00Z","attributes":{"tier":"free","seats":%d},"received_at":"2025-01-01T00:00:00Z"}`+"\n", i, i%50)
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	inserted, _, err := d.sweep(ctx, sweepAll)
	if err == nil && inserted != u.existing {
		err = fmt.Errorf("%d of %d users were loaded", inserted, u.existing)
	}
	return err
}

// batch is half of users that exist and half of new ones.
func (u *updates) batch() []userUpdate {
	out := make([]userUpdate, batchItems)
	for i := range out {
		id := fmt.Sprintf("user-%d", u.random.IntN(u.existing))
		if i%2 == 1 {
			u.made++
			id = fmt.Sprintf("new-user-%d", u.made)
		}
		out[i] = userUpdate{id, map[string]any{"tier": tiers[u.random.IntN(len(tiers))], "seats": u.random.IntN(50), "source": sources[u.random.IntN(len(sources))]}, time.Now().UTC()}
	}
	return out
}

// patch sends the updates. Anything but an answer that all are in the warehouse is
// an error.
func (d *dataloaf) patch(ctx context.Context, updates []userUpdate) error {
	body, err := json.Marshal(map[string]any{"users": updates})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, d.address+"/v1/users", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("x-api-key", d.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	var answer struct{ Accepted int }
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode != http.StatusOK || answer.Accepted != len(updates) {
		return fmt.Errorf("PATCH /v1/users: %s: %s", response.Status, text)
	}
	return nil
}
