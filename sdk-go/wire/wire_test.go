package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2024, 5, 1, 12, 0, 0, 987654321, time.UTC)

func counter() func() string {
	n := 0
	return func() string {
		n++
		return fmt.Sprintf("00000000-0000-7000-8000-%012d", n)
	}
}

type vector struct {
	Name     string   `json:"name"`
	Call     string   `json:"call"`
	Now      string   `json:"now"`
	Body     string   `json:"body"`
	Accepted []string `json:"accepted,omitempty"`
	Rejected []struct {
		Index int  `json:"index"`
		Code  Code `json:"code"`
	} `json:"rejected,omitempty"`
	Error *struct {
		Status int  `json:"status"`
		Code   Code `json:"code"`
	} `json:"error,omitempty"`
}

// run decodes a body of a call and gives the records.
func run(call, body string, now time.Time) (records []string, rejected []Rejection, err error) {
	unpacked, err := Unpack([]byte(body))
	if err != nil {
		return nil, nil, err
	}
	switch call {
	case "POST /v1/events":
		items, rejected, err := DecodeEvents(unpacked, now, counter())
		return lines(items, now), rejected, err
	case "POST /v1/users":
		items, rejected, err := DecodeUsers(unpacked, now)
		return lines(items, now), rejected, err
	default:
		items, rejected, err := DecodeUpdates(unpacked, now)
		return lines(items, now), rejected, err
	}
}

func lines[T interface {
	AppendRecord([]byte, time.Time) []byte
}](items []Indexed[T], now time.Time) (out []string) {
	for _, i := range items {
		out = append(out, string(i.Item.AppendRecord(nil, now)))
	}
	return out
}

