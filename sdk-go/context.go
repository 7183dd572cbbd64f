package dataloaf

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// contextKey is the key of what a context carries.
type contextKey struct{}

// carried is what a context carries for events. It is never changed.
type carried struct {
	userID     string
	properties map[string]any
}

func carriedBy(ctx context.Context) carried {
	c, _ := ctx.Value(contextKey{}).(carried)
	return c
}

// WithProperties gives a context whose events have these properties, beside
// those of the contexts it comes from. Of two with one name the later stays, and
// an event's own stays before all. The map is copied.
func WithProperties(ctx context.Context, properties map[string]any) context.Context {
	c := carriedBy(ctx)
	merged := make(map[string]any, len(c.properties)+len(properties))
	maps.Copy(merged, c.properties)
	maps.Copy(merged, properties)
	c.properties = merged
	return context.WithValue(ctx, contextKey{}, c)
}

// WithUserID gives a context whose events are this user's, unless they name
// another.
func WithUserID(ctx context.Context, userID string) context.Context {
	c := carriedBy(ctx)
	c.userID = userID
	return context.WithValue(ctx, contextKey{}, c)
}

// TrackContext is Track with what the context carries: see WithProperties and
// WithUserID. It does not wait, and that the context has ended does not matter:
// what happened, happened.
func (c *Client) TrackContext(ctx context.Context, e Event) error {
	carried := carriedBy(ctx)
	if e.UserID == "" {
		e.UserID = carried.userID
	}
	if len(carried.properties) > 0 {
		properties, err := merge(carried.properties, e.Properties)
		if err != nil {
			c.invalid.Add(1)
			return err
		}
		e.Properties = properties
	}
	return c.Track(e)
}

// merge puts an event's own properties over those that a context carries.
func merge(carried map[string]any, own any) (any, error) {
	merged := maps.Clone(carried)
	switch own := own.(type) {
	case nil:
	case map[string]any:
		maps.Copy(merged, own)
	case map[string]string:
		for name, value := range own {
			merged[name] = value
		}
	default:
		text, err := (objectWriter{"properties"}).append(nil, own, 1)
		if err != nil {
			return nil, fmt.Errorf("dataloaf: event not enqueued: %w", err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, fmt.Errorf("dataloaf: event not enqueued: %w", &wire.ItemError{Code: wire.CodePropertiesInvalid, Field: "properties", Message: "properties must be a JSON object"})
		}
		for name, value := range members {
			merged[name] = value
		}
	}
	return merged, nil
}

// ContextProperties gives a copy of the properties that a context carries.
func ContextProperties(ctx context.Context) map[string]any {
	return maps.Clone(carriedBy(ctx).properties)
}

// ContextUserID gives the user that a context carries, or "".
func ContextUserID(ctx context.Context) string { return carriedBy(ctx).userID }
