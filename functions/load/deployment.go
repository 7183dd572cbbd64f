package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Tables is the warehouse as the first run of a deployment sees it.
type Tables interface {
	// Provision makes the database's users, brings the tables to the newest
	// version and grants what each user needs. It may be repeated.
	Provision(ctx context.Context) error
	// Empty tells whether the ledger holds nothing.
	Empty(ctx context.Context) (bool, error)
}

// StateStore keeps small objects beside the raw data.
type StateStore interface {
	Exists(ctx context.Context, bucket, key string) (bool, error)
	// Get gives an error wrapping fs.ErrNotExist for what is not there.
	Get(ctx context.Context, bucket, key string) ([]byte, error)
	Put(ctx context.Context, bucket, key string, body []byte) error
}

// Deletions deletes users' data for good; deletion.Runner is behind it.
type Deletions interface {
	// Work goes on with what there is to do and tells when there is more, which
	// is never for the zero time.
	Work(ctx context.Context) (next time.Time, err error)
}

// DeploymentConfig is what a Deployment needs.
type DeploymentConfig struct {
	// Name changes whenever tables, users or grants may have to.
	Name   string
	Loader *Loader
	Tables Tables
	Store  StateStore
	// Deletions may be nil where nobody asks for any.
	Deletions Deletions
	// Bucket is where the state is kept.
	Bucket string
	// Patience lets loads wait while nobody asks; its zero value has none wait.
	Patience Patience
	Now      func() time.Time
	Logger   *slog.Logger
}

// Deployment is a Loader behind what its first run does: users, tables, grants,
// and the rebuild of a warehouse that is new from the raw data. That it was
// done is a marker object, so that a run with nothing to load asks S3 and SQS
// and leaves the warehouse asleep.
type Deployment struct {
	config DeploymentConfig
	// ready is set once the marker was seen.
	ready atomic.Bool
	// next is when there is more to do on deletions, as it was last kept.
	next atomic.Pointer[time.Time]
}

// NewDeployment makes a deployment.
func NewDeployment(c DeploymentConfig) *Deployment { return &Deployment{config: c} }

// rebuildKey is where a rebuild keeps how far it has come. It is one for all
// deployments: a rebuild goes on through the next of them.
const rebuildKey = "state/rebuild.json"

// LoadedKey is where the time of the last load that brought something is kept,
// as {"at":…}. Who wants to know of new data asks for it, instead of the
// warehouse, which bills for being woken.
const LoadedKey = "state/loaded.json"

// markPatience bounds the writing of that mark, which begins when the time for
// the load itself may be over.
const markPatience = 3 * time.Second

func (d *Deployment) markerKey() string { return "state/deployments/" + d.config.Name + ".json" }

// rebuild is how far the rebuild of a warehouse has come.
type rebuild struct {
	Started  time.Time `json:"started"`
	Finished bool      `json:"finished"`
	// After is, by kind, the key up to and with which all is loaded.
	After map[warehouse.Kind]string `json:"after"`
}

// Run loads what the queue names, after what a deployment's first run has to
// do.
func (d *Deployment) Run(ctx context.Context) (Summary, error) {
	summary, err := d.run(ctx)
	d.mark(ctx, summary, err != nil || summary.Stopped)
	return summary, err
}

func (d *Deployment) run(ctx context.Context) (Summary, error) {
	ready, err := d.isReady(ctx)
	if err != nil {
		return Summary{}, err
	}
	if ready {
		if d.waits(ctx) {
			// What is due to be deleted has its own time.
			d.deletions(ctx, false)
			return Summary{Waited: true}, nil
		}
		total, err := d.config.Loader.Run(ctx)
		if err == nil && !total.Stopped {
			d.deletions(ctx, total.Objects > 0)
		}
		return total, err
	}
	d.config.Logger.InfoContext(ctx, "the first run of a deployment", "deployment", d.config.Name)
	progress, err := d.prepare(ctx)
	if err != nil {
		return Summary{}, err
	}
	// New data first: a rebuild may take many runs.
	total, err := d.config.Loader.Run(ctx)
	if err != nil || total.Stopped {
		return total, err
	}
	if !progress.Finished {
		rebuilt, err := d.rebuild(ctx, progress)
		total = total.plus(rebuilt)
		if err != nil || total.Stopped {
			return total, err
		}
	}
	if err := d.put(ctx, d.markerKey(), struct {
		Finished time.Time `json:"finished"`
	}{d.config.Now().UTC()}); err != nil {
		return total, err
	}
	d.ready.Store(true)
	return total, nil
}

