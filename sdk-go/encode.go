package dataloaf

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// A message becomes its JSON item in one of two ways. The short way writes what
// most messages are made of (strings, numbers, maps) straight into a buffer that
// is used again, and holds it to the rules of package wire on the way. It gives
// up on whatever is less common or wrong. The long way then takes any value, has
// package wire check it, and says what is wrong. Both give the same item; a
// fuzz test compares them.

// scratch is the room in which a message is written.
type scratch struct {
	buf []byte
	// random is here because what is handed to an io.Reader lies on the heap.
	random [wire.UUIDv7Random]byte
}

var scratches = sync.Pool{New: func() any { return &scratch{buf: make([]byte, 0, 1<<10)} }}

// release gives the room back. Rare large messages must not keep theirs.
func (s *scratch) release() {
	if cap(s.buf) <= 64<<10 {
		scratches.Put(s)
	}
}

// start leaves room for a spool record's head, so that the record is written in
// one piece.
func (s *scratch) start() { s.buf = append(s.buf[:0], make([]byte, recordHead)...) }

// item is what has been written.
func (s *scratch) item() []byte { return s.buf[recordHead:] }

// event writes the event, and gives it its time where it had none. An id that
// the client made stands in the item alone: see idOf.
func (s *scratch) event(e Event, now time.Time, random io.Reader) (Event, error) {
	made := e.EventID == ""
	if made {
		if _, err := io.ReadFull(random, s.random[:]); err != nil {
			return e, fmt.Errorf("dataloaf: make an event id: %w", err)
		}
	}
	if e.Timestamp.IsZero() {
		e.Timestamp = now
	}
	s.start()
	if made && s.shortEvent(e, now) {
		return e, nil
	}
	id := e.EventID
	if made {
		id = string(wire.AppendUUIDv7(nil, now, &s.random))
	}
	raw, err := item("timestamp", e.Timestamp, "properties", e.Properties,
		field{"event_id", id}, field{"event", e.Event}, field{"user_id", e.UserID})
	if err != nil {
		return e, fmt.Errorf("dataloaf: event not enqueued: %w", err)
	}
	checked, err := wire.ParseEvent(raw, now, nil)
	if err != nil {
		return e, fmt.Errorf("dataloaf: event not enqueued: %w", err)
	}
	s.start()
	s.buf = checked.AppendItem(s.buf)
	return e, nil
}

// idOf reads the id from an event's item, where it always stands first.
func idOf(item []byte) string {
	const before = len(`{"event_id":"`)
	return string(item[before : before+36])
}

// user writes the user, and gives it its time where it had none.
func (s *scratch) user(u User, now time.Time) (User, error) {
	if u.CreatedAt.IsZero() {
		u.CreatedAt = now
	}
	s.start()
	if s.shortUser(u.UserID, `,"created_at":`, u.CreatedAt, u.Attributes, now) {
		return u, nil
	}
	raw, err := item("created_at", u.CreatedAt, "attributes", u.Attributes, field{"user_id", u.UserID})
	if err != nil {
		return u, fmt.Errorf("dataloaf: user not enqueued: %w", err)
	}
	checked, err := wire.ParseNewUser(raw, now)
	if err != nil {
		return u, fmt.Errorf("dataloaf: user not enqueued: %w", err)
	}
	s.start()
	s.buf = checked.AppendItem(s.buf)
	return u, nil
}

// update writes the update, and gives it its time where it had none.
func (s *scratch) update(u Update, now time.Time) (Update, error) {
	if u.UpdatedAt.IsZero() {
		u.UpdatedAt = now
	}
	s.start()
	if s.shortUpdate(u, now) {
		return u, nil
	}
	raw, err := item("updated_at", u.UpdatedAt, "attributes", u.Attributes, field{"user_id", u.UserID})
	if err != nil {
		return u, fmt.Errorf("dataloaf: update not enqueued: %w", err)
	}
	checked, err := wire.ParseUserUpdate(raw, now)
	if err != nil {
		return u, fmt.Errorf("dataloaf: update not enqueued: %w", err)
	}
	s.start()
	s.buf = checked.AppendItem(s.buf)
	return u, nil
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

// shortEvent is the short way of an event whose id the client makes.
func (s *scratch) shortEvent(e Event, now time.Time) bool {
	if !inRange(e.Timestamp, now) {
		return false
	}
	dst := append(s.buf, `{"event_id":"`...)
	dst = wire.AppendUUIDv7(dst, now, &s.random)
	dst = append(dst, `","event":`...)
	dst, chars, ok := appendText(dst, e.Event)
	if !ok || chars == 0 || chars > wire.MaxEventChars {
		return false
	}
	if e.UserID != "" {
		dst, _, ok = appendText(append(dst, `,"user_id":`...), e.UserID)
		if !ok || len(e.UserID) > wire.MaxUserIDBytes {
			return false
		}
	}
	dst = wire.AppendTime(append(dst, `,"timestamp":`...), e.Timestamp)
	dst, ok = appendObject(append(dst, `,"properties":`...), e.Properties)
	s.buf = append(dst, '}')
	return ok
}

// shortUser is the short way of a user; timeField has its comma before.
func (s *scratch) shortUser(id, timeField string, at time.Time, attributes any, now time.Time) bool {
	if !inRange(at, now) || id == "" || len(id) > wire.MaxUserIDBytes {
		return false
	}
	dst, _, ok := appendText(append(s.buf, `{"user_id":`...), id)
	if !ok {
		return false
	}
	dst = wire.AppendTime(append(dst, timeField...), at)
	dst, ok = appendObject(append(dst, `,"attributes":`...), attributes)
	s.buf = append(dst, '}')
	return ok
}

func (s *scratch) shortUpdate(u Update, now time.Time) bool {
	if !inRange(u.UpdatedAt, now) || u.UserID == "" || len(u.UserID) > wire.MaxUserIDBytes {
		return false
	}
	dst, _, ok := appendText(append(s.buf, `{"user_id":`...), u.UserID)
	if !ok {
		return false
	}
	if dst, ok = appendObject(append(dst, `,"attributes":`...), u.Attributes); !ok {
		return false
	}
	dst = wire.AppendTime(append(dst, `,"updated_at":`...), u.UpdatedAt)
	s.buf = append(dst, '}')
	return true
}

// inRange is the rule for timestamps. The margin of a second leaves the last
// word to package wire, which looks after truncation to the microsecond.
func inRange(at, now time.Time) bool {
	return at.Unix() >= 0 && at.Before(now.Add(wire.MaxFuture-time.Second)) && at.Year() <= 9999
}

// appendText appends a JSON string and counts its characters. It gives up on
// text with NUL or broken UTF-8.
func appendText(dst []byte, s string) (_ []byte, chars int, ok bool) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
				return dst, 0, false
			}
			return wire.AppendString(dst, s), utf8.RuneCountInString(s), true
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), len(s), true
}

