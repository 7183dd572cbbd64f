package saved

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// MaxAnnotation is the longest text of an annotation, in characters.
const MaxAnnotation = 400

// Annotation says what happened at an instant, such as a release.
type Annotation struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

func readAnnotation(f *insight.Form) Annotation {
	return Annotation{At: f.Instant("at"), Text: f.Text("text", 1, MaxAnnotation)}
}

// AnnotationsBetween gives the annotations with from <= at < to, the earliest
// first. A zero time is no bound.
func (l *Library) AnnotationsBetween(ctx context.Context, from, to time.Time) ([]Item[Annotation], error) {
	items, err := l.Annotations.List(ctx, "")
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(i Item[Annotation]) bool {
		at := i.Content.At
		return at.Before(from) || !to.IsZero() && !at.Before(to)
	})
	slices.SortFunc(items, func(a, b Item[Annotation]) int {
		return cmp.Or(a.Content.At.Compare(b.Content.At), cmp.Compare(a.ID, b.ID))
	})
	return items, nil
}
