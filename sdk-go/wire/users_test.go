package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestUserLimitsAtTheirEdges(t *testing.T) {
	user := func(extra string) string { return `{"users":[{"user_id":"u"` + extra + `}]}` }
	attributes := func(a string) string { return user(`,"attributes":` + a) }
	padded := func(size int) string { return `{"k":"` + strings.Repeat("x", size-len(`{"k":""}`)) + `"}` }
	// %t stands for the name of the call's time.
	cases := []struct {
		name, body string
		code       Code
		mentions   string // what the message must name
	}{
		{"an id alone", user(``), "", ""},
		{"no id", `{"users":[{"attributes":{}}]}`, CodeUserIDRequired, "user_id"},
		{"a null id", `{"users":[{"user_id":null}]}`, CodeUserIDRequired, "user_id"},
		{"an empty id", `{"users":[{"user_id":""}]}`, CodeUserIDInvalid, "user_id"},
		{"a number as id", `{"users":[{"user_id":1}]}`, CodeUserIDInvalid, "user_id"},
		{"an id of 256 bytes", `{"users":[{"user_id":"` + strings.Repeat("x", 256) + `"}]}`, "", ""},
		{"an id of 257 bytes", `{"users":[{"user_id":"` + strings.Repeat("x", 257) + `"}]}`, CodeUserIDTooLong, "257"},
		{"an item that is text", `{"users":["u"]}`, CodeItemInvalid, "user_id"},
		{"the field of events", user(`,"properties":{}`), CodeUnknownField, `"properties"`},
		{"attributes null", attributes(`null`), "", ""},
		{"attributes an array", attributes(`[]`), CodeAttributesInvalid, "attributes"},
		{"attributes of 32 KiB", attributes(padded(32 << 10)), "", ""},
		{"attributes of 32 KiB and one", attributes(padded(32<<10 + 1)), CodeAttributesTooLarge, "32769"},
		{"attributes 8 deep", attributes(nested(8)), "", ""},
		{"attributes 9 deep", attributes(nested(9)), CodeAttributesTooDeep, "attributes.k.k.k.k.k.k.k.k"},
		{"a removal", attributes(`{"plan":null}`), "", ""},
		{"a time of today", user(`,"%t":"2024-05-01T11:00:00+02:00"`), "", ""},
		{"a time with an escape", user(`,"%t":"2024-05-01T11:00:00\u005A"`), "", ""},
		{"a time that is no text", user(`,"%t":"2024-05-01T11:00:00\ud800"`), CodeTimestampInvalid, "%t"},
		{"a null time", user(`,"%t":null`), "", ""},
		{"a time that is none", user(`,"%t":"yesterday"`), CodeTimestampInvalid, "%t"},
		{"a time before 1970", user(`,"%t":"1969-12-31T23:59:59.999999999Z"`), CodeTimestampOutOfRange, "%t"},
		{"a time 24 h ahead", user(`,"%t":"2024-05-02T12:00:00.9876543Z"`), "", ""},
		{"a time too far ahead", user(`,"%t":"2024-05-02T12:00:00.987655Z"`), CodeTimestampOutOfRange, "%t"},
	}
	for call, timeField := range map[string]string{"POST /v1/users": "created_at", "PATCH /v1/users": "updated_at"} {
		for _, c := range cases {
			t.Run(call+"/"+c.name, func(t *testing.T) {
				records, rejected, err := run(call, strings.ReplaceAll(c.body, "%t", timeField), now)
				if err != nil {
					t.Fatal(err)
				}
				if c.code == "" {
					if len(records) != 1 {
						t.Errorf("rejected: %+v", rejected)
					}
					return
				}
				mentions := strings.ReplaceAll(c.mentions, "%t", timeField)
				if len(rejected) != 1 || rejected[0].Code != c.code || !strings.Contains(rejected[0].Message, mentions) {
					t.Errorf("got %+v %v, want %s naming %s", rejected, records, c.code, mentions)
				}
			})
		}
	}
}

func TestTheTimeFieldBelongsToTheCall(t *testing.T) {
	for call, field := range map[string]string{"POST /v1/users": "updated_at", "PATCH /v1/users": "created_at"} {
		_, rejected, err := run(call, `{"users":[{"user_id":"u","`+field+`":"2024-05-01T11:00:00Z"}]}`, now)
		if err != nil || len(rejected) != 1 || rejected[0].Code != CodeUnknownField {
			t.Errorf("%s took %s: %+v %v", call, field, rejected, err)
		}
	}
}

func TestRecordsAreReadStrictly(t *testing.T) {
	const (
		id       = `"event_id":"0190a5c0-0000-7000-8000-000000000001"`
		at       = `"timestamp":"2024-05-01T11:00:00.000000Z"`
		received = `"received_at":"2024-05-01T11:00:01.000000Z"`
	)
	events := map[string]Code{
		`{` + id + `,"event":"e",` + at + `,"properties":{},` + received + `}`: "",
		`{` + id + `,"event":"e",` + at + `,"properties":{}}`:                  CodeTimestampRequired,
		`{` + id + `,"event":"e","properties":{},` + received + `}`:            CodeTimestampRequired,
		`{"event":"e",` + at + `,"properties":{},` + received + `}`:            CodeEventIDInvalid,
		`{` + id + `,"event":"e",` + at + `,"x":1,` + received + `}`:           CodeUnknownField,
		`{` + id + `,"event":"e"`:                                              CodeItemInvalid,
		``:                                                                     CodeItemInvalid,
	}
	for line, code := range events {
		_, _, err := ParseEventRecord([]byte(line))
		checkRecord(t, line, err, code)
	}
	for line, code := range map[string]Code{
		`{"user_id":"u","created_at":"2024-05-01T11:00:00Z",` + received + `}`: "",
		`{"user_id":"u",` + received + `}`:                                     CodeTimestampRequired,
		`{"user_id":"u","created_at":"2024-05-01T11:00:00Z"}`:                  CodeTimestampRequired,
		`{"user_id":"u","updated_at":"2024-05-01T11:00:00Z",` + received + `}`: CodeUnknownField,
	} {
		_, _, err := ParseUserRecord([]byte(line))
		checkRecord(t, line, err, code)
		_, _, err = ParseUpdateRecord([]byte(strings.NewReplacer("created_at", "updated_at", "updated_at", "created_at").Replace(line)))
		checkRecord(t, line, err, code)
	}
}

func checkRecord(t *testing.T, line string, err error, code Code) {
	t.Helper()
	var failed *ItemError
	if errors.As(err, &failed) != (code != "") || (failed != nil && failed.Code != code) {
		t.Errorf("%s: %v, want %q", line, err, code)
	}
}

func TestARecordMadeByHandIsWhole(t *testing.T) {
	if got := string(Event{EventID: "i", Event: "e", Timestamp: now}.AppendRecord(nil, now)); !strings.Contains(got, `"properties":{},`) {
		t.Error(got)
	}
	if got := string(NewUser{UserID: "u", CreatedAt: now}.AppendItem(nil)); !strings.HasSuffix(got, `"attributes":{}}`) {
		t.Error(got)
	}
	if got := string(UserUpdate{UserID: "u", UpdatedAt: now}.AppendItem(nil)); !strings.Contains(got, `"attributes":{},`) {
		t.Error(got)
	}
}
