package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
	"github.com/dataloaf/dataloaf/cli/internal/target"
)

// devPatience is how long a load on one machine may take.
const devPatience = time.Minute

// dev looks at a loafctl dev.
func (d *doctor) dev(ctx context.Context, r datadir.Running) {
	d.look = devLook
	if !d.check(ctx, machine, "clock", func(ctx context.Context) result { return d.compareClock(ctx, r.Address+"/healthz") }) {
		return
	}
	var client *insights.Client
	if !d.check(ctx, inStack, "dev", func(ctx context.Context) result {
		c, err := target.Local(r)
		if err == nil {
			err = c.Call(ctx, "GET", "/healthz", nil, nil)
		}
		if err != nil {
			return failed(err)
		}
		client = c
		return ok("%s answers", r.Address)
	}) {
		return
	}
	if !d.check(ctx, inStack, "warehouse", func(ctx context.Context) result {
		p, err := client.Pipeline(ctx)
		switch {
		case err != nil:
			return failed(err)
		case p.FilesQuarantined > 0:
			return warn("Mend them and run `loafctl replay`. `loafctl status` names them.", "files set aside because their data could not be loaded: %d", p.FilesQuarantined)
		default:
			return ok("%d rows loaded, %d files waiting", p.RowsLoaded, p.FilesWaiting)
		}
	}) || d.NoSend {
		return
	}
	key := keyOr(d.APIKey, map[string]string{"": r.APIKey})
	d.follow(ctx, []hop{d.post(r.Address, key), d.rawFile(r), d.devLoad(client), d.query(client, "4. query")})
}

// rawFile looks for the event in the raw objects of the data folder: it is
// durable there before the API answers.
func (d *doctor) rawFile(r datadir.Running) hop {
	return hop{name: "2. raw object", patience: checkTimeout, pass: func(_ context.Context, e *sent) result {
		here, running := datadir.FindRunning(d.DataDir)
		if !running || here.Address != r.Address {
			return skip("the dev's data folder is not %s", d.DataDir)
		}
		for _, folder := range hours(e.at.Add(-clockSlack), d.Now().Add(clockSlack)) {
			name, err := findIn(filepath.Join(d.DataDir, "raw", "events", filepath.FromSlash(folder)), e)
			if err != nil {
				return failed(err)
			}
			if name != "" {
				e.object = "events/" + folder + name
				return ok("in %s", filepath.Join("raw", "events", filepath.FromSlash(folder), name))
			}
		}
		return bad("Was something else removing files there? `loafctl dev --verbose` logs what it stores.", "no raw object in %s holds the event, which was accepted", d.DataDir)
	}}
}

// findIn gives the name of the file in a folder that holds the event.
func findIn(folder string, e *sent) (string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.ModTime().Before(e.at.Add(-clockSlack)) {
			continue // gone, or too old to hold it
		}
		file, err := os.Open(filepath.Join(folder, entry.Name()))
		if err != nil {
			return "", err
		}
		found, err := contains(file, e.id)
		_ = file.Close() // it was only read
		if err == nil && found {
			return entry.Name(), nil
		}
	}
	return "", nil
}

// devLoad waits until nothing waits, and looks whether the object was set aside.
func (d *doctor) devLoad(client *insights.Client) hop {
	return hop{name: "3. load", patience: devPatience, pass: func(ctx context.Context, e *sent) result {
		r, err := d.until(ctx, devPatience, func() (*result, error) {
			p, err := client.Pipeline(ctx)
			if err != nil {
				return nil, passing(err)
			}
			if reason, aside := quarantined(p, e.object); aside {
				r := bad("docs/runbooks.md#quarantined says what to do.", "the object was set aside: %s", reason)
				return &r, nil
			}
			if p.FilesWaiting > 0 || p.LastLoad == nil {
				return nil, nil //nolint:nilnil // not yet
			}
			r := ok("nothing waits; the last load was at %s", p.LastLoad.UTC().Format(time.TimeOnly))
			return &r, nil
		})
		if err != nil {
			return failed(err)
		}
		if r == nil {
			return bad("The dev's own messages say why; `loafctl dev --verbose` says more.", "not loaded within %v", devPatience)
		}
		return *r
	}}
}
