package dataloaf

import (
	"time"
)

// Message is an Event, a User or an Update (not a pointer to one).
type Message interface {
	lane() lane
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
	// or a json.RawMessage. A map[string]any is the fastest.
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
	// UserID is the id by which your application knows the user.
	UserID string
	// Attributes encodes to a JSON object; a null removes the attribute.
	Attributes any
	// UpdatedAt is when they changed; zero means now.
	UpdatedAt time.Time
	// Tag comes back in the Result and is sent nowhere.
	Tag any
}

// lane is one of the three calls of the API; a batch belongs to one.
type lane uint8

const (
	eventLane lane = iota
	userLane
	updateLane
	lanes
)

func (Event) lane() lane  { return eventLane }
func (User) lane() lane   { return userLane }
func (Update) lane() lane { return updateLane }

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

// head opens the body; the items and tail follow.
func (l lane) head() string {
	if l == eventLane {
		return `{"events":[`
	}
	return `{"users":[`
}

// tail closes the body.
const tail = "]}"
