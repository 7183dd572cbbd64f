package dataloaftest_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/dataloaftest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

func TestARecorderRecords(t *testing.T) {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var told []dataloaf.Result
	r := dataloaftest.New(t, dataloaftest.WithConfig(func(c *dataloaf.Config) {
		c.Clock = dataloaf.ClockFunc(func() time.Time { return at })
		c.Callback = func(result dataloaf.Result) { told = append(told, result) } // there is one sender
	}))
	for i := range 250 {
		if err := r.Client.Track(dataloaf.Event{Event: fmt.Sprint("event ", i%2), UserID: "ada", Properties: map[string]any{"n": i}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		r.Client.CreateUser(dataloaf.User{UserID: "ada", Attributes: map[string]any{"plan": "free"}}),
		r.Client.UpdateUser(dataloaf.Update{UserID: "ada", Attributes: map[string]any{"plan": nil}}),
	); err != nil {
		t.Fatal(err)
	}
	all := r.Events("")
	if len(all) != 250 || len(r.Events("event 1")) != 125 || len(r.Events("none")) != 0 {
		t.Errorf("%d events", len(all))
	}
	for i, e := range all {
		if e.Properties.(map[string]any)["n"] != float64(i) || e.UserID != "ada" || !e.Timestamp.Equal(at) || e.EventID == "" {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
	if users := r.Users(); len(users) != 1 || users[0].Attributes.(map[string]any)["plan"] != "free" || !users[0].CreatedAt.Equal(at) {
		t.Errorf("%+v", users)
	}
	updates := r.Updates()
	if len(updates) != 1 || !updates[0].UpdatedAt.Equal(at) {
		t.Fatalf("%+v", updates)
	}
	if plan, ok := updates[0].Attributes.(map[string]any)["plan"]; !ok || plan != nil {
		t.Errorf("%+v", updates)
	}
	r.Reset()
	if n := len(r.Events("")) + len(r.Users()) + len(r.Updates()); n != 0 {
		t.Errorf("%d are left", n)
	}

	told = nil
	r.Reject("bad", wire.CodePropertiesInvalid)
	if err := errors.Join(r.Client.Track(dataloaf.Event{Event: "bad"}), r.Client.Track(dataloaf.Event{Event: "good"})); err != nil {
		t.Fatal(err)
	}
	if got := r.Events(""); len(got) != 1 || got[0].Event != "good" {
		t.Errorf("%+v", got)
	}
	for _, result := range told {
		if (result.Message.(dataloaf.Event).Event == "bad") != (result.Code == "properties_invalid") {
			t.Errorf("%+v", result)
		}
	}

	for status, want := range map[int]dataloaf.Status{http.StatusForbidden: dataloaf.Rejected, http.StatusServiceUnavailable: dataloaf.Dropped} {
		told = nil
		r.Fail(status)
		if err := r.Client.Track(dataloaf.Event{Event: "e"}); err != nil {
			t.Fatal(err)
		}
		r.Reset()
		if len(told) != 1 || told[0].Status != want {
			t.Errorf("%d: %+v", status, told)
		}
	}
	r.Fail(0)
	if err := dataloaftest.NewNoop().Track(dataloaf.Event{Event: "e"}); err != nil {
		t.Error(err)
	}
}

// shop is the code under test.
type shop struct{ analytics *dataloaf.Client }

func (s shop) order(kind string) error {
	return s.analytics.Track(dataloaf.Event{Event: "order placed", Properties: map[string]any{"kind": kind}})
}

// In a test of your own, t is its *testing.T.
func ExampleNew() {
	t := new(exampleTB)
	defer t.end()

	recorder := dataloaftest.New(t)
	if err := (shop{recorder.Client}).order("rye"); err != nil {
		fmt.Println(err)
	}
	for _, e := range recorder.Events("order placed") {
		fmt.Println(e.Event, e.Properties)
	}
	// Output: order placed map[kind:rye]
}

// exampleTB stands for a *testing.T, which an example has not.
type exampleTB struct{ cleanups []func() }

func (*exampleTB) Helper()                           {}
func (*exampleTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (t *exampleTB) Cleanup(f func())                { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) end() {
	for _, f := range t.cleanups {
		f()
	}
}
