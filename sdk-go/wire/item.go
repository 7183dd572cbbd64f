package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// itemRules are what differs between an item that arrives and a raw record
// that is read back.
type itemRules struct {
	// now is the arrival: what bounds timestamps and fills absent ones. Zero
	// for a raw record, which must have its times.
	now time.Time
	// newID makes the id of an event that has none; nil to require one.
	newID func() string
	// receivedAt, when set, takes the field received_at, which only raw records
	// have.
	receivedAt *time.Time
	// properties, when set, is called with the raw properties, which are not checked
	// yet; more than once when the field is repeated.
	properties func(raw []byte)
}

// fields calls set with the name and raw value of each field of the item that
// is not null, the last of a repeated one last.
func fields(raw []byte, what, known string, set func(name string, value []byte) (isKnown bool, err *ItemError)) (failed *ItemError) {
	if raw[0] != '{' {
		return &ItemError{Code: CodeItemInvalid, Message: fmt.Sprintf("the %s is not a JSON object; send an object with %s", what, known)}
	}
	members(raw, 0, func(key, value []byte) bool {
		if _, f := checkString(key); f != sound {
			failed = textError("a field's name", f)
			return false
		}
		name := fieldName(key)
		if value[0] == 'n' {
			value = nil
		}
		isKnown, err := set(name, value)
		if failed = err; failed == nil && !isKnown {
			failed = &ItemError{Code: CodeUnknownField, Field: name, Message: fmt.Sprintf("unknown field %.200q; the %s has %s", name, what, known)}
		}
		return failed == nil
	})
	return failed
}

// fieldName is unquote for a field's name; the known ones need no memory.
func fieldName(raw []byte) string {
	switch name := raw[1 : len(raw)-1]; string(name) {
	case "event_id":
		return "event_id"
	case "event":
		return "event"
	case "user_id":
		return "user_id"
	case "timestamp":
		return "timestamp"
	case "properties":
		return "properties"
	case "attributes":
		return "attributes"
	case "created_at":
		return "created_at"
	case "updated_at":
		return "updated_at"
	case "received_at":
		return "received_at"
	default:
		return unquote(raw)
	}
}

func textError(field string, f fault) *ItemError {
	if f == nulCharacter {
		return &ItemError{Code: CodeNULCharacter, Field: field, Message: field + " holds a NUL character; remove it"}
	}
	return &ItemError{Code: CodeInvalidUTF8, Field: field, Message: field + " is not valid UTF-8; encode the text as UTF-8"}
}

const (
	eventFields  = "event_id, event, user_id, timestamp and properties"
	userFields   = "user_id, created_at and attributes"
	updateFields = "user_id, attributes and updated_at"
)

func parseEvent(raw []byte, rules itemRules) (Event, *ItemError) {
	var id, name, user, at, properties []byte
	err := fields(raw, "event", eventFields, func(field string, value []byte) (bool, *ItemError) {
		switch field {
		case "event_id":
			id = value
		case "event":
			name = value
		case "user_id":
			user = value
		case "timestamp":
			at = value
		case "properties":
			properties = value
			if rules.properties != nil && value != nil {
				rules.properties(value)
			}
		default:
			return rules.extra(field, value)
		}
		return true, nil
	})
	if err != nil {
		return Event{}, err
	}
	var e Event
	if e.EventID, err = eventID(id); err != nil {
		return Event{}, err
	}
	if e.Event, err = eventName(name); err != nil {
		return Event{}, err
	}
	if user != nil {
		userID, err := userID(user)
		if err != nil {
			return Event{}, err
		}
		e.UserID = &userID
	}
	if err := rules.identify(&e, at); err != nil {
		return Event{}, err
	}
	if e.Properties, err = object("properties", properties); err != nil {
		return Event{}, err
	}
	return e, nil
}

// ParseEvent checks one item of a body of events by the rules of DecodeEvents.
// The error is an *ItemError.
func ParseEvent(raw []byte, now time.Time, newID func() string) (Event, error) {
	return parseItem(raw, itemRules{now: now, newID: newID}, parseEvent)
}