func TestVectors(t *testing.T) {
	const path = "testdata/vectors.json"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for i := range vectors {
		v := &vectors[i]
		t.Run(v.Name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339Nano, v.Now)
			if err != nil {
				t.Fatal(err)
			}
			records, rejected, err := run(v.Call, v.Body, at)
			var refused *BodyError
			if errors.As(err, &refused) != (v.Error != nil) {
				t.Fatalf("error %v", err)
			}
			if refused != nil && (refused.Status != v.Error.Status || refused.Code != v.Error.Code) {
				t.Errorf("got %d %s, want %+v", refused.Status, refused.Code, v.Error)
			}
			var codes, want []string
			for _, r := range rejected {
				codes = append(codes, fmt.Sprint(r.Index, r.Code))
			}
			for _, r := range v.Rejected {
				want = append(want, fmt.Sprint(r.Index, r.Code))
			}
			if !reflect.DeepEqual(codes, want) {
				t.Errorf("rejected %v, want %v", codes, want)
			}
			if *update {
				v.Accepted = records
			} else if !reflect.DeepEqual(records, v.Accepted) {
				t.Errorf("records\n%s\nwant\n%s", strings.Join(records, "\n"), strings.Join(v.Accepted, "\n"))
			}
		})
	}
	if *update {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(vectors); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// event is a body of one event with the fields of extra over sound ones.
func event(extra string) string {
	return `{"events":[{"event":"e","event_id":"0190A5C0-0000-7000-8000-000000000001","timestamp":"2024-05-01T11:00:00Z"` + extra + `}]}`
}

func nested(levels int) string {
	return strings.Repeat(`{"k":`, levels) + "1" + strings.Repeat("}", levels)
}

func TestLimitsAtTheirEdges(t *testing.T) {
	properties := func(p string) string { return event(`,"properties":` + p) }
	padded := func(size int) string { return `{"k":"` + strings.Repeat("x", size-len(`{"k":""}`)) + `"}` }
	cases := []struct {
		name, body string
		code       Code // of the rejection; empty when it is accepted
	}{
		{"event of 200 characters", event(`,"event":"` + strings.Repeat("ü", 200) + `"`), ""},
		{"event of 201 characters", event(`,"event":"` + strings.Repeat("ü", 201) + `"`), CodeEventTooLong},
		{"event of 200 escaped characters", event(`,"event":"` + strings.Repeat(`\ud83d\ude00`, 200) + `"`), ""},
		{"empty event", event(`,"event":""`), CodeEventInvalid},
		{"event is a number", event(`,"event":1`), CodeEventInvalid},
		{"event is null", event(`,"event":null`), CodeEventRequired},
		{"user id of 256 bytes", event(`,"user_id":"` + strings.Repeat("ü", 128) + `"`), ""},
		{"user id of 257 bytes", event(`,"user_id":"` + strings.Repeat("ü", 128) + `x"`), CodeUserIDTooLong},
		{"user id null", event(`,"user_id":null`), ""},
		{"user id empty", event(`,"user_id":""`), CodeUserIDInvalid},
		{"user id a number", event(`,"user_id":7`), CodeUserIDInvalid},
		{"user id with NUL", event(`,"user_id":"a\u0000"`), CodeNULCharacter},
		{"properties of 32 KiB", properties(padded(32 << 10)), ""},
		{"properties of 32 KiB and spaces", properties(strings.Replace(padded(32<<10), ":", " : ", 1)), ""},
		{"properties of 32 KiB and one", properties(padded(32<<10 + 1)), CodePropertiesTooLarge},
		{"properties 8 deep", properties(nested(8)), ""},
		{"properties 9 deep", properties(nested(9)), CodePropertiesTooDeep},
		{"arrays count as levels", properties(`{"k":[[[[[[[1]]]]]]]}`), ""},
		{"arrays too deep", properties(`{"k":[[[[[[[[1]]]]]]]]}`), CodePropertiesTooDeep},
		{"properties null", properties(`null`), ""},
		{"properties an array", properties(`[]`), CodePropertiesInvalid},
		{"properties text", properties(`"{}"`), CodePropertiesInvalid},
		{"key of 200", properties(`{"` + strings.Repeat("é", 200) + `":1}`), ""},
		{"key of 201", properties(`{"` + strings.Repeat("é", 201) + `":1}`), CodeKeyInvalid},
		{"empty key", properties(`{"":1}`), CodeKeyInvalid},
		{"empty key inside", properties(`{"a":[{"":1}]}`), CodeKeyInvalid},
		{"NUL in a value", properties(`{"a":"x\u0000"}`), CodeNULCharacter},
		{"NUL in a key", properties(`{"a\u0000":1}`), CodeNULCharacter},
		{"a backslash before u0000 is no NUL", properties(`{"a":"\\u0000"}`), ""},
		{"lone high surrogate", properties(`{"a":"\ud800"}`), CodeInvalidUTF8},
		{"lone low surrogate", properties(`{"a":"\udc00"}`), CodeInvalidUTF8},
		{"reversed surrogates", properties(`{"a":"\udc00\ud800"}`), CodeInvalidUTF8},
		{"surrogate pair", properties(`{"a":"\ud83d\ude00"}`), ""},
		{"broken UTF-8", properties("{\"a\":\"\xff\"}"), CodeInvalidUTF8},
		{"broken UTF-8 in the event", event(",\"event\":\"\xc3\x28\""), CodeInvalidUTF8},
		{"number too large", properties(`{"a":1e400}`), CodeNumberOutOfRange},
		{"number too large inside", properties(`{"a":{"b":[-1e309]}}`), CodeNumberOutOfRange},
		{"number too small is zero", properties(`{"a":1e-400}`), ""},
		{"unknown field", event(`,"userId":"u"`), CodeUnknownField},
		{"fields mind their case", event(`,"Event":"x"`), CodeUnknownField},
		{"received_at is the server's", event(`,"received_at":"2024-05-01T11:00:00Z"`), CodeUnknownField},
		{"an id that is no UUID", event(`,"event_id":"x"`), CodeEventIDInvalid},
		{"an id without hyphens", event(`,"event_id":"0190a5c0000070008000000000000001"`), CodeEventIDInvalid},
		{"1970", event(`,"timestamp":"1970-01-01T00:00:00Z"`), ""},
		{"1970 with an offset", event(`,"timestamp":"1970-01-01T00:00:00+00:01"`), CodeTimestampOutOfRange},
		{"24 h ahead", event(`,"timestamp":"2024-05-02T12:00:00.987654Z"`), ""},
		{"more than 24 h ahead", event(`,"timestamp":"2024-05-02T12:00:00.987655Z"`), CodeTimestampOutOfRange},
		{"lower-case t and z", event(`,"timestamp":"2024-05-01t11:00:00z"`), ""},
		{"offset", event(`,"timestamp":"2024-05-01T11:00:00.5+05:30"`), ""},
		{"a comma before the fraction", event(`,"timestamp":"2024-05-01T11:00:00,5Z"`), CodeTimestampInvalid},
		{"no offset", event(`,"timestamp":"2024-05-01T11:00:00"`), CodeTimestampInvalid},
		{"a date", event(`,"timestamp":"2024-05-01"`), CodeTimestampInvalid},
		{"a number", event(`,"timestamp":1714561200`), CodeTimestampInvalid},
		{"no such day", event(`,"timestamp":"2023-02-29T00:00:00Z"`), CodeTimestampInvalid},
		{"hour 24", event(`,"timestamp":"2024-05-01T24:00:00Z"`), CodeTimestampInvalid},
		{"offset without colon", event(`,"timestamp":"2024-05-01T11:00:00+0200"`), CodeTimestampInvalid},
		{"empty fraction", event(`,"timestamp":"2024-05-01T11:00:00.Z"`), CodeTimestampInvalid},
		{"an item that is no object", `{"events":[1]}`, CodeItemInvalid},
		{"an item that is null", `{"events":[null]}`, CodeItemInvalid},
		{"no timestamp with a v4 id", `{"events":[{"event":"e","event_id":"0190a5c0-0000-4000-8000-000000000001"}]}`, CodeTimestampRequired},
		{"no timestamp with a v7 id", `{"events":[{"event":"e","event_id":"018f0000-0000-7000-8000-000000000001"}]}`, ""},
		{"neither id nor timestamp", `{"events":[{"event":"e"}]}`, ""},
		{"a v7 id from the future", `{"events":[{"event":"e","event_id":"ff8f0000-0000-7000-8000-000000000001"}]}`, CodeTimestampOutOfRange},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			records, rejected, err := run("POST /v1/events", c.body, now)
			if err != nil {
				t.Fatal(err)
			}
			if c.code == "" {
				if len(records) != 1 {
					t.Fatalf("rejected: %+v", rejected)
				}
				if _, _, err := ParseEventRecord([]byte(records[0])); err != nil {
					t.Errorf("the record does not read back: %v\n%s", err, records[0])
				}
				return
			}
			if len(rejected) != 1 || rejected[0].Code != c.code || rejected[0].Message == "" {
				t.Errorf("got %+v %v, want %s", rejected, records, c.code)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	many := func(n int) string {
		return `{"events":[` + strings.TrimSuffix(strings.Repeat(`{"event":"e"},`, n), ",") + `]}`
	}
	pack := func(body string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(body))
		_ = z.Close()
		return b.String()
	}
	cases := []struct {
		name, body string
		status     int
		code       Code
	}{
		{"500 items", many(500), 0, ""},
		{"501 items", many(501), 413, CodeTooManyItems},
		{"no items", `{"events":[]}`, 0, ""},
		{"gzip", pack(many(2)), 0, ""},
		{"truncated gzip", pack(many(500))[:60], 400, CodeInvalidGzip},
		{"gzip magic alone", "\x1f\x8b", 400, CodeInvalidGzip},
		{"broken gzip", "\x1f\x8b nonsense that is long enough", 400, CodeInvalidGzip},
		{"4 MiB", `{"events":[` + strings.Repeat(" ", MaxBodyBytes-len(`{"events":[]}`)) + `]}`, 0, ""},
		{"over 4 MiB", strings.Repeat(" ", MaxBodyBytes+1), 413, CodeBodyTooLarge},
		{"bomb", pack(strings.Repeat(" ", 16<<20)), 413, CodeBodyTooLarge},
		{"empty", "", 400, CodeInvalidJSON},
		{"not JSON", "hello", 400, CodeInvalidJSON},
		{"cut", `{"events":[{"event":"e"`, 400, CodeInvalidJSON},
		{"more after it", `{"events":[]}{}`, 400, CodeInvalidJSON},
		{"an array", `[]`, 400, CodeInvalidShape},
		{"text", `"events"`, 400, CodeInvalidShape},
		{"null", `null`, 400, CodeInvalidShape},
		{"no field", `{}`, 400, CodeInvalidShape},
		{"the other field", `{"users":[]}`, 400, CodeInvalidShape},
		{"another field", `{"events":[],"x":1}`, 400, CodeInvalidShape},
		{"not an array", `{"events":{}}`, 400, CodeInvalidShape},
		{"twice", `{"events":[],"events":[]}`, 400, CodeInvalidShape},
		{"case", `{"Events":[]}`, 400, CodeInvalidShape},
		{"deep nonsense", strings.Repeat("[", 100000), 400, CodeInvalidJSON},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := run("POST /v1/events", c.body, now)
			var refused *BodyError
			if !errors.As(err, &refused) {
				if c.status != 0 {
					t.Errorf("accepted")
				}
				return
			}
			if refused.Status != c.status || refused.Code != c.code || refused.Message == "" {
				t.Errorf("%+v", refused)
			}
		})
	}
}

