package wire

import (
	"encoding/json"
	"time"
)

// AppendItem appends the event as an item of a request body: one JSON object,
// its fields always in the same order.
func (e Event) AppendItem(dst []byte) []byte { return append(e.appendFields(dst), '}') }

// AppendRecord appends the event as a raw record: the item with the time of its
// arrival, without a newline.
func (e Event) AppendRecord(dst []byte, receivedAt time.Time) []byte {
	return appendReceived(e.appendFields(dst), receivedAt)
}

func (e Event) appendFields(dst []byte) []byte {
	dst = append(append(append(dst, `{"event_id":"`...), e.EventID...), `","event":`...)
	dst = AppendString(dst, e.Event)
	if e.UserID != nil {
		dst = AppendString(append(dst, `,"user_id":`...), *e.UserID)
	}
	dst = AppendTime(append(dst, `,"timestamp":`...), e.Timestamp)
	return appendObject(append(dst, `,"properties":`...), e.Properties)
}

// AppendItem appends the user as an item of a request body.
func (u NewUser) AppendItem(dst []byte) []byte { return append(u.appendFields(dst), '}') }

// AppendRecord appends the user as a raw record, as Event's does.
func (u NewUser) AppendRecord(dst []byte, receivedAt time.Time) []byte {
	return appendReceived(u.appendFields(dst), receivedAt)
}

func (u NewUser) appendFields(dst []byte) []byte {
	dst = AppendString(append(dst, `{"user_id":`...), u.UserID)
	dst = AppendTime(append(dst, `,"created_at":`...), u.CreatedAt)
	return appendObject(append(dst, `,"attributes":`...), u.Attributes)
}

// AppendItem appends the update as an item of a request body.
func (u UserUpdate) AppendItem(dst []byte) []byte { return append(u.appendFields(dst), '}') }

// AppendRecord appends the update as a raw record, as Event's does.
func (u UserUpdate) AppendRecord(dst []byte, receivedAt time.Time) []byte {
	return appendReceived(u.appendFields(dst), receivedAt)
}

func (u UserUpdate) appendFields(dst []byte) []byte {
	dst = AppendString(append(dst, `{"user_id":`...), u.UserID)
	dst = appendObject(append(dst, `,"attributes":`...), u.Attributes)
	return AppendTime(append(dst, `,"updated_at":`...), u.UpdatedAt)
}

// appendObject writes a value made by hand, without properties, as an empty
// object: what is absent must not break the line.
func appendObject(dst []byte, object json.RawMessage) []byte {
	if len(object) == 0 {
		return append(dst, "{}"...)
	}
	return append(dst, object...)
}

func appendReceived(dst []byte, at time.Time) []byte {
	return append(AppendTime(append(dst, `,"received_at":`...), at), '}')
}

// AppendTime appends a time as a JSON string in TimeFormat. It writes the digits
// itself, since package time reads a layout anew each time.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return append(t.AppendFormat(append(dst, '"'), TimeFormat), '"')
	}
	hour, minute, second := t.Clock()
	micro := t.Nanosecond() / 1000
	return append(dst, '"',
		byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10), 'T',
		byte('0'+hour/10), byte('0'+hour%10), ':', byte('0'+minute/10), byte('0'+minute%10), ':',
		byte('0'+second/10), byte('0'+second%10), '.',
		byte('0'+micro/100000), byte('0'+micro/10000%10), byte('0'+micro/1000%10),
		byte('0'+micro/100%10), byte('0'+micro/10%10), byte('0'+micro%10), 'Z', '"')
}

// ParseEventRecord reads a raw record of an event and when it arrived. It is
// as strict as the API, and more: a record has its id and its times.
func ParseEventRecord(line []byte) (Event, time.Time, error) {
	return parseRecord(line, parseEvent)
}

// CheckEventRecord is ParseEventRecord for who needs the properties alone: it calls f
// with the name and the value of each, both as JSON, and of one that is repeated as
// often as it is.
func CheckEventRecord(line []byte, f func(name, value []byte)) error {
	var objects [1][]byte
	raw := objects[:0]
	_, _, err := readRecord(line, itemRules{properties: func(properties []byte) { raw = append(raw, properties) }}, parseEvent)
	if err != nil {
		return err
	}
	for _, properties := range raw {
		if properties[0] != '{' {
			continue // another came after it
		}
		members(properties, 0, func(name, value []byte) bool {
			f(name, value)
			return true
		})
	}
	return nil
}

// Text gives the text of a JSON string of a record that was accepted.
func Text(raw []byte) string { return unquote(raw) }

// ParseUserRecord reads a raw record of a posted user, as ParseEventRecord
// does.
func ParseUserRecord(line []byte) (NewUser, time.Time, error) {
	return parseRecord(line, parseNewUser)
}

// ParseUpdateRecord reads a raw record of a user update, as ParseEventRecord
// does.
func ParseUpdateRecord(line []byte) (UserUpdate, time.Time, error) {
	return parseRecord(line, parseUpdate)
}

func parseRecord[T any](line []byte, parse func([]byte, itemRules) (T, *ItemError)) (T, time.Time, error) {
	return readRecord(line, itemRules{}, parse)
}

func readRecord[T any](line []byte, rules itemRules, parse func([]byte, itemRules) (T, *ItemError)) (T, time.Time, error) {
	var receivedAt time.Time
	rules.receivedAt = &receivedAt
	item, err := parseItem(line, rules, parse)
	if err == nil && receivedAt.IsZero() {
		err = &ItemError{Code: CodeTimestampRequired, Field: "received_at", Message: "received_at is missing"}
	}
	return item, receivedAt, err
}
