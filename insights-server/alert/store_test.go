package alert_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/insights-server/alert"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func TestStore(t *testing.T) {
	eachEngine(t, func(w *world) {
		ctx := w.t.Context()
		insightID := w.insight()
		a := w.create(definition(insightID, `,"description":"d","repeat_after_hours":3`))
		id := a.Definition.Destinations[0].ID
		secret := a.Secrets[id]
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, alert.SecretPrefix))
		if err != nil || len(key) != 32 || len(a.Secrets) != 1 || a.State.Status != alert.New {
			w.t.Errorf("made %+v, %v", a, err)
		}
		for _, kind := range []document.Kind{"alert", "alert_state"} {
			kept, err := w.documents.List(ctx, kind)
			if err != nil || len(kept) != 1 || strings.Contains(string(kept[0].Body), secret) {
				w.t.Errorf("kept %+v, %v", kept, err)
			}
		}
		got := w.get(a.ID)
		if got.Definition.Name != "Few sign-ups" || got.Definition.RepeatAfter != 3 || !got.Definition.Enabled || !got.Definition.NotifyRecovery ||
			got.Definition.Bucket != alert.Complete || len(got.Secrets) != 0 || got.CreatedBy != "ann" {
			w.t.Errorf("read %+v", got)
		}
		// Who stays keeps the secret, who comes gets one.
		text := strings.Replace(string(definition(insightID, "")), `"destinations":[{`, `"destinations":[{"kind":"sns","topic_arn":"`+topic+`"},{"kind":"webhook","url":"https://new.example.com"},{"id":"`+id+`",`, 1)
		changed, err := w.store.Replace(ctx, a.ID, []byte(text), 1, "bob")
		if err != nil || changed.Version != 2 || len(changed.Secrets) != 1 || changed.Definition.Destinations[2].Sealed != a.Definition.Destinations[0].Sealed {
			w.t.Errorf("changed %+v, %v", changed, err)
		}
		if _, err := w.store.Replace(ctx, a.ID, []byte(text), 1, "bob"); !errors.Is(err, document.ErrStale) {
			w.t.Errorf("an old version: %v", err)
		}
		if err := w.store.Delete(ctx, a.ID, 1); !errors.Is(err, document.ErrStale) {
			w.t.Errorf("an old version: %v", err)
		}
		list, err := w.store.List(ctx)
		if err != nil || len(list) != 1 || list[0].ID != a.ID || list[0].UpdatedBy != "bob" {
			w.t.Errorf("listed %+v, %v", list, err)
		}
		for _, unknown := range []string{"x", "00000000-0000-4000-8000-000000000000"} {
			if _, err := w.store.Get(ctx, unknown); !errors.Is(err, document.ErrNotFound) {
				w.t.Errorf("%s: %v", unknown, err)
			}
		}
	})
}

