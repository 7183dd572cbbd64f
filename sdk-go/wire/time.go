package wire

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// timestamp reads an RFC 3339 time, truncates it to the microsecond and checks
// its range.
func (r itemRules) timestamp(field string, raw []byte) (time.Time, *ItemError) {
	if raw[0] == '"' {
		// Escapes are legal, if odd; without them the text is taken in place.
		text := raw[1 : len(raw)-1]
		if _, f := checkString(raw); f == sound && bytes.IndexByte(text, '\\') >= 0 {
			text = []byte(unquote(raw))
		}
		if t, ok := parseRFC3339(string(text)); ok {
			return r.inRange(field, t)
		}
	}
	return time.Time{}, &ItemError{Code: CodeTimestampInvalid, Field: field,
		Message: fmt.Sprintf("%s %.60s is no RFC 3339 time; send one such as \"2024-05-01T13:45:00.123456Z\" or with an offset such as +02:00", field, strings.ToValidUTF8(string(raw), "?"))}
}

func (r itemRules) inRange(field string, t time.Time) (time.Time, *ItemError) {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Unix() < 0 {
		return t, &ItemError{Code: CodeTimestampOutOfRange, Field: field, Message: fmt.Sprintf("%s %s lies before 1970", field, t.Format(time.RFC3339))}
	}
	if latest := r.now.Add(MaxFuture); !r.now.IsZero() && t.After(latest) {
		return t, &ItemError{Code: CodeTimestampOutOfRange, Field: field,
			Message: fmt.Sprintf("%s %s lies more than %d hours ahead; check the sender's clock", field, t.Format(time.RFC3339), MaxFuture/time.Hour)}
	}
	return t, nil
}

// parseRFC3339 reads a date-time of RFC 3339, section 5.6. time.Parse also
// takes a comma before the fraction, one-digit hours and offsets of any size.
func parseRFC3339(s string) (time.Time, bool) {
	const layout = "2006-01-02T15:04:05"
	if len(s) < len(layout)+1 {
		return time.Time{}, false
	}
	number := func(from, to int) int {
		n := 0
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				return -1
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
		s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	rest := s[19:]
	nanos := 0
	if rest[0] == '.' {
		digits := 0
		for digits+1 < len(rest) && rest[digits+1] >= '0' && rest[digits+1] <= '9' {
			if digits < 9 {
				nanos = 10*nanos + int(rest[digits+1]-'0')
			}
			digits++
		}
		if digits == 0 || digits+1 == len(rest) {
			return time.Time{}, false
		}
		for i := digits; i < 9; i++ {
			nanos *= 10
		}
		rest = rest[digits+1:]
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day { // 30 February
		return time.Time{}, false
	}
	if rest == "Z" || rest == "z" {
		return t, true
	}
	if len(rest) != len("+00:00") || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' {
		return time.Time{}, false
	}
	at := len(s) - len(rest)
	hours, minutes := number(at+1, at+3), number(at+4, at+6)
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return time.Time{}, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if rest[0] == '+' {
		offset = -offset
	}
	return t.Add(offset), true
}

// timeOfV7 is the time in a version 7 UUID: its first 48 bits count
// milliseconds since 1970 (RFC 9562, section 5.7).
func timeOfV7(id string) time.Time {
	var ms int64
	for i := range 13 {
		c := id[i]
		switch {
		case c == '-':
			continue
		case c <= '9':
			ms = ms<<4 | int64(c-'0')
		default:
			ms = ms<<4 | int64(c-'a'+10)
		}
	}
	return time.UnixMilli(ms)
}

// NewUUIDv7 makes a UUID of version 7 (RFC 9562): 48 bits of milliseconds, so
// that ids sort by time, and 74 random bits. It fails only when random does.
func NewUUIDv7(now time.Time, random io.Reader) (string, error) {
	var drawn [UUIDv7Random]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return "", fmt.Errorf("make an event id: %w", err)
	}
	return string(AppendUUIDv7(nil, now, &drawn)), nil
}

// UUIDv7Random is how many random bytes a UUID of version 7 takes.
const UUIDv7Random = 10

// AppendUUIDv7 is NewUUIDv7 for callers that have a place for the id and the
// randomness at hand.
func AppendUUIDv7(dst []byte, now time.Time, random *[UUIDv7Random]byte) []byte {
	var u [16]byte
	copy(u[6:], random[:])
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	var out [36]byte
	at := 0
	for i, b := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out[at] = '-'
			at++
		}
		out[at], out[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
	return append(dst, out[:]...)
}
