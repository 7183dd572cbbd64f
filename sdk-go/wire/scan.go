package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The functions here walk JSON that valid has accepted, so that they need
// no errors for syntax; what they check is what encoding/json lets pass:
// broken UTF-8, lone surrogates, repeated keys.

// space gives the first place at or after i that is not white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd gives the place after the string that starts at i.
func stringEnd(b []byte, i int) int {
	for i++; ; {
		for ; i+8 <= len(b); i += 8 {
			word := binary.LittleEndian.Uint64(b[i:])
			if found := equal(word, '"') | equal(word, '\\'); found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
		i++
	}
}

// Text is looked through eight bytes at a time (Mycroft's test for a zero byte, in
// "Hacker's Delight", 2nd edition, 6-1). Of what is found the lowest bit is right; the
// bits above it may be wrong.
const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// equal has a bit in each byte of a word that is a letter below 128.
func equal(word uint64, letter byte) uint64 {
	word ^= everyByte * uint64(letter)
	return (word - everyByte) &^ word & highBits
}

// below has a bit in each byte of a word that is less than a letter below 128.
func below(word uint64, letter byte) uint64 {
	return (word - everyByte*uint64(letter)) &^ word & highBits
}

// valueEnd gives the place after the value that starts at i.
func valueEnd(b []byte, i int) int {
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = stringEnd(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	default:
		for ; i < len(b); i++ {
			switch b[i] {
			case ',', ']', '}', ' ', '\t', '\n', '\r':
				return i
			}
		}
		return i
	}
}

// members calls f with the raw key (quotes included) and raw value of every
// member of the object that starts at i, until f reports false.
func members(b []byte, i int, f func(key, value []byte) bool) {
	for i = space(b, i+1); b[i] != '}'; {
		keyEnd := stringEnd(b, i)
		key := b[i:keyEnd]
		start := space(b, space(b, keyEnd)+1)
		end := valueEnd(b, start)
		if !f(key, b[start:end]) {
			return
		}
		if i = space(b, end); b[i] == ',' {
			i = space(b, i+1)
		}
	}
}

// elements calls f with every raw element of the array that starts at i, until
// f reports false.
func elements(b []byte, i int, f func(value []byte) bool) {
	for i = space(b, i+1); b[i] != ']'; {
		end := valueEnd(b, i)
		if !f(b[i:end]) {
			return
		}
		if i = space(b, end); b[i] == ',' {
			i = space(b, i+1)
		}
	}
}

// fault is what can be wrong with a string.
type fault int

const (
	sound fault = iota
	nulCharacter
	brokenUTF8
)

// plain tells whether text is ASCII without a backslash.
func plain(text []byte) bool {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		word := binary.LittleEndian.Uint64(text[i:])
		if word&highBits|equal(word, '\\') != 0 {
			return false
		}
	}
	for _, c := range text[i:] {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// checkString looks for what the stores behind refuse in a raw JSON string,
// and counts its characters.
func checkString(raw []byte) (chars int, f fault) {
	body := raw[1 : len(raw)-1]
	if plain(body) {
		return len(body), sound
	}
	if !utf8.Valid(body) {
		return 0, brokenUTF8
	}
	for i := 0; i < len(body); chars++ {
		if body[i] != '\\' {
			_, size := utf8.DecodeRune(body[i:])
			i += size
			continue
		}
		if body[i+1] != 'u' {
			i += 2
			continue
		}
		unit := hex4(body[i+2:])
		i += 6
		switch {
		case unit == 0:
			f = nulCharacter // and on: what is broken behind it is broken
		case unit >= 0xDC00 && unit < 0xE000:
			return chars, brokenUTF8
		case unit >= 0xD800 && unit < 0xDC00:
			if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' {
				return chars, brokenUTF8
			}
			if low := hex4(body[i+2:]); low < 0xDC00 || low >= 0xE000 {
				return chars, brokenUTF8
			}
			i += 6
		}
	}
	return chars, f
}

func hex4(b []byte) (n int) {
	for _, c := range b[:4] {
		n <<= 4
		switch {
		case c <= '9':
			n |= int(c - '0')
		case c <= 'F':
			n |= int(c-'A') + 10
		default:
			n |= int(c-'a') + 10
		}
	}
	return n
}

// unquote gives the text of a raw JSON string that checkString found sound.
func unquote(raw []byte) string {
	body := raw[1 : len(raw)-1]
	if bytes.IndexByte(body, '\\') < 0 {
		return string(body)
	}
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			out = append(out, body[i])
			i++
			continue
		}
		switch c := body[i+1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			unit := rune(hex4(body[i+2:]))
			i += 4
			if unit >= 0xD800 && unit < 0xDC00 {
				low := rune(hex4(body[i+4:]))
				unit = 0x10000 + (unit-0xD800)<<10 + (low - 0xDC00)
				i += 6
			}
			out = utf8.AppendRune(out, unit)
		default:
			out = append(out, c)
		}
		i += 2
	}
	return string(out)
}

