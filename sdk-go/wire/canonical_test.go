package wire

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// The table of RFC 8785, appendix B: the bits of a double and its text.
func TestCanonicalNumbersOfTheRFC(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0",
		0x8000000000000000: "0",
		0x0000000000000001: "5e-324",
		0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992",
		0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23",
		0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555554: "333333333.33333325",
		0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334",
		0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333",
		0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		// 17 digits name a double beyond doubt, in a form unlike the wanted one.
		in := strconv.FormatFloat(math.Float64frombits(bits), 'e', 17, 64)
		got, err := Canonical([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%#x (%s): got %s, %v; want %s", bits, in, got, err, want)
		}
	}
}

// encoding/json writes doubles by the same rule, in code of its own.
func TestCanonicalNumbersAgreeWithEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		v := math.Float64frombits(random.Uint64())
		if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 {
			continue
		}
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Canonical([]byte(strconv.FormatFloat(v, 'e', -1, 64)))
		if err != nil || string(got) != string(want) {
			t.Fatalf("got %s, %v; want %s", got, err, want)
		}
	}
}

func TestCanonicalObjects(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":2}`:                        `{"a":2,"b":1}`,
		`{"a":1,"a":2}`:                        `{"a":2}`,
		`{"a":1,"b":0,"\u0061":[3]}`:           `{"a":[3],"b":0}`,
		`{"z":{"d":1,"c":2},"y":[{"b":1}, 2]}`: `{"y":[{"b":1},2],"z":{"c":2,"d":1}}`,
		`{"ab":1,"a":2,"":3}`:                  `{"":3,"a":2,"ab":1}`,
		// Surrogates (U+1F600) sort before U+E000 and after U+D7FF.
		"{\"\ue000\":1,\"\U0001f600\":2,\"\ud7ff\":3}": "{\"\ud7ff\":3,\"\U0001f600\":2,\"\ue000\":1}",
		`"\u0000\u001f\u007f"`:                         "\"\\u0000\\u001f\u007f\"",
	} {
		if got, err := Canonical([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s (%v)", in, got, want, err)
		}
	}
}

func TestCanonicalRefusesBrokenText(t *testing.T) {
	for _, in := range []string{"\"\xff\"", `"\ud800"`, "{\"\xc3\x28\":1}", `["\udc00\ud800"]`} {
		if got, err := Canonical([]byte(in)); err == nil {
			t.Errorf("%q gave %q", in, got)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	value := []byte(`{"name":"Ada","plan":"pro","score":12.50,"tags":["a","b"],"address":{"city":"Graz","zip":"8010"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Canonical(value); err != nil {
			b.Fatal(err)
		}
	}
}
