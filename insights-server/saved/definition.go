package saved

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// ErrDefined says that an event or a property has a definition already.
var ErrDefined = errors.New("there is a definition of this name")

// Definition is what people say of a name that events, properties or attributes
// go by. No query reads it: what is hidden is counted as before.
type Definition struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Hidden keeps the name out of what is suggested.
	Hidden bool `json:"hidden"`
	// Verified says that somebody has seen to it that the name means what its
	// description says; who did and when are nil where nobody has.
	Verified   bool       `json:"verified"`
	VerifiedAt *time.Time `json:"verified_at"`
	VerifiedBy *string    `json:"verified_by"`
}

// EventDefinition defines an event.
type EventDefinition struct{ Definition }

// PropertyDefinition defines a property of events, or an attribute of users.
type PropertyDefinition struct {
	Scope insight.Scope `json:"scope"`
	Definition
}

func readDefinition(f *insight.Form) Definition {
	return Definition{
		Name: f.Name("name", MaxName), Description: f.Text("description", 0, MaxDescription),
		Hidden: f.Flag("hidden", false), Verified: f.Flag("verified", false),
	}
}

func readEventDefinition(f *insight.Form) EventDefinition {
	d := EventDefinition{readDefinition(f)}
	if d.Name == insight.AnyEvent {
		f.Fail("name", insight.CodeNotAllowed, `"*" stands for all events. Give the name of one.`)
	}
	return d
}

func readPropertyDefinition(f *insight.Form) PropertyDefinition {
	scope := f.Word("scope", string(insight.ScopeEvent), string(insight.ScopeUser))
	return PropertyDefinition{insight.Scope(scope), readDefinition(f)}
}

// verify says who has verified it and when: whoever says so first, until
// somebody takes it back.
func (d *Definition) verify(before *Definition, by string, at time.Time) {
	d.VerifiedAt, d.VerifiedBy = nil, nil
	switch {
	case !d.Verified:
	case before != nil && before.Verified:
		d.VerifiedAt, d.VerifiedBy = before.VerifiedAt, before.VerifiedBy
	default:
		at = at.UTC().Truncate(time.Microsecond)
		d.VerifiedAt, d.VerifiedBy = &at, &by
	}
}

// definitions is a collection of definitions, one a name and scope. of takes the
// definition out of the content; the scope is "" where there is but one.
func definitions[C any](documents Documents, kind document.Kind, read func(*insight.Form) C, of func(*C) (*Definition, insight.Scope), now func() time.Time) *Collection[C] {
	return &Collection[C]{
		documents: documents, kind: kind, read: read,
		name: func(c *C) *string { d, _ := of(c); return &d.Name },
		only: func(c *C) string { d, scope := of(c); return string(scope) + " " + d.Name },
		check: func(_ context.Context, c C, before *C) error {
			if before == nil {
				return nil
			}
			d, scope := of(&c)
			b, scopeBefore := of(before)
			field := "name"
			switch {
			case scope != scopeBefore:
				field = "scope"
			case d.Name == b.Name:
				return nil
			}
			return &insight.Error{
				Code: insight.CodeNotAllowed, Field: field,
				Message: fmt.Sprintf("This is the definition of %q and stays it. Make another one for another name.", b.Name),
			}
		},
		settle: func(c, before *C, by string) {
			d, _ := of(c)
			var b *Definition
			if before != nil {
				b, _ = of(before)
			}
			d.verify(b, by, now())
		},
	}
}

func eventDefinitionOf(d *EventDefinition) (*Definition, insight.Scope) { return &d.Definition, "" }

func propertyDefinitionOf(d *PropertyDefinition) (*Definition, insight.Scope) {
	return &d.Definition, d.Scope
}