// AppendString appends s as a JSON string with the fewest escapes. Broken UTF-8
// stays as it is, for the checks to find.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// compactor rewrites an object of properties or attributes in compact form and
// holds it to the limits.
type compactor struct {
	field string
	// tooDeep is the code that the field uses for nesting.
	tooDeep Code
	dst     []byte
	path    []string
}

func (c *compactor) fail(code Code, format string, args ...any) *ItemError {
	at := c.field
	if len(c.path) > 0 {
		at += "." + strings.Join(c.path, ".")
	}
	return &ItemError{Code: code, Field: at, Message: at + ": " + fmt.Sprintf(format, args...)}
}

func (c *compactor) value(raw []byte, depth int) *ItemError {
	switch raw[0] {
	case '{', '[':
		if depth > MaxDepth {
			return c.fail(c.tooDeep, "nests deeper than %d levels; flatten it", MaxDepth)
		}
		if raw[0] == '{' {
			return c.object(raw, depth)
		}
		return c.array(raw, depth)
	case '"':
		if _, f := checkString(raw); f != sound {
			return c.stringFault(f)
		}
		c.dst = append(c.dst, raw...)
	case 't', 'f', 'n':
		c.dst = append(c.dst, raw...)
	default:
		return c.number(raw)
	}
	return nil
}

func (c *compactor) stringFault(f fault) *ItemError {
	if f == nulCharacter {
		return c.fail(CodeNULCharacter, "holds a NUL character; remove it")
	}
	return c.fail(CodeInvalidUTF8, "is not valid UTF-8; encode the text as UTF-8")
}

// safeNumber is a length that a plain number may have without any danger of
// being too large, too small or too long for a store behind.
const safeNumber = 18

func (c *compactor) number(raw []byte) *ItemError {
	if len(raw) <= safeNumber && bytes.IndexByte(raw, 'e') < 0 && bytes.IndexByte(raw, 'E') < 0 {
		c.dst = append(c.dst, raw...)
		return nil
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return c.fail(CodeNumberOutOfRange, "%.40s does not fit a double (IEEE 754); send it as a string", raw)
	}
	switch {
	case v == 0:
		c.dst = append(c.dst, '0')
	case len(raw) > 32:
		// Numbers are doubles; a thousand digits more only trouble the engines.
		c.dst = strconv.AppendFloat(c.dst, v, 'g', -1, 64)
	default:
		c.dst = append(c.dst, raw...)
	}
	return nil
}

func (c *compactor) array(raw []byte, depth int) (failed *ItemError) {
	c.dst = append(c.dst, '[')
	first := true
	elements(raw, 0, func(value []byte) bool {
		if !first {
			c.dst = append(c.dst, ',')
		}
		first = false
		failed = c.value(value, depth+1)
		return failed == nil
	})
	c.dst = append(c.dst, ']')
	return failed
}

// member is a key with its value, in the order of the keys' first mention.
type member struct{ rawKey, value []byte }

