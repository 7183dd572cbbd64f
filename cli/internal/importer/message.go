package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// The kinds of lines.
const (
	// Auto tells by the line.
	Auto    = "auto"
	Events  = "events"
	Users   = "users"
	Updates = "updates"
)

// place is where a line is.
type place struct {
	file string
	line int
}

// codeKindUnknown is the reason for a line that could be anything.
const codeKindUnknown wire.Code = "kind_unknown"

// message makes an SDK message of a line. Errors are *wire.ItemError, by the
// very rules of the API, so that a line is refused here as it would be there.
func message(line []byte, kind string, at place, now time.Time, newID func() string) (dataloaf.Message, error) {
	kind, err := recognise(line, kind)
	if err != nil {
		return nil, err
	}
	switch kind {
	case Events:
		e, err := wire.ParseEvent(line, now, newID)
		if err != nil {
			return nil, err
		}
		out := dataloaf.Event{Event: e.Event, EventID: e.EventID, Timestamp: e.Timestamp, Properties: e.Properties, Tag: at}
		if e.UserID != nil {
			out.UserID = *e.UserID
		}
		return out, nil
	case Users:
		u, err := wire.ParseNewUser(line, now)
		if err != nil {
			return nil, err
		}
		return dataloaf.User{UserID: u.UserID, CreatedAt: u.CreatedAt, Attributes: u.Attributes, Tag: at}, nil
	default:
		u, err := wire.ParseUserUpdate(line, now)
		if err != nil {
			return nil, err
		}
		return dataloaf.Update{UserID: u.UserID, Attributes: u.Attributes, UpdatedAt: u.UpdatedAt, Tag: at}, nil
	}
}

// recognise checks that a line is one JSON object and tells what it describes.
func recognise(line []byte, kind string) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil || fields == nil {
		return "", notAnObject(line, err)
	}
	if kind != Auto {
		return kind, nil
	}
	for _, sign := range []struct{ field, kind string }{
		{"event", Events},
		{"updated_at", Updates},
		{"created_at", Users},
		{"attributes", Users},
		{"event_id", Events},
		{"timestamp", Events},
		{"properties", Events},
	} {
		if _, ok := fields[sign.field]; ok {
			return sign.kind, nil
		}
	}
	return "", &wire.ItemError{Code: codeKindUnknown, Message: "the line has neither an event's fields (event) nor a user's (attributes, created_at, updated_at); --kind says what it is"}
}

func notAnObject(line []byte, err error) error {
	out := &wire.ItemError{Code: wire.CodeItemInvalid, Message: "the line is not a JSON object"}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		out = &wire.ItemError{Code: wire.CodeInvalidJSON, Message: fmt.Sprintf("the line is not JSON: %v at byte %d", syntax, syntax.Offset)}
	}
	if bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")) {
		out.Message += "; a file has one object a line, and no array around them"
	}
	return out
}

// placeOf is where a message came from.
func placeOf(m dataloaf.Message) place {
	var tag any
	switch m := m.(type) {
	case dataloaf.Event:
		tag = m.Tag
	case dataloaf.User:
		tag = m.Tag
	case dataloaf.Update:
		tag = m.Tag
	}
	at, _ := tag.(place) // every message is made with one
	return at
}