// Prepare does a deployment's first run, and nothing when that is done: where
// loads are hours apart, nobody should wait for the tables until then.
func (d *Deployment) Prepare(ctx context.Context) (Summary, error) {
	ready, err := d.isReady(ctx)
	if err != nil || ready {
		return Summary{}, err
	}
	return d.Run(ctx)
}

// Sweep loads what is in a window. A deployment whose first run is not done has
// nowhere to load it yet.
func (d *Deployment) Sweep(ctx context.Context, w Window) (Summary, error) {
	if err := d.MustBeReady(ctx, "sweep"); err != nil {
		return Summary{}, err
	}
	total, err := d.config.Loader.SweepWindow(ctx, w)
	d.mark(ctx, total, err != nil || total.Stopped)
	if err == nil && !total.Stopped {
		// Once a day the warehouse is asked whether a deletion is due, also where
		// nothing is loaded that would wake it.
		d.deletions(ctx, true)
	}
	return total, err
}

// Delete goes on with deletions, as somebody asks who waits for them. It tells
// when there is more to do.
func (d *Deployment) Delete(ctx context.Context) (next time.Time, err error) {
	if err := d.MustBeReady(ctx, "delete"); err != nil {
		return time.Time{}, err
	}
	if d.config.Deletions == nil {
		return time.Time{}, errors.New("delete: there is no warehouse to delete from")
	}
	next, err = d.config.Deletions.Work(ctx)
	if err != nil {
		return next, fmt.Errorf("delete: %w", err)
	}
	return next, d.keepNext(ctx, next)
}

// deletionsKey is where a deployment keeps when there is more to do on
// deletions: a run with nothing to load learns from it, and not from the
// warehouse, that it must go on.
const deletionsKey = "state/deletions.json"

// DeletionsLateAfter is how long a deletion may be due before somebody should
// look: a day, in which a sweep takes it up also where nothing is loaded, and an
// hour for its turn.
const DeletionsLateAfter = 25 * time.Hour

// nextDeletions is what is kept there.
type nextDeletions struct {
	Next time.Time `json:"next,omitzero"`
}

// deletions goes on with deletions where the warehouse is awake, or something is
// known to be due. That they fail is no failure of the load: they are tried again
// and say themselves what is wrong.
func (d *Deployment) deletions(ctx context.Context, awake bool) {
	if d.config.Deletions == nil {
		return
	}
	if !awake {
		next, err := d.nextDeletions(ctx)
		if err != nil {
			d.config.Logger.ErrorContext(ctx, "it is not known whether deletions are due", "error", err)
			return
		}
		if next.IsZero() || next.After(d.config.Now()) {
			return
		}
	}
	next, err := d.config.Deletions.Work(ctx)
	if err != nil {
		d.config.Logger.ErrorContext(ctx, "a deletion failed and will be tried again", "error", err)
		next = d.dueSince(ctx)
	}
	if err := d.keepNext(ctx, next); err != nil {
		d.config.Logger.ErrorContext(ctx, "when deletions are due cannot be kept", "error", err)
	}
}

// dueSince is since when there has been more to do, where that fails. While the
// warehouse is away nothing else can tell that it has been for too long.
func (d *Deployment) dueSince(ctx context.Context) time.Time {
	now := d.config.Now()
	since, err := d.nextDeletions(ctx)
	if err != nil || since.IsZero() || since.After(now) {
		return now
	}
	if now.Sub(since) > DeletionsLateAfter {
		d.config.Logger.ErrorContext(ctx, "a deletion is late", "due_since", since) // the line for the alarm
	}
	return since
}

func (d *Deployment) nextDeletions(ctx context.Context) (time.Time, error) {
	if next := d.next.Load(); next != nil {
		return *next, nil
	}
	var kept nextDeletions
	if err := d.get(ctx, deletionsKey, &kept); err != nil {
		return time.Time{}, err
	}
	d.next.Store(&kept.Next)
	return kept.Next, nil
}

func (d *Deployment) keepNext(ctx context.Context, next time.Time) error {
	before, err := d.nextDeletions(ctx)
	if err == nil && before.Equal(next) {
		return nil
	}
	if err := d.put(ctx, deletionsKey, nextDeletions{next.UTC()}); err != nil {
		return err
	}
	d.next.Store(&next)
	return nil
}

// Replay loads again what was set aside in a range. Like a sweep it needs the
// tables.
func (d *Deployment) Replay(ctx context.Context, r Range) (Summary, error) {
	if err := d.MustBeReady(ctx, "replay"); err != nil {
		return Summary{}, err
	}
	summary, err := d.config.Loader.Replay(ctx, r)
	// It took none of what waits in the queue.
	d.mark(ctx, summary, true)
	return summary, err
}

