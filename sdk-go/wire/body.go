package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Unpack gives the body as JSON text: it gunzips what starts with gzip's magic
// bytes (RFC 1952, section 2.3.1) and leaves the rest as it is, since a gateway
// may have unpacked it already. A body of more than MaxBodyBytes is refused as
// soon as that many bytes have come out. The error is a *BodyError.
func Unpack(body []byte) ([]byte, error) {
	if len(body) < 2 || body[0] != 0x1f || body[1] != 0x8b {
		if len(body) > MaxBodyBytes {
			return nil, tooLarge()
		}
		return body, nil
	}
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, badGzip(err)
	}
	// Reading one byte more than is allowed tells a full body from one that is
	// too large. JSON events shrink about eightfold; starting there saves copies.
	out := bytes.NewBuffer(make([]byte, 0, min(8*len(body), MaxBodyBytes)+bytes.MinRead))
	if _, err := out.ReadFrom(io.LimitReader(packed, MaxBodyBytes+1)); err != nil {
		return nil, badGzip(err)
	}
	if out.Len() > MaxBodyBytes {
		return nil, tooLarge()
	}
	return out.Bytes(), nil
}

// deepest is where cutDeep cuts: far beyond what any item may have, far below
// what encoding/json can take.
const deepest = 100

// cutDeep gives a copy of JSON text in which what nests deeper than deepest
// levels is the number 0.
func cutDeep(b []byte) []byte {
	out := make([]byte, 0, len(b))
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		kept := depth <= deepest
		switch {
		case quoted && c == '\\':
			if kept {
				out = append(out, c)
			}
			if i++; i == len(b) {
				return out
			}
			c = b[i]
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth == deepest+1 {
				out = append(out, '0')
			}
			kept = depth <= deepest
		case c == '}' || c == ']':
			depth--
		}
		if kept {
			out = append(out, c)
		}
	}
	return out
}

// syntaxError says what is wrong with text that is not JSON.
func syntaxError(body []byte) error {
	var into json.RawMessage
	if err := json.Unmarshal(body, &into); err != nil {
		return err
	}
	return errors.New("syntax error")
}

func badGzip(err error) *BodyError {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return badBody(CodeInvalidGzip, "the gzip body is cut short, or something follows it; send it whole and nothing after it")
	}
	return badBody(CodeInvalidGzip, fmt.Sprintf("the body looks like gzip but does not unpack (%v); send valid gzip or plain JSON", err))
}

func tooLarge() *BodyError {
	return largeBody(CodeBodyTooLarge, fmt.Sprintf("the body is larger than %d bytes unpacked; send smaller batches", MaxBodyBytes))
}

// DecodeEvents checks an unpacked body of POST /v1/events. now is the time of
// arrival; newID makes the id of an event that has none. The valid events and
// the rejections both name the item's index; the error is a *BodyError.
func DecodeEvents(body []byte, now time.Time, newID func() string) ([]Indexed[Event], []Rejection, error) {
	return decode(body, "events", func(raw []byte) (Event, *ItemError) {
		return parseEvent(raw, itemRules{now: now, newID: newID})
	})
}

// DecodeUsers checks an unpacked body of POST /v1/users, as DecodeEvents does.
func DecodeUsers(body []byte, now time.Time) ([]Indexed[NewUser], []Rejection, error) {
	return decode(body, "users", func(raw []byte) (NewUser, *ItemError) {
		return parseNewUser(raw, itemRules{now: now})
	})
}

// DecodeUpdates checks an unpacked body of PATCH /v1/users, as DecodeEvents
// does.
func DecodeUpdates(body []byte, now time.Time) ([]Indexed[UserUpdate], []Rejection, error) {
	return decode(body, "users", func(raw []byte) (UserUpdate, *ItemError) {
		return parseUpdate(raw, itemRules{now: now})
	})
}

func decode[T any](body []byte, field string, parse func(raw []byte) (T, *ItemError)) ([]Indexed[T], []Rejection, error) {
	list, err := itemList(body, field)
	if err != nil {
		return nil, nil, err
	}
	count := 0
	elements(list, 0, func([]byte) bool {
		count++
		return true
	})
	if count > MaxItems {
		return nil, nil, largeBody(CodeTooManyItems, fmt.Sprintf("%q has %d items; send at most %d in one body", field, count, MaxItems))
	}
	items := make([]Indexed[T], 0, count)
	rejected := []Rejection{}
	index := 0
	elements(list, 0, func(raw []byte) bool {
		item, failed := parse(raw)
		if failed != nil {
			rejected = append(rejected, Rejection{Index: index, Code: failed.Code, Message: failed.Message})
		} else {
			items = append(items, Indexed[T]{Index: index, Item: item})
		}
		index++
		return true
	})
	return items, rejected, nil
}

// itemList finds the array in a body of the shape {"field":[…]}.
func itemList(body []byte, field string) ([]byte, error) {
	if !valid(body) {
		// encoding/json gives up at 10,000 levels; one such item must not spoil
		// its batch. Cut off where no limit is in doubt, it is refused by itself.
		shallow := cutDeep(body)
		if !valid(shallow) {
			return nil, badBody(CodeInvalidJSON, fmt.Sprintf("the body is not JSON: %v", syntaxError(body)))
		}
		body = shallow
	}
	shape := fmt.Sprintf(`{%q:[…]}`, field)
	i := space(body, 0)
	if body[i] != '{' {
		return nil, badBody(CodeInvalidShape, "the body must be an object "+shape)
	}
	var list []byte
	var failed *BodyError
	members(body, i, func(key, value []byte) bool {
		name := fmt.Sprintf("%.100s", key)
		if _, f := checkString(key); f == sound {
			name = unquote(key)
		}
		switch {
		case name != field:
			failed = badBody(CodeInvalidShape, fmt.Sprintf("unknown field %q; the body must be %s", name, shape))
		case list != nil:
			failed = badBody(CodeInvalidShape, fmt.Sprintf("%q stands twice; the body must be %s", field, shape))
		case value[0] != '[':
			failed = badBody(CodeInvalidShape, fmt.Sprintf("%q must be an array; the body must be %s", field, shape))
		default:
			list = value
		}
		return failed == nil
	})
	if failed != nil {
		return nil, failed
	}
	if list == nil {
		return nil, badBody(CodeInvalidShape, fmt.Sprintf("%q is missing; the body must be %s", field, shape))
	}
	return list, nil
}
