package reference

import (
	"cmp"
	"slices"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Newest lists the events of a name ("*" for all), of a user (nil for all and
// none) and of a filter: the newest first, those of one instant by their ids,
// the greatest first.
func (r *Reference) Newest(event string, user *string, f insight.Filter) []Event {
	var out []Event
	for _, e := range r.data.Events {
		if (event == insight.AnyEvent || event == e.Name) && (user == nil || e.User != nil && *e.User == *user) && matches(f, e, r.data) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Event) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID))
	})
	return out
}
