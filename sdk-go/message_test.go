package dataloaf_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

type order struct {
	Total    float64           `json:"total"`
	Note     string            `json:"note,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Lines    []line            `json:"lines,omitempty"`
	Internal string            `json:"-"`
}

type line struct{ Name *string }

func TestWhatBreaksTheRulesIsRefusedAtOnce(t *testing.T) {
	circle := map[string]any{}
	circle["self"] = circle
	broken := "caf\xe9"
	properties := func(p any) dataloaf.Message { return dataloaf.Event{Event: "e", Properties: p} }
	attributes := func(a any) dataloaf.Message { return dataloaf.Update{UserID: "u", Attributes: a} }
	cases := map[string]struct {
		message dataloaf.Message
		code    wire.Code
		field   string
	}{
		"no name":                   {dataloaf.Event{}, wire.CodeEventRequired, "event"},
		"a long name":               {dataloaf.Event{Event: strings.Repeat("x", 201)}, wire.CodeEventTooLong, "event"},
		"a broken name":             {dataloaf.Event{Event: broken}, wire.CodeInvalidUTF8, "event"},
		"NUL in the name":           {dataloaf.Event{Event: "a\x00"}, wire.CodeNULCharacter, "event"},
		"an id that is none":        {dataloaf.Event{Event: "e", EventID: "1"}, wire.CodeEventIDInvalid, "event_id"},
		"a long user id":            {dataloaf.Event{Event: "e", UserID: strings.Repeat("x", 257)}, wire.CodeUserIDTooLong, "user_id"},
		"a time in the future":      {dataloaf.Event{Event: "e", Timestamp: time.Now().Add(25 * time.Hour)}, wire.CodeTimestampOutOfRange, "timestamp"},
		"a time before 1970":        {dataloaf.Event{Event: "e", Timestamp: time.Unix(-1, 0)}, wire.CodeTimestampOutOfRange, "timestamp"},
		"a year of five digits":     {dataloaf.Event{Event: "e", Timestamp: time.Date(12024, 1, 1, 0, 0, 0, 0, time.UTC)}, wire.CodeTimestampInvalid, "timestamp"},
		"a user without an id":      {dataloaf.User{}, wire.CodeUserIDRequired, "user_id"},
		"a user of the future":      {dataloaf.User{UserID: "u", CreatedAt: time.Now().Add(25 * time.Hour)}, wire.CodeTimestampOutOfRange, "created_at"},
		"an update without an id":   {dataloaf.Update{}, wire.CodeUserIDRequired, "user_id"},
		"an update of the future":   {dataloaf.Update{UserID: "u", UpdatedAt: time.Now().Add(25 * time.Hour)}, wire.CodeTimestampOutOfRange, "updated_at"},
		"properties too large":      {properties(map[string]any{"k": strings.Repeat("x", wire.MaxPropertiesBytes)}), wire.CodePropertiesTooLarge, "properties"},
		"properties as a list":      {properties([]any{1}), wire.CodePropertiesInvalid, "properties"},
		"properties as text":        {properties("{}"), wire.CodePropertiesInvalid, "properties"},
		"properties with a channel": {properties(map[string]any{"c": make(chan int)}), wire.CodePropertiesInvalid, "properties"},
		"raw that is not JSON":      {properties(json.RawMessage(`{"a":`)), wire.CodePropertiesInvalid, "properties"},
		"raw that breaks out":       {properties(json.RawMessage(`{},"event":"another"`)), wire.CodePropertiesInvalid, "properties"},
		"a map that holds itself":   {properties(circle), wire.CodePropertiesTooDeep, "properties"},
		"not a number":              {properties(map[string]any{"n": math.NaN()}), wire.CodeNumberOutOfRange, "properties"},
		"infinity in a struct":      {properties(order{Total: math.Inf(1)}), wire.CodeNumberOutOfRange, "properties"},
		"a number beyond a double":  {properties(json.RawMessage(`{"n":1e999}`)), wire.CodeNumberOutOfRange, "properties.n"},
		"a broken value":            {properties(map[string]any{"k": broken}), wire.CodeInvalidUTF8, "properties.k"},
		"a broken key":              {properties(map[string]any{broken: 1}), wire.CodeInvalidUTF8, "properties"},
		"a broken value in a list":  {properties(map[string]any{"k": []string{"a", broken}}), wire.CodeInvalidUTF8, "properties.k"},
		"broken text in a struct":   {properties(order{Note: broken}), wire.CodeInvalidUTF8, "properties"},
		"broken text in its map":    {properties(order{Labels: map[string]string{"a": broken}}), wire.CodeInvalidUTF8, "properties"},
		"broken text deep in it":    {properties(&order{Lines: []line{{&broken}}}), wire.CodeInvalidUTF8, "properties"},
		"broken text in raw":        {properties(json.RawMessage("{\"a\":\"\xff\"}")), wire.CodeInvalidUTF8, "properties.a"},
		"an empty key":              {properties(map[string]any{"": 1}), wire.CodeKeyInvalid, "properties"},
		"attributes as a number":    {attributes(7), wire.CodeAttributesInvalid, "attributes"},
		"attributes too large":      {attributes(map[string]any{"k": strings.Repeat("x", wire.MaxPropertiesBytes)}), wire.CodeAttributesTooLarge, "attributes"},
		"attributes too deep":       {attributes(circle), wire.CodeAttributesTooDeep, "attributes"},
		"attributes of a user":      {dataloaf.User{UserID: "u", Attributes: math.Pi}, wire.CodeAttributesInvalid, "attributes"},
	}
	c := idle(t)
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			err := c.Enqueue(one.message)
			var refused *wire.ItemError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			if refused.Code != one.code || refused.Field != one.field || !strings.Contains(err.Error(), one.field) {
				t.Errorf("%s at %q: %v; want %s at %q", refused.Code, refused.Field, err, one.code, one.field)
			}
		})
	}
	if err := c.Enqueue(nil); err == nil {
		t.Error("nil was enqueued")
	}
	if s := c.Stats(); s.Enqueued != 0 {
		t.Errorf("%+v", s)
	}
}

// idle is a client whose messages are never sent.
func idle(tb testing.TB) *dataloaf.Client {
	tb.Helper()
	c, err := dataloaf.New(dataloaf.Config{
		Endpoint: "https://api.example.com", APIKey: testKey, Logger: slog.New(slog.DiscardHandler), FlushInterval: time.Hour,
		Transport: hang{}, MaxQueueItems: math.MaxInt, MaxQueueBytes: math.MaxInt,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_ = c.Close(gone) // it says that nothing was delivered
	})
	return c
}

func TestPropertiesAreWhatEncodingJSONWrites(t *testing.T) {
	name := "rye <b> & \u2028 \"crust\""
	at := time.Date(2024, 5, 1, 13, 45, 0, 120, time.FixedZone("", 7200))
	for _, properties := range []any{
		nil,
		map[string]any(nil),
		map[string]any{},
		json.RawMessage(` { "a" : [ 1 , null ] } `),
		json.RawMessage(nil),
		order{Total: 12.5, Note: name, Labels: map[string]string{"ü": "ö"}, Lines: []line{{&name}, {}}, Internal: "\xff stays here"},
		&order{},
		map[string]string{"plan": "pro"},
		map[string]any{
			"nil": nil, "true": true, "text": name, "int": -3, "int32": int32(4), "int64": int64(math.MaxInt64), "uint32": uint32(5), "uint64": uint64(math.MaxUint64),
			"float": 1e21, "small": 1e-7, "float32": float32(0.1), "int8": int8(-8), "number": json.Number("12.50"), "time": at, "raw": json.RawMessage(`{"x":1}`), "noraw": json.RawMessage(nil),
			"map": map[string]any{"list": []any{1, "two", nil, []any{}}, "none": map[string]any(nil)}, "strings": []string{"a", name}, "nostrings": []string(nil), "bytes": []byte("\xff\xfe"), "struct": order{Total: 1},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI()
			c, told := open(t, a, nil)
			must(t, c.Track(dataloaf.Event{Event: "e", Properties: properties, Tag: 0}))
			flush(t, c)
			want(t, told, 1, dataloaf.Accepted)
			var body struct {
				Events []struct{ Properties any }
			}
			must(t, json.Unmarshal(a.seen()[0].body, &body))
			plain, err := json.Marshal(properties)
			must(t, err)
			var wanted any
			must(t, json.Unmarshal(plain, &wanted))
			if wanted == nil {
				wanted = map[string]any{}
			}
			if got := body.Events[0].Properties; !reflect.DeepEqual(got, wanted) {
				t.Errorf("got %v\nwant %v", got, wanted)
			}
		})
	}
}

func TestMarkupTakesItsOwnSize(t *testing.T) {
	// encoding/json would write each of them in six bytes.
	text := strings.Repeat("<", wire.MaxPropertiesBytes-len(`{"note":""}`))
	for _, properties := range []any{map[string]any{"note": text}, struct {
		Note string `json:"note"`
	}{text}} {
		must(t, idle(t).Track(dataloaf.Event{Event: "e", Properties: properties}))
	}
}
