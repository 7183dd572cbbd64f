package wire

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestCheckEventRecordGivesEachProperty(t *testing.T) {
	const head, tail = `{"event_id":"018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a","event":"e","timestamp":"2024-05-01T00:00:00Z"`, `,"received_at":"2024-05-01T00:00:01Z"}`
	for name, c := range map[string]struct {
		properties string
		want       map[string]string // "name=first letter of the value" of each
	}{
		"none":           {``, map[string]string{}},
		"null":           {`,"properties":null`, map[string]string{}},
		"each type":      {`,"properties":{"s":"x","n":-1,"b":true,"o":{"in":1},"a":[1],"z":null}`, map[string]string{"s": `"`, "n": "-", "b": "t", "o": "{", "a": "[", "z": "n"}},
		"white space":    {`,"properties" : { "s" : "x" , "n" : 1 }`, map[string]string{"s": `"`, "n": "1"}},
		"repeated name":  {`,"properties":{"p":"x","p":1}`, map[string]string{"p": `"1`}},
		"escaped name":   {`,"properties":{"\u0070":1,"p":"x"}`, map[string]string{"p": `1"`}},
		"repeated field": {`,"properties":{"p":1},"properties":{"p":"x"}`, map[string]string{"p": `1"`}},
		"escaped field":  {`,"propert\u0069es":{"p":1}`, map[string]string{"p": "1"}},
	} {
		got := map[string]string{}
		err := CheckEventRecord([]byte(head+c.properties+tail), func(name, value []byte) {
			got[Text(name)] += string(value[:1])
		})
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, c.want)
		}
	}
	var item *ItemError
	err := CheckEventRecord([]byte(head+`,"properties":{"p":"\u0000"}`+tail), func(name, _ []byte) { t.Errorf("got %s of a line that is refused", name) })
	if !errors.As(err, &item) || item.Code != CodeNULCharacter {
		t.Errorf("got %v", err)
	}
}

// Text is looked through eight bytes at a time: what matters must be found at each
// place, and nothing else taken for it.
func TestStringsOfEachLength(t *testing.T) {
	for length := range 40 {
		for at := range length {
			for letter, sound := range map[string]bool{"a": true, "\x1f": false, " ": true, "\x7f": true, `\n`: true, `\`: false, "é": true, "\xff": true, "!": true, "#": true, "[": true, "]": true} {
				text := strings.Repeat("x", at) + letter + strings.Repeat("y", length-at-1)
				raw := []byte(`"` + text + `"`)
				if got := valid(raw); got != sound {
					t.Fatalf("valid(%q) = %t", raw, got)
				}
				if !sound {
					continue
				}
				if end := stringEnd(append(raw, `,"more":"\""`...), 0); end != len(raw) {
					t.Fatalf("stringEnd(%q) = %d", raw, end)
				}
				if got, want := plain([]byte(text)), letter != `\n` && letter != "é" && letter != "\xff"; got != want {
					t.Fatalf("plain(%q) = %t", text, got)
				}
			}
		}
	}
}
