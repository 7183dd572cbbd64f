// Package wire is the envelope between a DataLoaf SDK and the collection API:
// what a body looks like, its limits, and how each item is checked. The SDK and
// the collection API use the same rules, so that what one sends the other
// takes. It also defines the raw records, one JSON object a line, in which
// collected items lie until they are loaded.
//
// The package needs nothing beyond the standard library.
package wire

import (
	"encoding/json"
	"time"
)

// The limits of the collection API.
const (
	// MaxItems is how many items one body may hold.
	MaxItems = 500
	// MaxBodyBytes is how large a body may be once unpacked.
	MaxBodyBytes = 4 << 20
	// MaxPropertiesBytes bounds the compact JSON of an event's properties and
	// of a user's attributes.
	MaxPropertiesBytes = 32 << 10
	// MaxDepth is how deep properties and attributes may nest; the object
	// itself is the first level.
	MaxDepth = 8
	// MaxKeyChars bounds every key in properties and attributes, in characters.
	MaxKeyChars = 200
	// MaxEventChars bounds an event's name, in characters.
	MaxEventChars = 200
	// MaxUserIDBytes bounds a user id, in bytes of UTF-8.
	MaxUserIDBytes = 256
	// MaxFuture is how far ahead of its arrival a timestamp may lie.
	MaxFuture = 24 * time.Hour
)

// TimeFormat is how raw records write times: UTC, to the microsecond.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Event is a valid event.
type Event struct {
	// EventID is a UUID in lower case.
	EventID string
	// Event is the event's name.
	Event string
	// UserID is nil for an event without a user.
	UserID *string
	// Timestamp is UTC, to the microsecond.
	Timestamp time.Time
	// Properties is a compact JSON object.
	Properties json.RawMessage
}

// NewUser is a valid posted user.
type NewUser struct {
	UserID string
	// CreatedAt is UTC, to the microsecond.
	CreatedAt time.Time
	// Attributes is a compact JSON object.
	Attributes json.RawMessage
}

// UserUpdate is a valid user update; an attribute that is null is removed.
type UserUpdate struct {
	UserID string
	// Attributes is a compact JSON object.
	Attributes json.RawMessage
	// UpdatedAt is UTC, to the microsecond.
	UpdatedAt time.Time
}

// Indexed is an item with its place in the body.
type Indexed[T any] struct {
	Index int
	Item  T
}

// Answer is what the collection API says to a body that it read.
type Answer struct {
	Accepted int         `json:"accepted"`
	Rejected []Rejection `json:"rejected"`
}

// Rejection is one item that was not accepted, and why.
type Rejection struct {
	// Index is the item's place in the body, from 0.
	Index   int    `json:"index"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
}
