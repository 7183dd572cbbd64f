package saved

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// MaxDisplay is the most bytes of an insight's display.
const MaxDisplay = 8 << 10

// Insight is a question that is kept.
type Insight struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Query is what insight.Parse takes.
	Query json.RawMessage `json:"query"`
	// Display is how the page draws the answer, an object that is the page's
	// own matter; nil when nothing was said.
	Display json.RawMessage `json:"display,omitempty"`
}

func readInsight(f *insight.Form) Insight {
	return Insight{
		Name:        strings.TrimSpace(f.Text("name", 1, MaxName)),
		Description: f.Text("description", 0, MaxDescription),
		Query:       f.Query("query"),
		Display:     f.Object("display", MaxDisplay),
	}
}

// Question gives a saved insight's query, with another range and time zone
// where the JSON of overrides names them; no JSON changes nothing.
func (l *Library) Question(ctx context.Context, id string, overrides []byte) (insight.Query, error) {
	var given map[string]json.RawMessage
	if len(overrides) > 0 {
		f := insight.ReadForm(overrides, "What the insight is asked with")
		within, zone := f.Range("range"), f.Timezone("timezone")
		if err := f.Finish(); err != nil {
			return insight.Query{}, err
		}
		given = map[string]json.RawMessage{}
		if within != nil {
			given["range"] = within
		}
		if zone != "" {
			name, err := encode(zone)
			if err != nil {
				return insight.Query{}, fmt.Errorf("write the time zone of insight %s: %w", id, err)
			}
			given["timezone"] = name
		}
	}
	item, err := l.Insights.Get(ctx, id)
	if err != nil {
		return insight.Query{}, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(item.Content.Query, &fields); err != nil {
		return insight.Query{}, fmt.Errorf("read the query of insight %s: %w", id, err)
	}
	for name, value := range given {
		fields[name] = value
	}
	body, err := encode(fields)
	if err != nil {
		return insight.Query{}, fmt.Errorf("write the query of insight %s: %w", id, err)
	}
	q, err := insight.Parse(body)
	var bad *insight.Error
	if errors.As(err, &bad) {
		// The range fits no more, or the query is from another version.
		return insight.Query{}, bad.Within("query")
	}
	return q, err
}

// Find gives a saved insight's name and its query.
func (l *Library) Find(ctx context.Context, id string) (name string, q insight.Query, err error) {
	item, err := l.Insights.Get(ctx, id)
	if err != nil {
		return "", insight.Query{}, err
	}
	q, err = insight.Parse(item.Content.Query)
	var bad *insight.Error
	if errors.As(err, &bad) { // the query is from another version
		return item.Content.Name, insight.Query{}, bad.Within("query")
	}
	return item.Content.Name, q, err
}

// InUseError says that dashboards show an insight which is to be deleted.
type InUseError struct {
	// Dashboards are the names of those that do.
	Dashboards []string
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("the insight is on %d dashboards: %s", len(e.Dashboards), strings.Join(e.Dashboards, ", "))
}

// DeleteInsight removes an insight that no dashboard shows; else it gives an
// *InUseError. With force it takes the cards away that show it.
func (l *Library) DeleteInsight(ctx context.Context, id string, version int64, force bool, by string) error {
	item, err := l.Insights.Get(ctx, id)
	if err != nil {
		return err
	}
	if version != 0 && item.Version != version {
		return fmt.Errorf("delete the insight %s: version %d is given, it has %d: %w", id, version, item.Version, document.ErrStale)
	}
	dashboards, err := l.Dashboards.List(ctx, "")
	if err != nil {
		return err
	}
	var using []Item[Dashboard]
	for _, d := range dashboards {
		if d.Content.shows(id) {
			using = append(using, d)
		}
	}
	if len(using) > 0 && !force {
		e := &InUseError{}
		for _, d := range using {
			e.Dashboards = append(e.Dashboards, d.Content.Name)
		}
		return e
	}
	// The cards go first: should this end halfway, no card shows what is gone.
	for _, d := range using {
		_, err := l.Dashboards.change(ctx, d.ID, 0, by, func(before Dashboard) (Dashboard, error) {
			return before.without(id), nil
		})
		// Who deletes the dashboard meanwhile takes its cards away as well.
		if err != nil && !errors.Is(err, document.ErrNotFound) {
			return err
		}
	}
	return l.Insights.Delete(ctx, id, version)
}