// ParseNewUser checks one item of a body of users, as ParseEvent does.
func ParseNewUser(raw []byte, now time.Time) (NewUser, error) {
	return parseItem(raw, itemRules{now: now}, parseNewUser)
}

// ParseUserUpdate checks one item of a body of updates, as ParseEvent does.
func ParseUserUpdate(raw []byte, now time.Time) (UserUpdate, error) {
	return parseItem(raw, itemRules{now: now}, parseUpdate)
}

func parseItem[T any](raw []byte, rules itemRules, parse func([]byte, itemRules) (T, *ItemError)) (T, error) {
	var none T
	if !valid(raw) {
		return none, &ItemError{Code: CodeItemInvalid, Message: "the item is not JSON"}
	}
	item, err := parse(raw[space(raw, 0):], rules)
	if err != nil {
		return none, err
	}
	return item, nil
}

// identify fills the event's id and timestamp, either of which may be absent.
func (r itemRules) identify(e *Event, at []byte) (err *ItemError) {
	switch {
	case at != nil:
		e.Timestamp, err = r.timestamp("timestamp", at)
	case e.EventID == "" && r.newID != nil:
		e.Timestamp = r.now.UTC().Truncate(time.Microsecond)
	case r.receivedAt != nil:
		return &ItemError{Code: CodeTimestampRequired, Field: "timestamp", Message: "timestamp is missing; a raw record has one"}
	case e.EventID != "" && e.EventID[14] == '7':
		e.Timestamp, err = r.inRange("timestamp", timeOfV7(e.EventID))
	default:
		return &ItemError{Code: CodeTimestampRequired, Field: "timestamp",
			Message: "timestamp is missing, and event_id is no UUID of version 7, which would give it; send the time of the event as RFC 3339, unchanged in a resend"}
	}
	if err != nil || e.EventID != "" {
		return err
	}
	if r.newID == nil {
		return &ItemError{Code: CodeEventIDInvalid, Field: "event_id", Message: "event_id is missing"}
	}
	e.EventID = r.newID()
	return nil
}

func parseNewUser(raw []byte, rules itemRules) (NewUser, *ItemError) {
	var u NewUser
	var err *ItemError
	u.UserID, u.CreatedAt, u.Attributes, err = parseUser(raw, "user", userFields, "created_at", rules)
	return u, err
}

func parseUpdate(raw []byte, rules itemRules) (UserUpdate, *ItemError) {
	var u UserUpdate
	var err *ItemError
	u.UserID, u.UpdatedAt, u.Attributes, err = parseUser(raw, "user update", updateFields, "updated_at", rules)
	return u, err
}

// parseUser reads what new users and updates share; they differ in the name of
// their time.
func parseUser(raw []byte, what, known, timeField string, rules itemRules) (id string, at time.Time, attributes json.RawMessage, err *ItemError) {
	var rawID, rawAt, rawAttributes []byte
	err = fields(raw, what, known, func(field string, value []byte) (bool, *ItemError) {
		switch field {
		case "user_id":
			rawID = value
		case timeField:
			rawAt = value
		case "attributes":
			rawAttributes = value
		default:
			return rules.extra(field, value)
		}
		return true, nil
	})
	if err != nil {
		return "", time.Time{}, nil, err
	}
	if rawID == nil {
		return "", time.Time{}, nil, &ItemError{Code: CodeUserIDRequired, Field: "user_id", Message: "user_id is missing; send the id by which your application knows the user"}
	}
	if id, err = userID(rawID); err != nil {
		return "", time.Time{}, nil, err
	}
	switch {
	case rawAt != nil:
		at, err = rules.timestamp(timeField, rawAt)
	case rules.now.IsZero():
		err = &ItemError{Code: CodeTimestampRequired, Field: timeField, Message: timeField + " is missing"}
	default:
		at = rules.now.UTC().Truncate(time.Microsecond)
	}
	if err != nil {
		return "", time.Time{}, nil, err
	}
	if attributes, err = object("attributes", rawAttributes); err != nil {
		return "", time.Time{}, nil, err
	}
	return id, at, attributes, nil
}