func TestRejectedMessagesNameTheField(t *testing.T) {
	_, rejected, err := run("POST /v1/events", event(`,"properties":{"cart":{"items":[{"price":1e999}]}}`), now)
	if err != nil || len(rejected) != 1 || !strings.HasPrefix(rejected[0].Message, "properties.cart.items.price: ") {
		t.Errorf("%+v, %v", rejected, err)
	}
}

func TestCanonical(t *testing.T) {
	cases := map[string]string{
		// RFC 8785, section 3.2.2 and 3.2.3
		`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`: `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`:                                                                                         "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}",
		`-0`: `0`, `1.0`: `1`, `1e21`: `1e+21`, `1e-7`: `1e-7`, `12345678901234567890`: `12345678901234567000`, ` [ ] `: `[]`, `"</script>"`: `"</script>"`,
	}
	for in, want := range cases {
		got, err := Canonical([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s (%v)", in, got, want, err)
		}
		if again, err := Canonical(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("not idempotent: %s, %v", again, err)
		}
	}
	for _, bad := range []string{``, `1 2`, `1e400`, `{`, `nul`} {
		if got, err := Canonical([]byte(bad)); err == nil {
			t.Errorf("%q gave %s", bad, got)
		}
	}
}

func TestUUIDv7(t *testing.T) {
	id, err := NewUUIDv7(now, bytes.NewReader(bytes.Repeat([]byte{0xff}, 10)))
	if err != nil || !isUUID(id) || id[14] != '7' || id[19] != 'b' {
		t.Errorf("%s, %v", id, err)
	}
	if at := timeOfV7(id); !at.Equal(now.Truncate(time.Millisecond)) {
		t.Errorf("time %s", at)
	}
	if _, err := NewUUIDv7(now, bytes.NewReader(nil)); err == nil {
		t.Error("no randomness gave an id")
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"events":[{"event":"e","properties":{"a":1,"a":2,"\u0061":3}}]}`, `{"events":[{"event":"\ud83d\ude00","user_id":"u"}]}`,
		`{"events":[{"event":"e","timestamp":"2024-05-01T11:00:00.123456789+05:30","properties":{"x":[{"y":1e-400},-0,1E5,123456789012345678901234567890123456789]}}]}`,
		`{"users":[{"user_id":"u","attributes":{"k":null},"updated_at":"2024-05-01T11:00:00Z"}]}`, "{\"events\":[{\"event\":\"\xff\"}]}", `{"events":[1,null,"x",[],{}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, call := range []string{"POST /v1/events", "POST /v1/users", "PATCH /v1/users"} {
			records, _, err := run(call, body, now)
			if err != nil {
				continue
			}
			for _, r := range records {
				if !json.Valid([]byte(r)) {
					t.Fatalf("%s: a record that is not JSON: %s", call, r)
				}
				var again []byte
				var err error
				switch call {
				case "POST /v1/events":
					var e Event
					e, _, err = ParseEventRecord([]byte(r))
					again = e.AppendRecord(nil, now)
				case "POST /v1/users":
					var u NewUser
					u, _, err = ParseUserRecord([]byte(r))
					again = u.AppendRecord(nil, now)
				default:
					var u UserUpdate
					u, _, err = ParseUpdateRecord([]byte(r))
					again = u.AppendRecord(nil, now)
				}
				if err != nil || string(again) != r {
					t.Fatalf("%s: %v\n got %s\nwant %s", call, err, again, r)
				}
			}
		}
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add(`{"b":[1,2.50,"x"],"a":null}`)
	f.Fuzz(func(t *testing.T, v string) {
		once, err := Canonical([]byte(v))
		if err != nil {
			return
		}
		twice, err := Canonical(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s: %s then %s, %v", v, once, twice, err)
		}
	})
}

func BenchmarkDecodeEvents(b *testing.B) {
	item := `{"event_id":"0190a5c0-0000-7000-8000-000000000001","event":"order_placed","user_id":"u_12345","timestamp":"2024-05-01T11:00:00.123456Z","properties":{"amount":12.5,"country":"DE","plan":"pro","new":true}}`
	body := []byte(`{"events":[` + strings.TrimSuffix(strings.Repeat(item+",", 100), ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		items, _, err := DecodeEvents(body, now, counter())
		if err != nil || len(items) != 100 {
			b.Fatal(err, len(items))
		}
		dst = dst[:0]
		for _, i := range items {
			dst = append(i.Item.AppendRecord(dst, now), '\n')
		}
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "events/s")
}

func TestNestingWithoutEndSpoilsNothing(t *testing.T) {
	for _, levels := range []int{99, 9_000, 10_001, 500_000} {
		deep := strings.Repeat("[", levels) + `"]\"["` + strings.Repeat("]", levels)
		body := `{"events":[{"event":"a"},{"event":"deep","properties":{"a":` + deep + `,"b":{"c":` + deep + `}}},{"event":"b"}]}`
		records, rejected, err := run("POST /v1/events", body, now)
		if err != nil || len(records) != 2 || len(rejected) != 1 || rejected[0].Index != 1 || rejected[0].Code != CodePropertiesTooDeep {
			t.Errorf("%d levels: %d records, %+v, %v", levels, len(records), rejected, err)
		}
	}
	for _, broken := range []string{strings.Repeat("[", 20_000) + strings.Repeat("]", 19_999), `{"events":[` + strings.Repeat("[", 20_000), `{"events":["\`} {
		if _, _, err := run("POST /v1/events", broken, now); err == nil {
			t.Errorf("%.40s was accepted", broken)
		}
	}
}