func TestBadAlerts(t *testing.T) {
	w := newWorld(t, "duckdb")
	insightID := w.insight()
	good := string(definition(insightID, ""))
	for _, test := range []struct{ from, to, code, field string }{
		{`"name":"Few sign-ups"`, `"name":" "`, insight.CodeRequired, "name"},
		{`"name":"Few sign-ups"`, `"name":"` + strings.Repeat("x", 201) + `"`, insight.CodeInvalidValue, "name"},
		{insightID, "00000000-0000-4000-8000-000000000000", insight.CodeUnknownValue, "insight_id"},
		{insightID, "x", insight.CodeUnknownValue, "insight_id"},
		{`"measure":{"series":0}`, `"measure":{}`, insight.CodeRequired, "measure.series"},
		{`"measure":{"series":0}`, `"measure":{"series":0,"formula":0}`, insight.CodeNotAllowed, "measure.series"},
		{`"measure":{"series":0}`, `"measure":{"series":1}`, insight.CodeInvalidValue, "measure.series"},
		{`"measure":{"series":0}`, `"measure":{"formula":0}`, insight.CodeInvalidValue, "measure.formula"},
		{`"measure":{"series":0}`, `"measure":{"series":0},"group":{"value":"de"}`, insight.CodeNotAllowed, "group"},
		{`"measure":{"series":0}`, `"measure":{"series":0},"group":{"value":7}`, insight.CodeWrongType, "group.value"},
		{`"measure":{"series":0}`, `"measure":{"series":0},"bucket":"last"`, insight.CodeUnknownValue, "bucket"},
		{`"type":"below"`, `"type":"beside"`, insight.CodeUnknownValue, "condition.type"},
		{`"type":"below"`, `"type":"rises"`, insight.CodeRequired, "condition.unit"},
		{`"type":"below"`, `"type":"below","unit":"percent"`, insight.CodeNotAllowed, "condition.unit"},
		{`"type":"below","threshold":5`, `"type":"falls","unit":"percent","threshold":-1`, insight.CodeInvalidValue, "condition.threshold"},
		{`"threshold":5`, `"threshold":"5"`, insight.CodeWrongType, "condition.threshold"},
		{`"threshold":5`, `"threshold":1e999`, insight.CodeInvalidValue, "condition.threshold"},
		{`"check_every_minutes":5`, `"check_every_minutes":4`, insight.CodeInvalidValue, "check_every_minutes"},
		{`"check_every_minutes":5`, `"check_every_minutes":10081`, insight.CodeInvalidValue, "check_every_minutes"},
		{`"check_every_minutes":5`, `"repeat_after_hours":721`, insight.CodeInvalidValue, "repeat_after_hours"},
		{`"check_every_minutes":5`, `"enabled":"yes"`, insight.CodeWrongType, "enabled"},
		{`"check_every_minutes":5`, `"snooze":1`, insight.CodeUnknownField, "snooze"},
		{`"kind":"webhook"`, `"kind":"pigeon"`, insight.CodeUnknownValue, "destinations[0].kind"},
		{`https://hooks`, `http://hooks`, insight.CodeInvalidValue, "destinations[0].url"},
		{`"kind":"webhook"`, `"kind":"webhook","secret":"mine"`, insight.CodeUnknownField, "destinations[0].secret"},
		{`"kind":"webhook"`, `"id":"x","kind":"webhook"`, insight.CodeUnknownValue, "destinations[0].id"},
		{`"kind":"webhook","url":"https://hooks.example.com/secret-path"`, `"kind":"sns","topic_arn":"arn:aws:sns:eu-central-1:1:other"`, insight.CodeUnknownValue, "destinations[0].topic_arn"},
		{`"destinations":[`, `"destinations":[` + strings.Repeat(`{"kind":"webhook","url":"https://a.example.com"},`, 10), insight.CodeTooMany, "destinations"},
	} {
		text := strings.Replace(good, test.from, test.to, 1)
		_, err := w.store.Create(t.Context(), []byte(text), "ann")
		var bad *insight.Error
		if !errors.As(err, &bad) || bad.Code != test.code || bad.Field != test.field || !strings.HasSuffix(bad.Message, ".") {
			t.Errorf("%s: %v, want %s at %s", test.to, err, test.code, test.field)
		}
	}
	if left, err := w.documents.List(t.Context(), "alert_state"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// A destination stays of its kind, and of its alert.
	a := w.create([]byte(good))
	id := a.Definition.Destinations[0].ID
	for _, test := range []struct{ to, code, field string }{
		{`{"id":"` + id + `","kind":"sns","topic_arn":"` + topic + `"}`, insight.CodeNotAllowed, "destinations[0].kind"},
		{`{"id":"` + id + `","kind":"webhook","url":"https://a.example.com"},{"id":"` + id + `","kind":"webhook","url":"https://a.example.com"}`, insight.CodeInvalidValue, "destinations[1].id"},
	} {
		text := strings.Replace(good, `{"kind":"webhook","url":"https://hooks.example.com/secret-path"}`, test.to, 1)
		_, err := w.store.Replace(t.Context(), a.ID, []byte(text), 0, "ann")
		var bad *insight.Error
		if !errors.As(err, &bad) || bad.Code != test.code || bad.Field != test.field {
			t.Errorf("%s: %v, want %s at %s", test.to, err, test.code, test.field)
		}
	}
}

func TestSeal(t *testing.T) {
	one, err := alert.NewSeal([]byte(strings.Repeat("a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := alert.NewSeal([]byte(strings.Repeat("b", 32)))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := one.Seal("secret", "name")
	if err != nil {
		t.Fatal(err)
	}
	again, err := one.Seal("secret", "name")
	if err != nil || again == sealed {
		t.Error("the same secret is sealed the same way twice")
	}
	if got, err := one.Open(sealed, "name"); err != nil || got != "secret" {
		t.Errorf("%q, %v", got, err)
	}
	for name, open := range map[string]func() (string, error){
		"another key":  func() (string, error) { return other.Open(sealed, "name") },
		"another name": func() (string, error) { return one.Open(sealed, "nome") },
		"cut off":      func() (string, error) { return one.Open(sealed[:8], "name") },
		"no base64":    func() (string, error) { return one.Open("?", "name") },
		"nothing":      func() (string, error) { return one.Open("", "name") },
	} {
		if got, err := open(); !errors.Is(err, alert.ErrSealed) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