// extra takes received_at where raw records are read.
func (r itemRules) extra(field string, value []byte) (bool, *ItemError) {
	if r.receivedAt == nil || field != "received_at" {
		return false, nil
	}
	if value == nil {
		return true, nil
	}
	at, err := r.timestamp(field, value)
	*r.receivedAt = at
	return true, err
}

func eventID(raw []byte) (string, *ItemError) {
	if raw == nil {
		return "", nil
	}
	if raw[0] == '"' {
		if _, f := checkString(raw); f == sound {
			id := unquote(raw)
			if isUUID(id) {
				return id, nil
			}
			if id = strings.ToLower(id); isUUID(id) {
				return id, nil
			}
		}
	}
	return "", &ItemError{Code: CodeEventIDInvalid, Field: "event_id",
		Message: fmt.Sprintf("event_id %.60s is no UUID; send one such as 018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a, or leave it out", strings.ToValidUTF8(string(raw), "?"))}
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

func eventName(raw []byte) (string, *ItemError) {
	if raw == nil {
		return "", &ItemError{Code: CodeEventRequired, Field: "event", Message: "event is missing; send the event's name"}
	}
	if raw[0] != '"' {
		return "", &ItemError{Code: CodeEventInvalid, Field: "event", Message: "event must be a string, the event's name"}
	}
	chars, f := checkString(raw)
	switch {
	case f != sound:
		return "", textError("event", f)
	case chars == 0:
		return "", &ItemError{Code: CodeEventInvalid, Field: "event", Message: "event is empty; send the event's name"}
	case chars > MaxEventChars:
		return "", &ItemError{Code: CodeEventTooLong, Field: "event", Message: fmt.Sprintf("event has %d characters; a name has at most %d", chars, MaxEventChars)}
	}
	return unquote(raw), nil
}

func userID(raw []byte) (string, *ItemError) {
	if raw[0] != '"' {
		return "", &ItemError{Code: CodeUserIDInvalid, Field: "user_id", Message: "user_id must be a string; put a number in quotes"}
	}
	if _, f := checkString(raw); f != sound {
		return "", textError("user_id", f)
	}
	id := unquote(raw)
	switch {
	case id == "":
		return "", &ItemError{Code: CodeUserIDInvalid, Field: "user_id", Message: "user_id is empty; send the user's id (an event without a user has no user_id)"}
	case len(id) > MaxUserIDBytes:
		return "", &ItemError{Code: CodeUserIDTooLong, Field: "user_id", Message: fmt.Sprintf("user_id has %d bytes; an id has at most %d", len(id), MaxUserIDBytes)}
	}
	return id, nil
}

// object checks and compacts properties or attributes; an absent one is empty.
func object(field string, raw []byte) (json.RawMessage, *ItemError) {
	if raw == nil {
		return json.RawMessage("{}"), nil
	}
	invalid, tooLarge, tooDeep := CodePropertiesInvalid, CodePropertiesTooLarge, CodePropertiesTooDeep
	if field == "attributes" {
		invalid, tooLarge, tooDeep = CodeAttributesInvalid, CodeAttributesTooLarge, CodeAttributesTooDeep
	}
	if raw[0] != '{' {
		return nil, &ItemError{Code: invalid, Field: field, Message: field + " must be a JSON object"}
	}
	c := compactor{field: field, tooDeep: tooDeep, dst: make([]byte, 0, len(raw))}
	if err := c.value(raw, 1); err != nil {
		return nil, err
	}
	if len(c.dst) > MaxPropertiesBytes {
		return nil, &ItemError{Code: tooLarge, Field: field, Message: fmt.Sprintf("%s take %d bytes of JSON; at most %d are allowed", field, len(c.dst), MaxPropertiesBytes)}
	}
	return c.dst, nil
}
