package dataloaf

import (
	"fmt"
	"io"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Message is an Event, a User or an Update (not a pointer to one).
type Message interface {
	// encode completes the message with its id and its time, checks it, and
	// gives it with its JSON item.
	encode(s stamp) (encoded, error)
}

// stamp is what a message takes from the moment of its call.
type stamp struct {
	now time.Time
	// random makes ids.
	random io.Reader
}

// encoded is a message ready to be sent.
type encoded struct {
	lane    lane
	message Message
	json    []byte
}

// Event is something that happened. Only Event is needed.
type Event struct {
	// Event is the event's name, 1 to 200 characters.
	Event string
	// EventID is a UUID; the client makes one of version 7 when it is empty.
	EventID string
	// UserID is who did it, up to 256 bytes; empty for an event without a user.
	UserID string
	// Timestamp is when; zero means now.
	Timestamp time.Time
	// Properties encodes to a JSON object of at most 32 KiB: a map, a struct,
	// or a json.RawMessage.
	Properties any
	// Tag comes back in the Result and is sent nowhere.
	Tag any
}

// User is a user that is new.
type User struct {
	// UserID is the id by which your application knows the user.
	UserID string
	// CreatedAt is when the user was created; zero means now.
	CreatedAt time.Time
	// Attributes encodes to a JSON object of at most 32 KiB.
	Attributes any
	// Tag comes back in the Result and is sent nowhere.
	Tag any
}

// Update changes attributes of a user. It may come in any order: of two writes
// to one attribute the one with the later UpdatedAt stays.
type Update struct {
	UserID string
	// Attributes encodes to a JSON object; a null removes the attribute.
	Attributes any
	// UpdatedAt is when they changed; zero means now.
	UpdatedAt time.Time
	// Tag comes back in the Result and is sent nowhere.
	Tag any
}

// lane is one of the three calls of the API; a batch belongs to one.
type lane int

const (
	eventLane lane = iota
	userLane
	updateLane
	lanes
)

func (l lane) method() string {
	if l == updateLane {
		return "PATCH"
	}
	return "POST"
}

func (l lane) path() string {
	if l == eventLane {
		return "/v1/events"
	}
	return "/v1/users"
}

// head opens the body; the items and "]}" follow.
func (l lane) head() string {
	if l == eventLane {
		return `{"events":[`
	}
	return `{"users":[`
}

func (e Event) encode(s stamp) (encoded, error) {
	if e.EventID == "" {
		id, err := wire.NewUUIDv7(s.now, s.random)
		if err != nil {
			return encoded{}, fmt.Errorf("dataloaf: %w", err)
		}
		e.EventID = id
	}
	if e.Timestamp.IsZero() {
		e.Timestamp = s.now
	}
	raw, err := item("timestamp", e.Timestamp, "properties", e.Properties,
		field{"event_id", e.EventID}, field{"event", e.Event}, field{"user_id", e.UserID})
	if err != nil {
		return encoded{}, fmt.Errorf("dataloaf: event not enqueued: %w", err)
	}
	checked, err := wire.ParseEvent(raw, s.now, nil)
	if err != nil {
		return encoded{}, fmt.Errorf("dataloaf: event not enqueued: %w", err)
	}
	return encoded{eventLane, e, checked.AppendItem(make([]byte, 0, len(raw)))}, nil
}

func (u User) encode(s stamp) (encoded, error) {
	if u.CreatedAt.IsZero() {
		u.CreatedAt = s.now
	}
	raw, err := item("created_at", u.CreatedAt, "attributes", u.Attributes, field{"user_id", u.UserID})
	if err != nil {
		return encoded{}, fmt.Errorf("dataloaf: user not enqueued: %w", err)
	}
	checked, err := wire.ParseNewUser(raw, s.now)
	if err != nil {
		return encoded{}, fmt.Errorf("dataloaf: user not enqueued: %w", err)
	}
	return encoded{userLane, u, checked.AppendItem(make([]byte, 0, len(raw)))}, nil
}

func (u Update) encode(s stamp) (encoded, error) {
	if u.UpdatedAt.IsZero() {
		u.UpdatedAt = s.now
	}
	raw, err := item("updated_at", u.UpdatedAt, "attributes", u.Attributes, field{"user_id", u.UserID})
	if err != nil {
		return encoded{}, fmt.Errorf("dataloaf: update not enqueued: %w", err)
	}
	checked, err := wire.ParseUserUpdate(raw, s.now)
	if err != nil {
		return encoded{}, fmt.Errorf("dataloaf: update not enqueued: %w", err)
	}
	return encoded{updateLane, u, checked.AppendItem(make([]byte, 0, len(raw)))}, nil
}

// field is a string field, left out when it is empty.
type field struct{ name, value string }

// item is a message as JSON, which package wire then checks and compacts.
func item(timeName string, at time.Time, objectName string, object any, fields ...field) ([]byte, error) {
	out := make([]byte, 0, 512)
	out = append(out, '{')
	for _, f := range fields {
		if f.value != "" {
			out = append(wire.AppendString(append(wire.AppendString(out, f.name), ':'), f.value), ',')
		}
	}
	if object != nil {
		var err error
		out = append(wire.AppendString(out, objectName), ':')
		if out, err = (objectWriter{objectName}).append(out, object, 1); err != nil {
			return nil, err
		}
		out = append(out, ',')
	}
	out = append(wire.AppendString(out, timeName), ':', '"')
	out = at.UTC().AppendFormat(out, wire.TimeFormat)
	return append(out, '"', '}'), nil
}
