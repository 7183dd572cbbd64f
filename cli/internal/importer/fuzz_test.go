package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// FuzzImport reads whatever a file may hold. Every line that is not blank becomes a
// message or is refused by name, in its order, and the numbers are those of the file.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"{\"event\":\"a\"}\r\n\n{broken\n{\"user_id\":\"u\",\"attributes\":{}}",
		"\xef\xbb\xbf{\"user_id\":\"u\",\"updated_at\":\"2024-01-01T00:00:00Z\",\"attributes\":{\"k\":null}}\n",
		"[{\"event\":\"a\"},\n{\"event\":\"b\"}]\n", "{\"event\":\"\xff\"}\nnull\n7\n{}\n", "\x1f\x8b\x08", "\r\r\n \t\n", "",
	} {
		f.Add([]byte(seed), "auto")
	}
	f.Add([]byte(`{"user_id":"u","attributes":{"a":1}}`), Updates)
	f.Fuzz(func(t *testing.T, text []byte, kind string) {
		if kind != Events && kind != Users && kind != Updates {
			kind = Auto
		}
		source, err := newLines(bytes.NewReader(text))
		if err != nil {
			if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		packed := bytes.HasPrefix(text, []byte{0x1f, 0x8b})
		want := bytes.Split(bytes.TrimPrefix(text, byteOrderMark), []byte("\n"))
		last := 0
		for {
			line, err := source.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				if packed || errors.Is(err, errLineTooLong) {
					return // a broken archive; lines too long have a test of their own
				}
				t.Fatalf("%q: %v", text, err)
			}
			if !packed {
				for skipped := last + 1; skipped < source.number; skipped++ {
					if len(bytes.TrimSpace(want[skipped-1])) > 0 {
						t.Fatalf("%q: line %d is passed over", text, skipped)
					}
				}
				if got := bytes.TrimSuffix(want[source.number-1], []byte("\r")); !bytes.Equal(line, got) {
					t.Fatalf("%q: line %d is %q, want %q", text, source.number, line, got)
				}
			}
			last = source.number
			m, err := message(line, kind, place{"f", last}, now, func() string { return "33333333-3333-4333-8333-333333333333" })
			var item *wire.ItemError
			switch {
			case err != nil && (!errors.As(err, &item) || item.Code == "" || item.Message == ""):
				t.Fatalf("%q: refused with %#v", line, err)
			case err == nil && placeOf(m) != place{"f", last}:
				t.Fatalf("%q: the message is of %v", line, placeOf(m))
			case err == nil && !whole(m):
				t.Fatalf("%q becomes %+v", line, m)
			}
		}
		if !packed {
			for rest := last + 1; rest <= len(want); rest++ {
				if len(bytes.TrimSpace(want[rest-1])) > 0 {
					t.Fatalf("%q: line %d is passed over", text, rest)
				}
			}
		}
	})
}

// whole tells whether a message has what the API asks of it.
func whole(m dataloaf.Message) bool {
	switch m := m.(type) {
	case dataloaf.Event:
		properties, ok := m.Properties.(json.RawMessage)
		return m.Event != "" && m.EventID != "" && !m.Timestamp.IsZero() && ok && json.Valid(properties)
	case dataloaf.User:
		attributes, ok := m.Attributes.(json.RawMessage)
		return m.UserID != "" && !m.CreatedAt.IsZero() && ok && json.Valid(attributes)
	case dataloaf.Update:
		attributes, ok := m.Attributes.(json.RawMessage)
		return m.UserID != "" && !m.UpdatedAt.IsZero() && ok && json.Valid(attributes)
	}
	return false
}