// appendObject is the short way of properties and attributes.
func appendObject(dst []byte, object any) ([]byte, bool) {
	from := len(dst)
	ok := true
	switch object := object.(type) {
	case nil:
		dst = append(dst, "{}"...)
	case map[string]any:
		if object == nil {
			return append(dst, "{}"...), true
		}
		dst, ok = appendPlain(dst, object, 1)
	case map[string]string:
		if object == nil {
			return append(dst, "{}"...), true
		}
		dst, ok = appendPlain(dst, object, 1)
	default:
		return dst, false
	}
	return dst, ok && len(dst)-from <= wire.MaxPropertiesBytes
}

// appendPlain is the short way of a value.
func appendPlain(dst []byte, v any, depth int) (_ []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), true
	case bool:
		return strconv.AppendBool(dst, v), true
	case string:
		dst, _, ok = appendText(dst, v)
		return dst, ok
	case int:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), true
	case uint64:
		return strconv.AppendUint(dst, v, 10), true
	case uint32:
		return strconv.AppendUint(dst, uint64(v), 10), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, false
		}
		return strconv.AppendFloat(dst, v, 'g', -1, 64), true
	case map[string]any:
		if v == nil || depth > wire.MaxDepth {
			return dst, false
		}
		dst = append(dst, '{')
		for name, value := range v {
			if dst, ok = appendName(dst, name); !ok {
				return dst, false
			}
			if dst, ok = appendPlain(dst, value, depth+1); !ok {
				return dst, false
			}
			dst = append(dst, ',')
		}
		return closeList(dst, '}'), true
	case map[string]string:
		if v == nil || depth > wire.MaxDepth {
			return dst, false
		}
		dst = append(dst, '{')
		for name, value := range v {
			if dst, ok = appendName(dst, name); !ok {
				return dst, false
			}
			if dst, _, ok = appendText(dst, value); !ok {
				return dst, false
			}
			dst = append(dst, ',')
		}
		return closeList(dst, '}'), true
	case []any:
		if v == nil || depth > wire.MaxDepth {
			return dst, false
		}
		dst = append(dst, '[')
		for _, element := range v {
			if dst, ok = appendPlain(dst, element, depth+1); !ok {
				return dst, false
			}
			dst = append(dst, ',')
		}
		return closeList(dst, ']'), true
	case []string:
		if v == nil || depth > wire.MaxDepth {
			return dst, false
		}
		dst = append(dst, '[')
		for _, element := range v {
			if dst, _, ok = appendText(dst, element); !ok {
				return dst, false
			}
			dst = append(dst, ',')
		}
		return closeList(dst, ']'), true
	default:
		return dst, false
	}
}

func appendName(dst []byte, name string) ([]byte, bool) {
	dst, chars, ok := appendText(dst, name)
	return append(dst, ':'), ok && chars > 0 && chars <= wire.MaxKeyChars
}

// closeList puts the end in the place of the last comma.
func closeList(dst []byte, end byte) []byte {
	if dst[len(dst)-1] == ',' {
		dst[len(dst)-1] = end
		return dst
	}
	return append(dst, end)
}

// decode is the message of an item that was read back from the spool, with its
// properties as a json.RawMessage.
func decode(l lane, item []byte) Message {
	var m struct {
		Event      string          `json:"event"`
		EventID    string          `json:"event_id"`
		UserID     string          `json:"user_id"`
		Timestamp  time.Time       `json:"timestamp"`
		CreatedAt  time.Time       `json:"created_at"`
		UpdatedAt  time.Time       `json:"updated_at"`
		Properties json.RawMessage `json:"properties"`
		Attributes json.RawMessage `json:"attributes"`
	}
	// The item was written by this package, and its checksum was right.
	_ = json.Unmarshal(item, &m)
	switch l {
	case userLane:
		return User{UserID: m.UserID, CreatedAt: m.CreatedAt, Attributes: m.Attributes}
	case updateLane:
		return Update{UserID: m.UserID, UpdatedAt: m.UpdatedAt, Attributes: m.Attributes}
	default:
		return Event{Event: m.Event, EventID: m.EventID, UserID: m.UserID, Timestamp: m.Timestamp, Properties: m.Properties}
	}
}
