package insight

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// encoding/json forgives what a query must not: unknown fields deep inside,
// fields given twice, names in another case, halves of surrogate pairs. So the
// body is first read into this plain tree, and parse.go takes it apart with
// the path at hand.

type jsonKind int

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

func (k jsonKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// node is one JSON value with its path.
type node struct {
	path    string
	kind    jsonKind
	text    string // string value, or the digits of a number
	boolean bool
	items   []node
	members []member
}

type member struct {
	name  string
	value node
}

const (
	// maxNesting is far more than a query needs and far less than a stack holds.
	maxNesting = 32
	// maxMembers is far more fields than any object of a query has, and few
	// enough to compare each with each.
	maxMembers = 64
)

// readTree reads a body that must be one JSON value.
func readTree(body []byte) (node, *Error) { return readTreeAt(body, "") }

// readTreeAt reads a JSON value whose path is known.
func readTreeAt(body []byte, path string) (node, *Error) {
	if !utf8.Valid(body) {
		return node{}, errorf(CodeInvalidUTF8, "", "The body is not valid UTF-8. Send JSON encoded in UTF-8.")
	}
	if at := loneSurrogate(body); at >= 0 {
		return node{}, errorf(CodeInvalidUTF8, "", "The escape at byte %d is half of a surrogate pair. Send both halves, or the character itself.", at)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return node{}, errorf(CodeInvalidJSON, "", "The body is not one JSON value: %v.", err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	root, err := readNode(dec, path, 0)
	if err == nil {
		return root, nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = errorf(CodeInvalidJSON, "", "The body is not one JSON value: %v.", err)
	}
	return node{}, e
}

func readNode(dec *json.Decoder, path string, depth int) (node, error) {
	token, err := dec.Token()
	if err != nil {
		return node{}, err
	}
	n := node{path: path}
	switch t := token.(type) {
	case nil:
		n.kind = jsonNull
	case bool:
		n.kind, n.boolean = jsonBool, t
	case json.Number:
		n.kind, n.text = jsonNumber, t.String()
	case string:
		n.kind, n.text = jsonString, t
	case json.Delim:
		if depth == maxNesting {
			return node{}, errorf(CodeInvalidJSON, "", "The body is nested more than %d levels deep. No query is.", maxNesting)
		}
		if t == '[' {
			n.kind = jsonArray
			err = n.readItems(dec, depth)
		} else {
			n.kind = jsonObject
			err = n.readMembers(dec, depth)
		}
		if err != nil {
			return node{}, err
		}
		if _, err := dec.Token(); err != nil { // the closing bracket
			return node{}, err
		}
	}
	return n, nil
}

func (n *node) readItems(dec *json.Decoder, depth int) error {
	for dec.More() {
		item, err := readNode(dec, fmt.Sprintf("%s[%d]", n.path, len(n.items)), depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return nil
}

func (n *node) readMembers(dec *json.Decoder, depth int) error {
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		path := join(n.path, name)
		if slices.ContainsFunc(n.members, func(m member) bool { return m.name == name }) {
			return errorf(CodeDuplicateField, path, "%q is given twice. Give it once.", name)
		}
		if len(n.members) == maxMembers {
			return errorf(CodeUnknownField, n.path, "The object has more than %d fields. No object of a query has.", maxMembers)
		}
		value, err := readNode(dec, path, depth+1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{name, value})
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// loneSurrogate finds a \u escape of half a surrogate pair, which encoding/json
// would quietly replace; -1 when there is none. Outside of strings a backslash
// is a syntax error that the decoder reports.
func loneSurrogate(body []byte) int {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		r, ok := escapedUnit(body[i:])
		switch {
		case !ok: // another escape; its second byte may be a backslash
			i++
		case r >= 0xd800 && r < 0xdc00:
			if low, ok := escapedUnit(body[i+6:]); !ok || low < 0xdc00 || low > 0xdfff {
				return i
			}
			i += 11
		case r >= 0xdc00 && r < 0xe000:
			return i
		default:
			i += 5
		}
	}
	return -1
}

func escapedUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 32)
	return rune(v), err == nil
}

// fields hands out the members of an object by name and remembers which were
// asked for, so that done can name the one that nobody knows.
type fields struct {
	node  node
	known []string
}

func (n node) fields(what string) (*fields, *Error) {
	if n.kind != jsonObject {
		return nil, errorf(CodeWrongType, n.path, "%s must be an object, not %s.", what, n.kind)
	}
	return &fields{node: n}, nil
}

// get returns a member; false when it is absent or null.
func (f *fields) get(name string) (node, bool) {
	n, ok := f.given(name)
	return n, ok && n.kind != jsonNull
}

// given returns a member, be it null.
func (f *fields) given(name string) (node, bool) {
	if !slices.Contains(f.known, name) {
		f.known = append(f.known, name)
	}
	for _, m := range f.node.members {
		if m.name == name {
			return m.value, true
		}
	}
	return node{path: join(f.node.path, name)}, false
}

// done reports a member that was never asked for.
func (f *fields) done() *Error {
	for _, m := range f.node.members {
		if !slices.Contains(f.known, m.name) {
			return errorf(CodeUnknownField, m.value.path, "There is no field %q here. Known are: %s.", m.name, strings.Join(f.known, ", "))
		}
	}
	return nil
}

// required returns a member that must be there.
func (f *fields) required(name, remedy string) (node, *Error) {
	n, ok := f.get(name)
	if !ok {
		return n, errorf(CodeRequired, n.path, "%q is missing. %s", name, remedy)
	}
	return n, nil
}

// string returns the text of a string without NUL.
func (n node) string() (string, *Error) {
	if n.kind != jsonString {
		return "", errorf(CodeWrongType, n.path, "This must be a string, not %s.", n.kind)
	}
	if strings.IndexByte(n.text, 0) >= 0 {
		return "", errorf(CodeNULCharacter, n.path, "The string holds a NUL character (U+0000), which no stored text does. Remove it.")
	}
	return n.text, nil
}

// name returns the text of a string that is not empty.
func (n node) name(remedy string) (string, *Error) {
	s, err := n.string()
	if err == nil && s == "" {
		err = errorf(CodeRequired, n.path, "The name is empty. %s", remedy)
	}
	return s, err
}

// word returns the text of a string that must be one of the known ones.
func word[T ~string](n node, code string, known []T) (T, *Error) {
	s, err := n.string()
	if err != nil {
		return "", err
	}
	if !slices.Contains(known, T(s)) {
		return "", errorf(code, n.path, "%s is not known here. Use one of: %s.", quoteShort(s), list(known))
	}
	return T(s), nil
}

func list[T ~string](words []T) string {
	s := make([]string, len(words))
	for i, w := range words {
		s[i] = string(w)
	}
	return strings.Join(s, ", ")
}

// quoteShort quotes text of a client for a message, and not megabytes of it.
func quoteShort(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}

// whole returns a number that must be whole and lie within bounds.
func (n node) whole(least, most int) (int, *Error) {
	if n.kind != jsonNumber {
		return 0, errorf(CodeWrongType, n.path, "This must be a number, not %s.", n.kind)
	}
	// 10.0 and 1e1 are the whole number 10, as everywhere in JSON.
	f, err := strconv.ParseFloat(n.text, 64)
	if err != nil || f != math.Trunc(f) || f < float64(least) || f > float64(most) {
		return 0, errorf(CodeInvalidValue, n.path, "Give a whole number from %d to %d, not %s.", least, most, n.text[:min(len(n.text), 30)])
	}
	return int(f), nil
}

// array returns the items of an array.
func (n node) array() ([]node, *Error) {
	if n.kind != jsonArray {
		return nil, errorf(CodeWrongType, n.path, "This must be an array, not %s.", n.kind)
	}
	return n.items, nil
}
