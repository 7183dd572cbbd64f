package target

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Range is a range of hours and a kind of raw objects, as flags say it.
type Range struct {
	// From and To are times, or durations back from now.
	From, To string
	// Kind is one of the kinds of raw objects; empty is all.
	Kind string
}

// Register defines the flags.
func (r *Range) Register(set *pflag.FlagSet) {
	set.StringVar(&r.From, "from", "", "where the range begins: a `time` such as 2026-03-04T05:00:00Z, or how long ago, such as 24h")
	set.StringVar(&r.To, "to", "", "where the range ends: a `time`, or how long ago (default: now)")
	set.StringVar(&r.Kind, "kind", "", "events, users or updates (default: all)")
}

// Read gives the range. It must still be checked.
func (r Range) Read(now time.Time) (load.Range, error) {
	out := load.Range{To: now}
	if r.From == "" {
		return out, failure.Usage("Give --from (LOAF_FROM), such as --from 24h or --from 2026-03-04T05:00:00Z.", "--from is missing: the range has no beginning")
	}
	for _, end := range []struct {
		flag, text string
		at         *time.Time
	}{{"from", r.From, &out.From}, {"to", r.To, &out.To}} {
		if end.text == "" {
			continue
		}
		if ago, err := time.ParseDuration(end.text); err == nil && ago >= 0 {
			*end.at = now.Add(-ago)
			continue
		}
		at, err := time.Parse(time.RFC3339, end.text)
		if err != nil {
			return out, failure.Usage("Give a time such as 2026-03-04T05:00:00Z, or how long ago, such as 24h.", "--%s %q is neither a time nor a duration", end.flag, end.text)
		}
		*end.at = at
	}
	if r.Kind != "" {
		out.Kinds = []warehouse.Kind{warehouse.Kind(r.Kind)}
	}
	return out, nil
}
