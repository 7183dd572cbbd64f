package dataloaf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

func TestWhatPassesIsRetried(t *testing.T) {
	for _, status := range []int{statusBroken, 408, 429, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI()
				a.before = answer(status, status, status)
				c, told := open(t, a, nil)
				track(t, c, 3)
				flush(t, c)
				want(t, told, 3, dataloaf.Accepted)
				seen := a.seen()
				if len(seen) != 4 {
					t.Fatalf("%d requests, want 4", len(seen))
				}
				for _, r := range seen[1:] {
					if !bytes.Equal(r.body, seen[0].body) {
						t.Error("a retry is another body")
					}
				}
				if s := c.Stats(); s.Retries != 3 || s.Accepted != 3 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestPausesGrowUpToACap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = answer(slices.Repeat([]int{503}, 12)...)
		c, told := open(t, a, func(c *dataloaf.Config) { c.Random = halfway{}; c.MaxRetryTime = time.Hour })
		track(t, c, 1)
		flush(t, c)
		want(t, told, 1, dataloaf.Accepted)
		seen := a.seen()
		var pauses []time.Duration
		for i, r := range seen[1:] {
			pauses = append(pauses, r.at.Sub(seen[i].at))
		}
		for i, pause := range pauses {
			bound := min(200*time.Millisecond<<i, 30*time.Second)
			if wanted := bound / 2; pause != wanted {
				t.Errorf("pause %d is %v, want %v of %v", i, pause, wanted, bound)
			}
		}
	})
}

// halfway is randomness that draws the middle of every range.
type halfway struct{}

func (halfway) Read(p []byte) (int, error) {
	clear(p)
	p[7] = 0x80 // the highest byte of a draw
	return len(p), nil
}

func TestRetryAfterIsHonoured(t *testing.T) {
	text := func(s string) func() string { return func() string { return s } }
	date := func(ahead time.Duration) func() string {
		return func() string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }
	}
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{429, 503} {
			for name, c := range map[string]struct {
				header func() string
				least  time.Duration
			}{
				"seconds":              {text("7"), 7 * time.Second},
				"a date":               {date(90 * time.Second), 90 * time.Second},
				"a date that is past":  {date(-time.Hour), 0},
				"more than is allowed": {text("86400"), 5 * time.Minute},
				"nonsense":             {text("soon"), 0},
				"negative":             {text("-5"), 0},
			} {
				a := newAPI()
				a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
					if n == 0 {
						w.Header().Set("Retry-After", c.header())
						w.WriteHeader(status)
					}
					return n == 0
				}
				client, told := open(t, a, nil)
				track(t, client, 1)
				flush(t, client)
				want(t, told, 1, dataloaf.Accepted)
				seen := a.seen()
				if pause := seen[1].at.Sub(seen[0].at); pause < c.least-time.Second || pause > c.least+time.Second {
					t.Errorf("%d with %s: a pause of %v, want %v", status, name, pause, c.least)
				}
			}
		}
	})
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true }
		c, told := open(t, a, func(c *dataloaf.Config) { c.MaxRetryTime = time.Minute; c.Random = longest{} })
		track(t, c, 5)
		start := time.Now()
		flush(t, c)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("took %v", took)
		}
		want(t, told, 5, dataloaf.Dropped)
		if r := told.list()[0]; r.Code != "http_500" {
			t.Errorf("%+v", r)
		}
		track(t, c, 1)
		if err := c.Close(context.Background()); err == nil {
			t.Error("close says nothing of messages that it could not deliver")
		}
	})
}

func TestWhatIsRefusedIsNotRetried(t *testing.T) {
	cases := []struct {
		status         int
		body           string
		code, mentions string
	}{
		{400, `{"error":{"code":"invalid_shape","message":"the body must be an object"}}`, "invalid_shape", "the body must be an object"},
		{401, `{"error":{"code":"key_missing","message":"send x-api-key"}}`, "key_missing", "check Config.APIKey"},
		{403, `{"message":"Forbidden"}`, "http_403", "Forbidden; check Config.APIKey"},
		{404, `404 page not found`, "http_404", "check Config.Endpoint"},
		{301, ``, "http_301", "check Config.Endpoint"},
		{415, ``, "http_415", "Unsupported Media Type"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				a := newAPI()
				a.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Location", "https://elsewhere.example.com/")
					w.WriteHeader(c.status)
					_, _ = w.Write([]byte(c.body))
					return true
				}
				client, told := open(t, a, func(config *dataloaf.Config) { config.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
				track(t, client, 4)
				flush(t, client)
				want(t, told, 4, dataloaf.Rejected)
				for _, r := range told.list() {
					var refused *dataloaf.RequestError
					if r.Code != c.code || !errors.As(r.Err, &refused) || refused.Status != c.status || !strings.Contains(r.Err.Error(), c.mentions) {
						t.Errorf("%s: %v", r.Code, r.Err)
					}
				}
				if n := len(a.seen()); n != 1 {
					t.Errorf("%d requests", n)
				}
				if !strings.Contains(logged.String(), "level=ERROR") || !strings.Contains(logged.String(), c.mentions) {
					t.Errorf("log: %s", &logged)
				}
			})
		})
	}
}

func TestABatchThatIsTooLargeIsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if r := a.seen()[n]; len(r.ids) <= 2 && !strings.Contains(string(r.body), "huge") {
				return false
			}
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			_, _ = w.Write([]byte(`{"error":{"code":"body_too_large","message":"too large"}}`))
			return true
		}
		c, told := open(t, a, func(c *dataloaf.Config) { c.Senders = 1 })
		track(t, c, 11)
		must(t, c.Track(dataloaf.Event{Event: "huge", Tag: 11}))
		flush(t, c)
		for tag, r := range told.byTag(t) {
			switch {
			case tag < 11 && r.Status != dataloaf.Accepted:
				t.Errorf("message %d: %+v", tag, r)
			case tag == 11 && (r.Status != dataloaf.Rejected || r.Code != "body_too_large"):
				t.Errorf("the large one: %+v", r)
			}
		}
		if n := len(told.byTag(t)); n != 12 {
			t.Errorf("%d results", n)
		}
	})
}

func TestPartialRejections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		tries := map[string]int{}
		a.refuse = func(id string) wire.Code {
			tries[id]++
			switch last := id[len(id)-1]; {
			case last == '3':
				return wire.CodePropertiesInvalid
			case last == '5' && tries[id] < 4:
				return wire.CodeUnavailable
			}
			return ""
		}
		c, told := open(t, a, nil)
		track(t, c, 10) // ids end in 1 to a
		flush(t, c)
		for tag, r := range told.byTag(t) {
			id := r.Message.(dataloaf.Event).EventID
			wantStatus, wantCode, wantTries := dataloaf.Accepted, "", 1
			switch id[len(id)-1] {
			case '3':
				wantStatus, wantCode = dataloaf.Rejected, "properties_invalid"
			case '5':
				wantTries = 4
			}
			if r.Status != wantStatus || r.Code != wantCode || tries[id] != wantTries {
				t.Errorf("message %d, %s: %s %q after %d tries", tag, id, r.Status, r.Code, tries[id])
			}
			if r.Status == dataloaf.Rejected && r.Err.Error() != "refused "+id {
				t.Errorf("the message of another: %v", r.Err)
			}
		}
		if s := c.Stats(); s.Accepted != 9 || s.Rejected != 1 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnItemThatStaysUnavailableIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.refuse = func(string) wire.Code { return wire.CodeUnavailable }
		c, told := open(t, a, func(c *dataloaf.Config) { c.Random = longest{} })
		track(t, c, 2)
		flush(t, c)
		want(t, told, 2, dataloaf.Dropped)
		if r := told.list()[0]; r.Code != string(wire.CodeUnavailable) {
			t.Errorf("%+v", r)
		}
	})
}

func TestRejectionsAreLoggedWithoutACallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		a := newAPI()
		a.refuse = func(string) wire.Code { return wire.CodeKeyInvalid }
		c, _ := open(t, a, func(c *dataloaf.Config) { c.Callback = nil; c.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
		track(t, c, 3)
		flush(t, c)
		if got := logged.String(); !strings.Contains(got, "messages=3 code=key_invalid") {
			t.Errorf("log: %s", got)
		}
	})
}

func TestAnAnswerOfSomethingElse(t *testing.T) {
	for _, body := range []string{`<html>Welcome</html>`, `{}`, `{"status":"ok"}`, ``, `[]`} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI()
			a.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte(body)); return true }
			c, told := open(t, a, nil)
			track(t, c, 2)
			flush(t, c)
			want(t, told, 2, dataloaf.Rejected)
			if r := told.list()[0]; r.Code != dataloaf.CodeNotDataLoaf || !strings.Contains(r.Err.Error(), "check Config.Endpoint") {
				t.Errorf("%q: %+v", body, r)
			}
		})
	}
}

func TestAnAnswerThatDoesNotAddUpIsNotBelieved(t *testing.T) {
	for _, body := range []string{
		`{"accepted":0,"rejected":[]}`,
		`{"accepted":3,"rejected":[]}`,
		`{"accepted":1,"rejected":[{"index":2,"code":"x","message":"m"}]}`,
		`{"accepted":1,"rejected":[{"index":-1,"code":"x","message":"m"}]}`,
		`{"accepted":0,"rejected":[{"index":1,"code":"x","message":"m"},{"index":1,"code":"x","message":"m"}]}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI()
			a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 0 {
					_, _ = w.Write([]byte(body))
				}
				return n == 0
			}
			c, told := open(t, a, nil)
			track(t, c, 2)
			flush(t, c)
			want(t, told, 2, dataloaf.Accepted)
			if n := len(a.seen()); n != 2 {
				t.Errorf("%s: %d requests", body, n)
			}
		})
	}
}

func TestAServerThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(n int, _ http.ResponseWriter, r *http.Request) bool {
			if n == 0 {
				<-r.Context().Done()
			}
			return n == 0
		}
		c, told := open(t, a, func(c *dataloaf.Config) { c.RequestTimeout = 10 * time.Second })
		track(t, c, 1)
		start := time.Now()
		flush(t, c)
		want(t, told, 1, dataloaf.Accepted)
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestCloseSaysWhyBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }
		c, told := open(t, a, func(c *dataloaf.Config) { c.Random = longest{} })
		track(t, c, 1)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		r := told.list()[0]
		if !errors.Is(r.Err, dataloaf.ErrClosed) || !strings.Contains(r.Err.Error(), "answered 503") {
			t.Errorf("%v", r.Err)
		}
	})
}
