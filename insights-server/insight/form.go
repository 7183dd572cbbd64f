package insight

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Form reads a JSON object that people save, such as a dashboard, by the rules
// of a query: nothing unknown, nothing twice, and an error names the path of
// the field and the remedy. The first error stays; after it every method gives
// zero values, so that only Finish needs a look.
type Form struct {
	fields *fields
	raw    map[string]json.RawMessage
	shared *formState
}

// formState is what a form shares with those inside it.
type formState struct {
	err   *Error
	forms []*Form
}

// ReadForm reads a body. What says what it is to be, such as "The dashboard".
func ReadForm(body []byte, what string) *Form {
	shared := &formState{}
	root, err := readTree(body)
	if err != nil {
		shared.err = err
		return &Form{fields: &fields{}, shared: shared}
	}
	return newForm(root, body, what, shared)
}

func newForm(n node, raw json.RawMessage, what string, shared *formState) *Form {
	form := &Form{fields: &fields{}, shared: shared}
	f, err := n.fields(what)
	if form.fail(err) {
		return form
	}
	form.fields = f
	shared.forms = append(shared.forms, form)
	// readTree has seen to it that this is an object without repeated names.
	if err := json.Unmarshal(raw, &form.raw); err != nil {
		form.fail(errorf(CodeInvalidJSON, n.path, "The body is not one JSON value: %v.", err))
	}
	return form
}

// fail keeps the first error, and reports whether there is one.
func (f *Form) fail(err *Error) bool {
	if f.shared.err == nil {
		f.shared.err = err
	}
	return f.shared.err != nil
}

// Fail says that a field is wrong for a reason that only the caller knows.
func (f *Form) Fail(name, code, format string, args ...any) {
	f.fail(errorf(code, join(f.fields.node.path, name), format, args...))
}

// Finish gives the first error: a wrong field, or one that nobody asked for.
func (f *Form) Finish() error {
	for _, form := range f.shared.forms {
		if f.shared.err == nil {
			f.fail(form.fields.done())
		}
	}
	if f.shared.err == nil {
		return nil // not a nil *Error, which would not be a nil error
	}
	return f.shared.err
}

// Has reports whether a field is given, and not null.
func (f *Form) Has(name string) bool {
	_, ok := f.fields.get(name)
	return ok
}

// Text gives a string of so many characters. With least above 0 it is
// required, and must be more than white space.
func (f *Form) Text(name string, least, most int) string {
	n, ok := f.fields.get(name)
	if f.shared.err != nil {
		return ""
	}
	if !ok {
		if least > 0 {
			f.fail(errorf(CodeRequired, n.path, "%q is missing. Give %d to %d characters.", name, least, most))
		}
		return ""
	}
	s, err := n.string()
	if f.fail(err) {
		return ""
	}
	length := utf8.RuneCountInString(s)
	switch {
	case least > 0 && strings.TrimSpace(s) == "":
		f.fail(errorf(CodeRequired, n.path, "%q is empty. Give %d to %d characters.", name, least, most))
		return ""
	case length > most:
		f.fail(errorf(CodeInvalidValue, n.path, "%q has %d characters. Give at most %d.", name, length, most))
		return ""
	}
	return s
}

// Name gives a required string of so many characters, any of them.
func (f *Form) Name(name string, most int) string {
	n, err := f.fields.required(name, fmt.Sprintf("Give 1 to %d characters.", most))
	if f.fail(err) {
		return ""
	}
	s, err := n.name(fmt.Sprintf("Give 1 to %d characters.", most))
	if f.fail(err) {
		return ""
	}
	if length := utf8.RuneCountInString(s); length > most {
		f.fail(errorf(CodeInvalidValue, n.path, "%q has %d characters. Give at most %d.", name, length, most))
		return ""
	}
	return s
}

// Word gives a required string that must be one of the known ones.
func (f *Form) Word(name string, known ...string) string {
	n, err := f.fields.required(name, "Give one of: "+list(known)+".")
	if f.fail(err) {
		return ""
	}
	s, err := word(n, CodeUnknownValue, known)
	f.fail(err)
	return s
}

// Whole gives a required whole number within bounds.
func (f *Form) Whole(name string, least, most int) int {
	n, err := f.fields.required(name, "Give a whole number.")
	if f.fail(err) {
		return 0
	}
	number, err := n.whole(least, most)
	f.fail(err)
	return number
}

