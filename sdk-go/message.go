package dataloaf

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Message is an Event, a User or an Update.
type Message interface {
	// encode checks the message and gives its route and its JSON item.
	encode(now time.Time) (lane, []byte, error)
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

func (e Event) encode(now time.Time) (lane, []byte, error) {
	if e.EventID == "" {
		id, err := wire.NewUUIDv7(now, rand.Reader)
		if err != nil {
			return 0, nil, fmt.Errorf("dataloaf: %w", err)
		}
		e.EventID = id
	}
	raw, err := item(now, e.Timestamp, "timestamp", "properties", e.Properties,
		field{"event_id", e.EventID}, field{"event", e.Event}, field{"user_id", e.UserID})
	if err != nil {
		return 0, nil, err
	}
	checked, err := wire.ParseEvent(raw, now, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("dataloaf: event not enqueued: %w", err)
	}
	return eventLane, checked.AppendItem(nil), nil
}

func (u User) encode(now time.Time) (lane, []byte, error) {
	raw, err := item(now, u.CreatedAt, "created_at", "attributes", u.Attributes, field{"user_id", u.UserID})
	if err != nil {
		return 0, nil, err
	}
	checked, err := wire.ParseNewUser(raw, now)
	if err != nil {
		return 0, nil, fmt.Errorf("dataloaf: user not enqueued: %w", err)
	}
	return userLane, checked.AppendItem(nil), nil
}

func (u Update) encode(now time.Time) (lane, []byte, error) {
	raw, err := item(now, u.UpdatedAt, "updated_at", "attributes", u.Attributes, field{"user_id", u.UserID})
	if err != nil {
		return 0, nil, err
	}
	checked, err := wire.ParseUserUpdate(raw, now)
	if err != nil {
		return 0, nil, fmt.Errorf("dataloaf: update not enqueued: %w", err)
	}
	return updateLane, checked.AppendItem(nil), nil
}

// field is a string field, left out when it is empty.
type field struct{ name, value string }

// item is a message as JSON, which package wire then checks. It is written by
// hand because encoding/json would replace broken UTF-8 without a word.
func item(now, at time.Time, timeName, objectName string, object any, fields ...field) ([]byte, error) {
	if at.IsZero() {
		at = now
	}
	out := make([]byte, 0, 512)
	out = append(out, '{')
	for _, f := range fields {
		if f.value != "" {
			out = append(wire.AppendString(append(wire.AppendString(out, f.name), ':'), f.value), ',')
		}
	}
	if object != nil {
		text, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("dataloaf: %s cannot be written as JSON: %w", objectName, err)
		}
		out = append(append(append(wire.AppendString(out, objectName), ':'), text...), ',')
	}
	out = append(wire.AppendString(out, timeName), ':', '"')
	out = at.UTC().AppendFormat(out, wire.TimeFormat)
	return append(out, '"', '}'), nil
}