// object looks for repeated keys as it goes, and begins again when there may be one: of
// a repeated key the last value stays, and what is wrong with the others is no matter.
func (c *compactor) object(raw []byte, depth int) (failed *ItemError) {
	start := len(c.dst)
	c.dst = append(c.dst, '{')
	var seen keys
	first, unsure := true, false
	members(raw, 0, func(key, value []byte) bool {
		if unsure = !seen.add(key); unsure {
			return false
		}
		failed = c.member(member{key, value}, first, depth)
		first = false
		return failed == nil
	})
	if unsure || failed != nil {
		if repeats(raw) {
			c.dst = c.dst[:start]
			return c.objectLastWins(raw, depth)
		}
		if unsure {
			c.dst = c.dst[:start]
			return c.objectOnce(raw, depth)
		}
	}
	c.dst = append(c.dst, '}')
	return failed
}

// objectOnce is object for one that repeats no key.
func (c *compactor) objectOnce(raw []byte, depth int) (failed *ItemError) {
	c.dst = append(c.dst, '{')
	first := true
	members(raw, 0, func(key, value []byte) bool {
		failed = c.member(member{key, value}, first, depth)
		first = false
		return failed == nil
	})
	c.dst = append(c.dst, '}')
	return failed
}

// keys are the first keys of an object, which are compared in place.
type keys struct {
	few [16][]byte
	n   int
}

// add takes in one more; false when it is there already, or may be.
func (k *keys) add(key []byte) bool {
	if k.n == len(k.few) || bytes.IndexByte(key, '\\') >= 0 {
		return false
	}
	for _, other := range k.few[:k.n] {
		if bytes.Equal(other, key) {
			return false
		}
	}
	k.few[k.n] = key
	k.n++
	return true
}

func (c *compactor) member(m member, first bool, depth int) *ItemError {
	chars, f := checkString(m.rawKey)
	if f != sound {
		return c.stringFault(f)
	}
	if chars == 0 || chars > MaxKeyChars {
		return c.fail(CodeKeyInvalid, "a key of %d characters; keys have 1 to %d", chars, MaxKeyChars)
	}
	if !first {
		c.dst = append(c.dst, ',')
	}
	c.dst = append(append(c.dst, m.rawKey...), ':')
	start := m.value[0]
	if start == '{' || start == '[' {
		c.path = append(c.path, unquote(m.rawKey))
		defer func() { c.path = c.path[:len(c.path)-1] }()
		return c.value(m.value, depth+1)
	}
	if err := c.value(m.value, depth+1); err != nil {
		// The path is made for the error alone: most values are sound.
		c.path = append(c.path, unquote(m.rawKey))
		defer func() { c.path = c.path[:len(c.path)-1] }()
		return c.value(m.value, depth+1)
	}
	return nil
}

// objectLastWins is object for one that repeats a key: the last value stays.
func (c *compactor) objectLastWins(raw []byte, depth int) *ItemError {
	var kept []member
	at := map[string]int{}
	members(raw, 0, func(key, value []byte) bool {
		name := string(key)
		if _, f := checkString(key); f == sound {
			name = unquote(key)
		}
		if i, ok := at[name]; ok {
			kept[i].value = value
			return true
		}
		at[name] = len(kept)
		kept = append(kept, member{key, value})
		return true
	})
	c.dst = append(c.dst, '{')
	for i, m := range kept {
		if err := c.member(m, i == 0, depth); err != nil {
			return err
		}
	}
	c.dst = append(c.dst, '}')
	return nil
}

// repeats reports whether the object has a key twice. Few keys are compared in
// place, which needs no memory; an escape in a key, or many of them, and they
// are compared unquoted.
func repeats(raw []byte) bool {
	var few keys
	unsure := false
	members(raw, 0, func(key, _ []byte) bool {
		unsure = !few.add(key)
		return !unsure
	})
	if !unsure {
		return false
	}
	found := false
	seen := map[string]bool{}
	members(raw, 0, func(key, _ []byte) bool {
		name := string(key)
		if _, f := checkString(key); f == sound {
			name = string(AppendString(nil, unquote(key)))
		}
		found = found || seen[name]
		seen[name] = true
		return !found
	})
	return found
}