// Number gives a required number that a double holds.
func (f *Form) Number(name string) float64 {
	n, err := f.fields.required(name, "Give a number.")
	if f.fail(err) {
		return 0
	}
	if n.kind != jsonNumber {
		f.fail(errorf(CodeWrongType, n.path, "This must be a number, not %s.", n.kind))
		return 0
	}
	number, bad := strconv.ParseFloat(n.text, 64)
	if bad != nil && math.IsInf(number, 0) { // an underflow is 0
		f.fail(errorf(CodeInvalidValue, n.path, "The number is too large for a double. Give a smaller one."))
		return 0
	}
	return number
}

// Flag gives a boolean, or the other value where it is absent.
func (f *Form) Flag(name string, otherwise bool) bool {
	if !f.Has(name) {
		return otherwise
	}
	given, err := f.fields.flag(name)
	f.fail(err)
	return given
}

// Instant gives a required time in RFC 3339, to the microsecond, in UTC.
func (f *Form) Instant(name string) time.Time {
	n, err := f.fields.required(name, `Give a time such as "2026-11-24T08:00:00Z".`)
	if f.fail(err) {
		return time.Time{}
	}
	s, err := n.string()
	if f.fail(err) {
		return time.Time{}
	}
	at, bad := time.Parse(time.RFC3339Nano, s)
	// A year that JSON's times cannot write could not be read back.
	if bad != nil || at.UTC().Year() < 1 || at.UTC().Year() > 9999 {
		f.fail(errorf(CodeInvalidValue, n.path, "%s is not a time in RFC 3339. Write it like \"2026-11-24T08:00:00Z\".", quoteShort(s)))
		return time.Time{}
	}
	return at.UTC().Truncate(time.Microsecond)
}

// Query gives a required query as it stands, after a check of all of it.
func (f *Form) Query(name string) json.RawMessage {
	n, err := f.fields.required(name, "Give what POST /api/v1/query takes.")
	if f.fail(err) {
		return nil
	}
	raw := compact(f.raw[name])
	var bad *Error
	if _, err := Parse(raw); errors.As(err, &bad) {
		f.fail(bad.Within(n.path))
		return nil
	}
	return raw
}

// Range gives an optional range of a query as it stands.
func (f *Form) Range(name string) json.RawMessage {
	n, ok := f.fields.get(name)
	if f.shared.err != nil || !ok {
		return nil
	}
	if _, err := parseRange(n); f.fail(err) {
		return nil
	}
	return compact(f.raw[name])
}

// Timezone gives an optional name of a time zone; "" when there is none.
func (f *Form) Timezone(name string) string {
	n, ok := f.fields.get(name)
	if f.shared.err != nil || !ok {
		return ""
	}
	s, err := n.string()
	if f.fail(err) {
		return ""
	}
	if _, err := parseZone(s, n.path); f.fail(err) {
		return ""
	}
	return s
}

// Object gives an optional object of any fields, of at most so many bytes.
func (f *Form) Object(name string, most int) json.RawMessage {
	n, ok := f.fields.get(name)
	if f.shared.err != nil || !ok {
		return nil
	}
	if n.kind != jsonObject {
		f.fail(errorf(CodeWrongType, n.path, "%q must be an object, not %s.", name, n.kind))
		return nil
	}
	raw := compact(f.raw[name])
	if len(raw) > most {
		f.fail(errorf(CodeInvalidValue, n.path, "%q has %d bytes. Give at most %d.", name, len(raw), most))
		return nil
	}
	return raw
}

// Form gives a required object of known fields.
func (f *Form) Form(name, what string) *Form {
	n, err := f.fields.required(name, "Give an object.")
	if f.fail(err) {
		return &Form{fields: &fields{}, shared: f.shared}
	}
	return newForm(n, f.raw[name], what, f.shared)
}

// Forms gives an optional array of at most so many objects of known fields.
func (f *Form) Forms(name, what string, most int) []*Form {
	n, ok := f.fields.get(name)
	if f.shared.err != nil || !ok {
		return nil
	}
	items, err := n.array()
	if f.fail(err) {
		return nil
	}
	if len(items) > most {
		f.fail(errorf(CodeTooMany, n.path, "These are %d. Give at most %d.", len(items), most))
		return nil
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(f.raw[name], &raws); err != nil {
		f.fail(errorf(CodeInvalidJSON, n.path, "The body is not one JSON value: %v.", err))
		return nil
	}
	forms := make([]*Form, len(items))
	for i, item := range items {
		forms[i] = newForm(item, raws[i], what, f.shared)
	}
	return forms
}

// Within gives the error of a query that is itself a field at the path.
func (e *Error) Within(path string) *Error {
	outer := *e
	if outer.Field = path; e.Field != "" {
		outer.Field = join(path, e.Field)
	}
	return &outer
}

// compact takes the white space out of what is known to be JSON.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return raw
	}
	return b.Bytes()
}
