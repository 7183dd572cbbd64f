package definition

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// Event is an event name that was seen, or defined, or both.
type Event struct {
	Name string `json:"name"`
	// Seen is false for a name that is defined and has never come.
	Seen bool `json:"seen"`
	// Count is the number of all events, and CountInRange of those in a range.
	Count        int64 `json:"count"`
	CountInRange int64 `json:"count_in_range"`
	// FirstSeen and LastSeen are nil for what was never seen.
	FirstSeen *time.Time `json:"first_seen"`
	LastSeen  *time.Time `json:"last_seen"`
	// Alike are other names that may be of the same event; see Alike.
	Alike []string `json:"alike"`
	// Definition is nil for what nobody has defined.
	Definition *saved.Item[saved.EventDefinition] `json:"definition"`
}

// Events puts the seen names first, in their order, then those that are only
// defined, by name.
func Events(seen []query.EventVolume, defined []saved.Item[saved.EventDefinition]) []Event {
	byName := map[string]*saved.Item[saved.EventDefinition]{}
	for i := range defined {
		keepOldest(byName, defined[i].Content.Name, &defined[i])
	}
	events := make([]Event, 0, len(seen))
	for _, v := range seen {
		events = append(events, Event{
			Name: v.Name, Seen: true, Count: v.Count, CountInRange: v.InRange,
			FirstSeen: &v.FirstSeen, LastSeen: &v.LastSeen, Definition: byName[v.Name],
		})
		delete(byName, v.Name)
	}
	for _, name := range sorted(byName) {
		events = append(events, Event{Name: name, Definition: byName[name]})
	}
	alike := Alike(namesOf(events, func(e Event) string { return e.Name }))
	for i := range events {
		events[i].Alike = none(alike[events[i].Name])
	}
	return events
}

// Property is a property of events, or an attribute of users, that was seen, or
// defined, or both.
type Property struct {
	Name string `json:"name"`
	// Seen is false for a name that is defined and has never come.
	Seen bool `json:"seen"`
	// Count is how many events, or users, have it.
	Count int64 `json:"count"`
	// Types are the JSON types of its values, the commonest first; MixedTypes
	// says that there are several.
	Types      []query.TypeCount `json:"types"`
	MixedTypes bool              `json:"mixed_types"`
	// Sample is one of its values; nil where none was at hand, and of what looks
	// personal.
	Sample json.RawMessage `json:"sample"`
	// LooksPersonal says that the name sounds like personal data, and the reason
	// why; see LooksPersonal.
	LooksPersonal  bool    `json:"looks_personal"`
	PersonalReason *string `json:"personal_reason"`
	// Alike are other names that may be of the same property; see Alike.
	Alike []string `json:"alike"`
	// Definition is nil for what nobody has defined.
	Definition *saved.Item[saved.PropertyDefinition] `json:"definition"`
}

// Properties puts the seen names first, in their order, then those that are only
// defined, by name. The definitions are of one scope.
func Properties(seen []query.SeenProperty, defined []saved.Item[saved.PropertyDefinition]) []Property {
	byName := map[string]*saved.Item[saved.PropertyDefinition]{}
	for i := range defined {
		keepOldest(byName, defined[i].Content.Name, &defined[i])
	}
	properties := make([]Property, 0, len(seen))
	for _, s := range seen {
		properties = append(properties, Property{
			Name: s.Name, Seen: true, Count: s.Count, Types: s.Types, MixedTypes: len(s.Types) > 1,
			Sample: s.Sample, Definition: byName[s.Name],
		})
		delete(byName, s.Name)
	}
	for _, name := range sorted(byName) {
		properties = append(properties, Property{Name: name, Definition: byName[name]})
	}
	alike := Alike(namesOf(properties, func(p Property) string { return p.Name }))
	for i := range properties {
		p := &properties[i]
		p.Alike, p.Types = none(alike[p.Name]), none(p.Types)
		if reason, ok := LooksPersonal(p.Name, namesOf(p.Types, func(t query.TypeCount) string { return t.Type })); ok {
			p.LooksPersonal, p.PersonalReason, p.Sample = true, &reason, nil
		}
	}
	return properties
}

// Hidden are the names that their definitions hide.
func Hidden[C any](defined []saved.Item[C], of func(C) saved.Definition) map[string]bool {
	first := map[string]*saved.Item[C]{}
	for i := range defined {
		keepOldest(first, of(defined[i].Content).Name, &defined[i])
	}
	hidden := map[string]bool{}
	for name, item := range first {
		if of(item.Content).Hidden {
			hidden[name] = true
		}
	}
	return hidden
}

// keepOldest keeps the older of two definitions of one name, which two servers
// can make at the same instant.
func keepOldest[C any](byName map[string]*saved.Item[C], name string, item *saved.Item[C]) {
	if kept := byName[name]; kept == nil || item.CreatedAt.Before(kept.CreatedAt) ||
		item.CreatedAt.Equal(kept.CreatedAt) && item.ID < kept.ID {
		byName[name] = item
	}
}

func sorted[V any](byName map[string]V) []string {
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

func namesOf[T any](items []T, name func(T) string) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = name(item)
	}
	return names
}

// none makes sure that an empty list is [] in JSON and not null.
func none[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
