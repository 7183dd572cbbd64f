package wire

import (
	"encoding/json"
	"errors"
	"time"
)

// AppendRecord appends the event as a raw record: one JSON object without a
// newline, its fields always in the same order.
func (e Event) AppendRecord(dst []byte, receivedAt time.Time) []byte {
	dst = append(append(append(dst, `{"event_id":"`...), e.EventID...), `","event":`...)
	dst = appendString(dst, e.Event)
	if e.UserID != nil {
		dst = appendString(append(dst, `,"user_id":`...), *e.UserID)
	}
	dst = appendTime(append(dst, `,"timestamp":`...), e.Timestamp)
	dst = append(append(dst, `,"properties":`...), e.Properties...)
	return appendReceived(dst, receivedAt)
}

// AppendRecord appends the user as a raw record, as Event's does.
func (u NewUser) AppendRecord(dst []byte, receivedAt time.Time) []byte {
	dst = appendString(append(dst, `{"user_id":`...), u.UserID)
	dst = appendTime(append(dst, `,"created_at":`...), u.CreatedAt)
	dst = append(append(dst, `,"attributes":`...), u.Attributes...)
	return appendReceived(dst, receivedAt)
}

// AppendRecord appends the update as a raw record, as Event's does.
func (u UserUpdate) AppendRecord(dst []byte, receivedAt time.Time) []byte {
	dst = appendString(append(dst, `{"user_id":`...), u.UserID)
	dst = append(append(dst, `,"attributes":`...), u.Attributes...)
	dst = appendTime(append(dst, `,"updated_at":`...), u.UpdatedAt)
	return appendReceived(dst, receivedAt)
}

func appendReceived(dst []byte, at time.Time) []byte {
	return append(appendTime(append(dst, `,"received_at":`...), at), '}')
}

func appendTime(dst []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(dst, '"'), TimeFormat), '"')
}

// ParseEventRecord reads a raw record of an event and when it arrived. It is
// as strict as the API: what collection wrote it takes, and nothing else.
func ParseEventRecord(line []byte) (Event, time.Time, error) {
	var receivedAt time.Time
	e, err := parseRecord(line, &receivedAt, parseEvent)
	return e, receivedAt, err
}

// ParseUserRecord reads a raw record of a posted user, as ParseEventRecord
// does.
func ParseUserRecord(line []byte) (NewUser, error) {
	var receivedAt time.Time
	return parseRecord(line, &receivedAt, parseNewUser)
}

// ParseUpdateRecord reads a raw record of a user update, as ParseEventRecord
// does.
func ParseUpdateRecord(line []byte) (UserUpdate, error) {
	var receivedAt time.Time
	return parseRecord(line, &receivedAt, parseUpdate)
}

func parseRecord[T any](line []byte, receivedAt *time.Time, parse func([]byte, itemRules) (T, *ItemError)) (T, error) {
	var none T
	if !json.Valid(line) {
		return none, errors.New("the record is not JSON")
	}
	item, failed := parse(line[space(line, 0):], itemRules{receivedAt: receivedAt})
	if failed != nil {
		return none, failed
	}
	if receivedAt.IsZero() {
		return none, errors.New("the record has no received_at")
	}
	return item, nil
}
