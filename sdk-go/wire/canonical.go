package wire

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Canonical gives the canonical form of one JSON value by RFC 8785 (JCS): no
// white space, members sorted by the UTF-16 units of their names, numbers as
// doubles in the shortest form that ECMAScript writes. Of a repeated name the
// last value stays. Equal values give equal text. It fails for what is not
// JSON, for text that is not Unicode and for numbers that fit no double.
func Canonical(v []byte) ([]byte, error) {
	if !valid(v) {
		return nil, errors.New("canonical JSON: the value is not JSON")
	}
	out, _, err := appendCanonical(make([]byte, 0, len(v)), v, space(v, 0))
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return out, nil
}

// appendCanonical appends the value that starts at i and gives the place after
// it.
func appendCanonical(dst, b []byte, i int) ([]byte, int, error) {
	switch b[i] {
	case '{':
		return appendCanonicalObject(dst, b, i)
	case '[':
		dst = append(dst, '[')
		for i = space(b, i+1); b[i] != ']'; {
			var err error
			if dst, i, err = appendCanonical(dst, b, i); err != nil {
				return nil, 0, err
			}
			if i = space(b, i); b[i] == ',' {
				dst = append(dst, ',')
				i = space(b, i+1)
			}
		}
		return append(dst, ']'), i + 1, nil
	case '"':
		end := stringEnd(b, i)
		text, err := soundText(b[i:end])
		return AppendString(dst, text), end, err
	case 't', 'f', 'n':
		end := valueEnd(b, i)
		return append(dst, b[i:end]...), end, nil
	default:
		end := valueEnd(b, i)
		number, err := strconv.ParseFloat(string(b[i:end]), 64)
		if err != nil {
			return nil, 0, fmt.Errorf("%.40s does not fit a double", b[i:end])
		}
		return appendDouble(dst, number), end, nil
	}
}

// soundText unquotes a string, which may hold NUL but must be Unicode.
func soundText(raw []byte) (string, error) {
	if _, f := checkString(raw); f == brokenUTF8 {
		return "", errors.New("a string is not valid UTF-8")
	}
	return unquote(raw), nil
}

// canonicalMember is a name and where its member stands in the output.
type canonicalMember struct {
	name       string
	start, end int
}

func appendCanonicalObject(dst, b []byte, i int) ([]byte, int, error) {
	dst = append(dst, '{')
	first := len(dst)
	var few [8]canonicalMember
	found := few[:0]
	sorted := true
	for i = space(b, i+1); b[i] != '}'; {
		end := stringEnd(b, i)
		name, err := soundText(b[i:end])
		if err != nil {
			return nil, 0, err
		}
		if len(found) > 0 {
			sorted = sorted && compareUTF16(found[len(found)-1].name, name) < 0
			dst = append(dst, ',')
		}
		start := len(dst)
		dst = append(AppendString(dst, name), ':')
		if dst, i, err = appendCanonical(dst, b, space(b, space(b, end)+1)); err != nil {
			return nil, 0, err
		}
		found = append(found, canonicalMember{name, start, len(dst)})
		if i = space(b, i); b[i] == ',' {
			i = space(b, i+1)
		}
	}
	if !sorted {
		dst = sortMembers(dst, first, found)
	}
	return append(dst, '}'), i + 1, nil
}

// sortMembers puts the members that were written from first on in order.
func sortMembers(dst []byte, first int, found []canonicalMember) []byte {
	written := bytes.Clone(dst[first:])
	// The sort is stable, so the last of equal names is the one written last.
	slices.SortStableFunc(found, func(a, b canonicalMember) int { return compareUTF16(a.name, b.name) })
	dst = dst[:first]
	for i, m := range found {
		if i+1 < len(found) && found[i+1].name == m.name {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(dst, written[m.start-first:m.end-first]...)
	}
	return dst
}

// compareUTF16 compares as RFC 8785, section 3.2.3, says: by UTF-16 units. That
// is the order of UTF-8's bytes, but for characters beyond the Basic
// Multilingual Plane (first byte from 0xF0), whose surrogates sort before
// U+E000 to U+FFFF (first byte 0xEE or 0xEF).
func compareUTF16(a, b string) int {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0) {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	}
	return cmp.Compare(len(a), len(b))
}

// appendDouble writes a finite double as ECMAScript's Number::toString does:
// the fewest digits that read back the same, with an exponent below 1e-6 and
// from 1e21.
func appendDouble(dst []byte, v float64) []byte {
	if v == 0 {
		return append(dst, '0') // minus zero, too
	}
	if size := math.Abs(v); size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
	// Go writes two digits of exponent at least, ECMAScript as few as it takes.
	if at := start + bytes.IndexByte(dst[start:], 'e') + 2; dst[at] == '0' {
		dst = append(dst[:at], dst[at+1:]...)
	}
	return dst
}
