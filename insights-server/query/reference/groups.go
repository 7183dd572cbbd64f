package reference

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// member tells which texts a group of a breakdown has; nil is not set.
type member struct {
	text *string
	key  string
	has  func(*string) bool
}

func (m member) only(r *Reference, q insight.Query, events []placed) []placed {
	var out []placed
	for _, p := range events {
		if q.Breakdown == nil || m.has(textOf(property(q.Breakdown.Scope, q.Breakdown.Property, p.event, r.data))) {
			out = append(out, p)
		}
	}
	return out
}

// groups finds the groups of a series' events; one of all without a breakdown.
func (r *Reference) groups(q insight.Query, events []placed) []member {
	if q.Breakdown == nil {
		return []member{{}}
	}
	var texts []*string
	for _, p := range events {
		texts = append(texts, textOf(property(q.Breakdown.Scope, q.Breakdown.Property, p.event, r.data)))
	}
	return members(texts, q.Breakdown.Limit)
}

// members ranks texts by how often each is there.
func members(texts []*string, limit int) []member {
	counts := map[string]int{}
	null := false
	for _, t := range texts {
		if t == nil {
			null = true
			continue
		}
		counts[*t]++
	}
	var ranked []string
	for t := range counts {
		ranked = append(ranked, t)
	}
	slices.SortFunc(ranked, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return slices.Compare([]rune(a), []rune(b))
	})
	var out []member
	named := map[string]bool{}
	for _, t := range ranked[:min(limit, len(ranked))] {
		named[t] = true
		out = append(out, member{&t, "=" + t, func(s *string) bool { return s != nil && *s == t }})
	}
	if len(ranked) > limit {
		other := "$other"
		out = append(out, member{&other, restKey, func(s *string) bool { return s != nil && !named[*s] }})
	}
	if null {
		out = append(out, member{nil, "null", func(s *string) bool { return s == nil }})
	}
	return out
}

func property(scope insight.Scope, name string, e Event, data Data) any {
	switch {
	case scope == insight.ScopeEvent:
		return e.Properties[name]
	case e.User != nil:
		return data.Users[*e.User][name]
	default:
		return nil
	}
}

var paddedExponent = regexp.MustCompile(`e([+-])0(\d)$`)

// textOf is the text of a value's group; nil when it is not set.
func textOf(value any) *string {
	if value == nil {
		return nil
	}
	text, ok := value.(string)
	if !ok {
		text = compact(value)
	}
	return &text
}

// compact writes JSON without spaces, names sorted, numbers in their shortest
// form.
func compact(value any) string {
	switch v := value.(type) {
	case map[string]any:
		var names, parts []string
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			parts = append(parts, compact(name)+":"+compact(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, compact(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	if number, ok := double(value); ok {
		value = number + 0
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err)
	}
	text := strings.TrimSpace(b.String())
	if _, isNumber := value.(float64); isNumber {
		text = paddedExponent.ReplaceAllString(text, "e$1$2")
	}
	return text
}
