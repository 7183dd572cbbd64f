package load

import (
	"context"
	"time"
)

// Patience is how long new data may wait for its load while nobody asks for it.
// Redshift Serverless bills a minute for every wake-up, and data that is loaded
// every few minutes for nobody costs as much as data that is looked at.
type Patience struct {
	// Idle is the longest time between two loads while nobody asks; 0 means that
	// every run loads.
	Idle time.Duration
	// Interval is the time between two runs of the schedule: a run waits only
	// where the next one is in time.
	Interval time.Duration
}

// AskedKey is where the insights server keeps when somebody asked it last, as
// {"at":…}.
const AskedKey = "state/asked.json"

// AskedFor is how long after a question runs go on loading: whoever reads one
// answer most likely asks again.
const AskedFor = 15 * time.Minute

// waits tells whether a run leaves what there is to a later one: nobody has asked
// lately, and the last load took all there was, not long ago. It asks S3 alone.
// Where that does not answer, the run loads: data that is late is worse than a
// wake-up.
func (d *Deployment) waits(ctx context.Context) bool {
	p, now := d.config.Patience, d.config.Now()
	if p.Idle == 0 {
		return false
	}
	var loaded loadedMark
	if err := d.get(ctx, LoadedKey, &loaded); err != nil {
		d.config.Logger.WarnContext(ctx, "it is not known when the last load was; this run does not wait", "error", err)
		return false
	}
	if loaded.More || now.Add(p.Interval).After(loaded.At.Add(p.Idle)) {
		return false
	}
	var asked struct {
		At time.Time `json:"at"`
	}
	if err := d.get(ctx, AskedKey, &asked); err != nil {
		d.config.Logger.WarnContext(ctx, "it is not known whether somebody asks; this run does not wait", "error", err)
		return false
	}
	return now.Sub(asked.At) >= AskedFor
}