// loadedMark is what LoadedKey holds.
type loadedMark struct {
	At time.Time `json:"at"`
	// More says that what was there to load then is not all loaded.
	More bool `json:"more,omitempty"`
}

// mark says that there is new data, and whether there is more of it. What was
// loaded before counts as well: a run that ended between its commit and its mark
// leaves its messages in the queue, and the next one finds them loaded. A mark
// that fails spoils no load: whoever waits for it learns of the data with the
// next one.
func (d *Deployment) mark(ctx context.Context, s Summary, more bool) {
	if s.Objects+s.Known == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markPatience)
	defer cancel()
	if err := d.put(ctx, LoadedKey, loadedMark{At: d.config.Now().UTC(), More: more}); err != nil {
		d.config.Logger.WarnContext(ctx, "that something was loaded could not be marked", "error", err)
	}
}

// MustBeReady gives an error while the first run is not done: there are no tables
// for an action before that.
func (d *Deployment) MustBeReady(ctx context.Context, action string) error {
	ready, err := d.isReady(ctx)
	if err != nil {
		return err
	}
	if !ready {
		return fmt.Errorf("%s: the first run of deployment %s is not done; it makes the tables at the next scheduled run, %[1]s after that", action, d.config.Name)
	}
	return nil
}

func (d *Deployment) isReady(ctx context.Context) (bool, error) {
	if d.ready.Load() {
		return true, nil
	}
	ready, err := d.config.Store.Exists(ctx, d.config.Bucket, d.markerKey())
	if err != nil {
		return false, fmt.Errorf("look whether deployment %s is ready: %w", d.config.Name, err)
	}
	d.ready.Store(ready)
	return ready, nil
}

// prepare makes users and tables and gives how far a rebuild has come.
func (d *Deployment) prepare(ctx context.Context) (rebuild, error) {
	if err := d.config.Tables.Provision(ctx); err != nil {
		return rebuild{}, fmt.Errorf("provision the warehouse: %w", err)
	}
	empty, err := d.config.Tables.Empty(ctx)
	if err != nil {
		return rebuild{}, fmt.Errorf("look whether the warehouse is new: %w", err)
	}
	if empty {
		// Written before the first load: after it the ledger is not empty, and
		// nothing else would tell that the rest is still to come.
		progress := rebuild{Started: d.config.Now().UTC(), After: map[warehouse.Kind]string{}}
		return progress, d.put(ctx, rebuildKey, progress)
	}
	text, err := d.config.Store.Get(ctx, d.config.Bucket, rebuildKey)
	if errors.Is(err, fs.ErrNotExist) {
		return rebuild{Finished: true}, nil
	}
	if err != nil {
		return rebuild{}, fmt.Errorf("look how far the rebuild has come: %w", err)
	}
	var progress rebuild
	if err := json.Unmarshal(text, &progress); err != nil {
		return rebuild{}, fmt.Errorf("read %s/%s: %w; remove the object to leave the rebuild as it is", d.config.Bucket, rebuildKey, err)
	}
	if progress.After == nil {
		progress.After = map[warehouse.Kind]string{}
	}
	return progress, nil
}

// rebuild loads all raw data that the ledger does not hold, from where the run
// before has come to.
func (d *Deployment) rebuild(ctx context.Context, progress rebuild) (Summary, error) {
	d.config.Logger.InfoContext(ctx, "the warehouse is rebuilt from raw data", "after", progress.After)
	total, err := d.config.Loader.SweepWindow(ctx, Window{
		After: progress.After,
		Done: func(ctx context.Context, kind warehouse.Kind, key string) error {
			progress.After[kind] = key
			return d.put(ctx, rebuildKey, progress)
		},
	})
	if err != nil {
		return total, fmt.Errorf("rebuild the warehouse: %w", err)
	}
	if total.Stopped {
		return total, nil
	}
	progress.Finished = true
	return total, d.put(ctx, rebuildKey, progress)
}

// get reads an object of the state; what is not there leaves v as it is.
func (d *Deployment) get(ctx context.Context, key string, v any) error {
	text, err := d.config.Store.Get(ctx, d.config.Bucket, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("read %s/%s: %w", d.config.Bucket, key, err)
	}
	return nil
}

func (d *Deployment) put(ctx context.Context, key string, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		err = d.config.Store.Put(ctx, d.config.Bucket, key, text)
	}
	if err != nil {
		return fmt.Errorf("keep the state of the load in %s: %w", key, err)
	}
	return nil
}
