package wire

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// validSeeds are texts at the edges of the grammar (RFC 8259), right and wrong.
var validSeeds = []string{
	``, ` `, `{}`, `[]`, ` { } `, "\t[\r\n]", `{"a":1}`, `{"a" : [1 , {"b":null}] , "c":"d"}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{1:1}`,
	`[1 2]`, `[1}`, `{"a":1]`, `[`, `{`, `{"a"`, `{"a":`, `{"a":1`, `[1`, `[1,`, `]`, `}`, `{}{}`, `[] x`, "\v[]", "\u00a0[]", "\ufeff{}",
	`0`, `-0`, `-`, `+1`, `00`, `01`, `-01`, `1.`, `.5`, `1.5`, `0.0`, `-0.0e0`, `1e`, `1e+`, `1E-7`, `1e5.5`, `1.e5`, `0x1`, `1a`, `NaN`, `Infinity`, `-Infinity`,
	`true`, `false`, `null`, `tru`, `truex`, `nul`, `falsey`, `True`,
	`"`, `""`, `"a`, `"\"`, `"\\"`, `"\/\b\f\n\r\t"`, `"\a"`, `"\'"`, `"\u12"`, `"\u12g4"`, `"\u00fF"`, `"\u1`, "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"\xff\"", "\"a\nb\"", `"\ud800"`, `"\`,
}

func TestValidIsThatOfEncodingJSON(t *testing.T) {
	for _, text := range validSeeds {
		if got, want := valid([]byte(text)), json.Valid([]byte(text)); got != want {
			t.Errorf("%q: valid gives %v, json.Valid %v", text, got, want)
		}
	}
	for _, depth := range []int{maxNesting - 1, maxNesting, maxNesting + 1} {
		for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := []byte(strings.Repeat(pair[0], depth) + "1" + strings.Repeat(pair[1], depth))
			if got, want := valid(text), json.Valid(text); got != want {
				t.Errorf("%d times %s: valid gives %v, json.Valid %v", depth, pair[0], got, want)
			}
		}
	}
	vectors, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	// Cut off and with a byte changed at each place of a real text.
	text := vectors[:min(len(vectors), 4096)]
	for i := range text {
		if got, want := valid(text[:i]), json.Valid(text[:i]); got != want {
			t.Fatalf("the first %d bytes: valid gives %v, json.Valid %v", i, got, want)
		}
	}
	line := []byte(`{"event_id":"018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a","event":"a\u00e9b","properties":{"a":[-1.5e+3,true,false,null,{}],"b":"\\"}}`)
	for i := range line {
		for _, c := range []byte("\"\\{}[],:0123456789-+.eEtfnu \n\x00\x80/") {
			changed := append([]byte(nil), line...)
			changed[i] = c
			if got, want := valid(changed), json.Valid(changed); got != want {
				t.Fatalf("%s: valid gives %v, json.Valid %v", changed, got, want)
			}
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, seed := range validSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := valid(text), json.Valid(text); got != want {
			t.Fatalf("%q: valid gives %v, json.Valid %v", text, got, want)
		}
	})
}

func BenchmarkValid(b *testing.B) {
	line := []byte(`{"event_id":"018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a","event":"page_view","user_id":"user-12345","timestamp":"2025-01-01T00:00:00.123456Z","properties":{"amount":12.5,"country":"DE","device":"phone","browser":"Firefox","path":"/p/123","items":3,"experiment":true,"version":"1.7"},"received_at":"2025-01-01T00:00:00.123456Z"}`)
	for name, f := range map[string]func([]byte) bool{"valid": valid, "json": json.Valid} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				if !f(line) {
					b.Fatal("it is JSON")
				}
			}
		})
	}
}
