package insight

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// read takes a form apart as something saved would.
func read(body string) (at time.Time, err error) {
	f := ReadForm([]byte(body), "The thing")
	f.Text("name", 1, 5)
	f.Text("note", 0, 5)
	f.Range("range")
	f.Timezone("timezone")
	f.Object("display", 20)
	if f.Has("query") {
		f.Query("query")
	}
	if f.Has("amount") {
		f.Number("amount")
	}
	f.Flag("on", true)
	if f.Has("at") {
		at = f.Instant("at")
	}
	if f.Has("title") && f.Flag("titled", false) {
		f.Name("title", 3)
	}
	for _, part := range f.Forms("parts", "A part", 2) {
		part.Word("kind", "a", "b")
		part.Form("place", "A place").Whole("x", 0, 11)
	}
	return at, f.Finish()
}

func TestForm(t *testing.T) {
	at, err := read(`{"name":" äöü ","note":"","range":{"last":"7d"},"timezone":"Asia/Kolkata","display":{"any":[1]},"at":"2024-03-01T09:00:00.123456789+05:30","amount":-1.5e-400,"on":false,
		"query":{"range":{"last":"7d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]},
		"parts":[{"kind":"a","place":{"x":11}},{"kind":"b","place":{"x":0}}]}`)
	if want := time.Date(2024, 3, 1, 3, 30, 0, 123456000, time.UTC); err != nil || !at.Equal(want) {
		t.Errorf("%v, %v", at, err)
	}
	for _, nothing := range []string{`{"name":"a"}`, `{"name":"a","title":"","titled":null}`, `{"name":"a","title":" ","titled":true}`, `{"name":"a","title":"äöü","titled":true}`, `{"name":"a","note":null,"range":null,"timezone":null,"display":null,"parts":null,"query":null}`} {
		if _, err := read(nothing); err != nil {
			t.Errorf("%s: %v", nothing, err)
		}
	}

	for _, test := range []struct{ body, code, field string }{
		{``, CodeInvalidJSON, ""},
		{`{"name":"a","title":"","titled":true}`, CodeRequired, "title"},
		{`{"name":"a","title":"äöüß","titled":true}`, CodeInvalidValue, "title"},
		{`{"name":"a","title":1,"titled":true}`, CodeWrongType, "title"},
		{`{"name":"a","title":"a\u0000","titled":true}`, CodeNULCharacter, "title"},
		{`{"name":"a","title":"a","titled":"true"}`, CodeWrongType, "titled"},
		{`[]`, CodeWrongType, ""},
		{`{"name":"a","name":"b"}`, CodeDuplicateField, "name"},
		{`{}`, CodeRequired, "name"},
		{`{"name":null}`, CodeRequired, "name"},
		{`{"name":" \t "}`, CodeRequired, "name"},
		{`{"name":"äöüßéx"}`, CodeInvalidValue, "name"},
		{`{"name":7}`, CodeWrongType, "name"},
		{`{"name":"a\u0000"}`, CodeNULCharacter, "name"},
		{`{"name":"a","note":"123456"}`, CodeInvalidValue, "note"},
		{`{"name":"a","extra":1}`, CodeUnknownField, "extra"},
		{`{"name":"a","range":{"last":"7"}}`, CodeInvalidRange, "range.last"},
		{`{"name":"a","timezone":"Mars/Base"}`, CodeUnknownTimezone, "timezone"},
		{`{"name":"a","display":[]}`, CodeWrongType, "display"},
		{`{"name":"a","display":{"a":"123456789012345"}}`, CodeInvalidValue, "display"},
		{`{"name":"a","query":[]}`, CodeWrongType, "query"},
		{`{"name":"a","query":{"range":{"last":"7"}}}`, CodeInvalidRange, "query.range.last"},
		{`{"name":"a","query":{"range":{"from":"0001-01-01","to":"9999-12-31"},"interval":"hour","series":[{"event":"e","aggregation":{"type":"total"}}]}}`, CodeTooManyBuckets, "query.interval"},
		{`{"name":"a","amount":"1"}`, CodeWrongType, "amount"},
		{`{"name":"a","amount":1e400}`, CodeInvalidValue, "amount"},
		{`{"name":"a","on":"yes"}`, CodeWrongType, "on"},
		{`{"name":"a","at":"yesterday"}`, CodeInvalidValue, "at"},
		{`{"name":"a","at":"0000-01-01T00:00:00Z"}`, CodeInvalidValue, "at"},
		{`{"name":"a","parts":{}}`, CodeWrongType, "parts"},
		{`{"name":"a","parts":[{},{},{}]}`, CodeTooMany, "parts"},
		{`{"name":"a","parts":["a"]}`, CodeWrongType, "parts[0]"},
		{`{"name":"a","parts":[{"kind":"c"}]}`, CodeUnknownValue, "parts[0].kind"},
		{`{"name":"a","parts":[{"kind":"a"}]}`, CodeRequired, "parts[0].place"},
		{`{"name":"a","parts":[{"kind":"a","place":{"x":0}},{"kind":"a","place":{"x":12}}]}`, CodeInvalidValue, "parts[1].place.x"},
		{`{"name":"a","parts":[{"kind":"a","place":{"x":0,"y":1}}]}`, CodeUnknownField, "parts[0].place.y"},
	} {
		_, err := read(test.body)
		var bad *Error
		if !errors.As(err, &bad) || bad.Code != test.code || bad.Field != test.field || !strings.HasSuffix(bad.Message, ".") {
			t.Errorf("%s: %#v, want %s at %s", test.body, err, test.code, test.field)
		}
	}
	if _, err := read(`{"name":"a","extra":1}`); !strings.Contains(err.Error(), "Known are: name, note, range, timezone, display, query, amount, on, at, title, parts.") {
		t.Errorf("what is known: %v", err)
	}
}
