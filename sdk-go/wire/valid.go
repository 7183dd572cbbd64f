package wire

import (
	"encoding/binary"
	"math/bits"
)

// maxNesting is how deep JSON may nest for encoding/json.
const maxNesting = 10_000

// valid is json.Valid, in about a third of its time: that one is made for text
// that comes in pieces, and steps through a function for each byte. FuzzValid
// holds both to the same answer. As there, broken UTF-8 is not looked at.
func valid(b []byte) bool {
	end, ok := validValue(b, space(b, 0), 0)
	return ok && space(b, end) == len(b)
}

// validValue gives the place after the value that starts at i, depth levels deep.
func validValue(b []byte, i, depth int) (end int, ok bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		return validString(b, i+1)
	case '{':
		return validObject(b, i+1, depth+1)
	case '[':
		return validArray(b, i+1, depth+1)
	case 't':
		return validWord(b, i, "true")
	case 'f':
		return validWord(b, i, "false")
	case 'n':
		return validWord(b, i, "null")
	default:
		return validNumber(b, i)
	}
}

func validWord(b []byte, i int, word string) (end int, ok bool) {
	end = i + len(word)
	return end, end <= len(b) && string(b[i:end]) == word
}

// validObject goes on after the opening brace.
func validObject(b []byte, i, depth int) (end int, ok bool) {
	if depth > maxNesting {
		return i, false
	}
	if i = space(b, i); i < len(b) && b[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return i, false
		}
		if i, ok = validString(b, i+1); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) || b[i] != ':' {
			return i, false
		}
		if i, ok = validValue(b, space(b, i+1), depth); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) {
			return i, false
		}
		if b[i] == '}' {
			return i + 1, true
		}
		if b[i] != ',' {
			return i, false
		}
		i = space(b, i+1)
	}
}

// validArray goes on after the opening bracket.
func validArray(b []byte, i, depth int) (end int, ok bool) {
	if depth > maxNesting {
		return i, false
	}
	if i = space(b, i); i < len(b) && b[i] == ']' {
		return i + 1, true
	}
	for {
		if i, ok = validValue(b, i, depth); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) {
			return i, false
		}
		if b[i] == ']' {
			return i + 1, true
		}
		if b[i] != ',' {
			return i, false
		}
		i = space(b, i+1)
	}
}

// validString goes on after the opening quote.
func validString(b []byte, i int) (end int, ok bool) {
	for i < len(b) {
		if i+8 <= len(b) {
			word := binary.LittleEndian.Uint64(b[i:])
			found := equal(word, '"') | equal(word, '\\') | below(word, 0x20)
			if found == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(found) / 8
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, true
		case c < 0x20:
			return i, false
		case c != '\\':
			i++
			continue
		}
		if i++; i >= len(b) {
			return i, false
		}
		switch b[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i++
		case 'u':
			if i+4 >= len(b) {
				return i, false
			}
			for _, c := range b[i+1 : i+5] {
				if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
					return i, false
				}
			}
			i += 5
		default:
			return i, false
		}
	}
	return i, false
}

func validNumber(b []byte, i int) (end int, ok bool) {
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, ok = digits(b, i); !ok {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digits(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i, true
}

// digits gives the place after the digits from i on, of which there must be one.
func digits(b []byte, i int) (end int, ok bool) {
	end = i
	for end < len(b) && isDigit(b[end]) {
		end++
	}
	return end, end > i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
