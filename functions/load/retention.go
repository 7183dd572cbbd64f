package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Retention is for how many days events are kept; 0 is for ever.
//
// They go by the day, in UTC, on which their raw object began, which its key
// names: by that alone S3 can expire objects, and so the tables, the raw objects
// and a rebuild are of one mind. An object of a day goes when that many whole days
// have passed after it, as S3 rounds the age of objects up to the next midnight
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
type Retention struct{ Days int }

// dayFormat is a day as it stands in keys.
const dayFormat = "2006/01/02"

// First is the first day whose objects are kept at a time, as it stands in keys.
func (r Retention) First(now time.Time) string {
	return now.UTC().AddDate(0, 0, -r.Days).Format(dayFormat)
}

// Expired tells whether an object is of a day that is no longer kept.
func (r Retention) Expired(o warehouse.Object, now time.Time) bool {
	if r.Days == 0 {
		return false
	}
	day, ok := dayOf(o)
	return ok && day < r.First(now)
}

// dayOf is the day in an object's key.
func dayOf(o warehouse.Object) (string, bool) {
	rest := strings.TrimPrefix(o.Key, string(o.Kind)+"/")
	if len(rest) < len(dayFormat) {
		return "", false
	}
	_, err := time.Parse(dayFormat, rest[:len(dayFormat)])
	return rest[:len(dayFormat)], err == nil
}

// Expirer deletes events that are no longer kept.
type Expirer interface {
	// Expire deletes the events of at most so many loads of which all objects are
	// of days before one, and tells whether there are more.
	Expire(ctx context.Context, before string, most int) (rows int64, more bool, err error)
}

// The bounds of what one run expires: the tables are awake for it.
const (
	expireLoads   = 100
	expireBatches = 10
)

// expire deletes what is no longer kept, after a load and in bounded batches.
func (l *Loader) expire(ctx context.Context, total *Summary) error {
	if l.config.Retention.Days == 0 || l.config.Expirer == nil {
		return nil
	}
	first := l.config.Retention.First(l.config.Now())
	for range expireBatches {
		if l.late(ctx) {
			return nil // the next run goes on
		}
		rows, more, err := l.config.Expirer.Expire(ctx, first, expireLoads)
		if err != nil {
			return fmt.Errorf("delete events from before %s: %w", first, err)
		}
		total.ExpiredRows += rows
		if !more {
			return nil
		}
	}
	return nil
}

// keep leaves out objects that are no longer kept, and says that they are settled.
// With a retention the rest comes in the order of days, that one transaction loads
// events of one day alone: rows go by loads.
func (l *Loader) keep(objects []warehouse.Object, total *Summary, settled map[string]bool) []warehouse.Object {
	if l.config.Retention.Days == 0 {
		return objects
	}
	now := l.config.Now()
	kept := make([]warehouse.Object, 0, len(objects))
	for _, o := range objects {
		if o.Kind == warehouse.Events && l.config.Retention.Expired(o, now) {
			settled[o.ID()] = true
			total.Expired++
			continue
		}
		kept = append(kept, o)
	}
	slices.SortStableFunc(kept, func(a, b warehouse.Object) int { return strings.Compare(eventDay(a), eventDay(b)) })
	return kept
}

// eventDay is the day of an object of events, and empty for any other.
func eventDay(o warehouse.Object) string {
	if o.Kind != warehouse.Events {
		return ""
	}
	day, _ := dayOf(o)
	return day
}

// together reports whether an object may be loaded with those before it.
func (l *Loader) together(before []warehouse.Object, o warehouse.Object) bool {
	if l.config.Retention.Days == 0 || o.Kind != warehouse.Events {
		return true
	}
	last := before[len(before)-1]
	return last.Kind != warehouse.Events || eventDay(last) == eventDay(o)
}
