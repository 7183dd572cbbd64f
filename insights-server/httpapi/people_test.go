package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// fakePeople answers what its fields say, and remembers what it was asked.
type fakePeople struct {
	profile    query.Profile
	users      query.UserPage
	page       query.EventPage
	peopleErr  error
	news       func(query.NewsRequest) (query.News, error)
	lastLoad   func() (int64, error)
	exporting  func(context.Context, query.ExportRequest, func(query.Event) error) error
	askedUser  query.ProfileRequest
	askedUsers query.UsersRequest
	askedPage  query.EventsRequest
}

func (f *fakePeople) Profile(_ context.Context, r query.ProfileRequest) (query.Profile, error) {
	f.askedUser = r
	if f.profile.Attributes == nil {
		f.profile.Attributes = json.RawMessage(`{}`)
	}
	return f.profile, f.peopleErr
}

func (f *fakePeople) Users(_ context.Context, r query.UsersRequest) (query.UserPage, error) {
	f.askedUsers = r
	return f.users, f.peopleErr
}

func (f *fakePeople) Activity(_ context.Context, r query.EventsRequest) (query.EventPage, error) {
	f.askedPage = r
	return f.page, f.peopleErr
}

func (f *fakePeople) News(_ context.Context, r query.NewsRequest) (query.News, error) {
	if f.news == nil {
		return query.News{}, f.peopleErr
	}
	return f.news(r)
}

func (f *fakePeople) LastLoad(context.Context) (int64, error) {
	if f.lastLoad == nil {
		return 0, f.peopleErr
	}
	return f.lastLoad()
}

func (f *fakePeople) Export(ctx context.Context, r query.ExportRequest, each func(query.Event) error) error {
	if f.exporting == nil {
		return f.peopleErr
	}
	return f.exporting(ctx, r, each)
}

var (
	noon    = time.Date(2024, 5, 1, 12, 0, 0, 250_000_000, time.UTC)
	ada     = "ada"
	anEvent = query.Event{ID: "00000000-0000-4000-8000-000000000001", Name: "buy <b>", User: &ada, Time: noon, Properties: json.RawMessage(`{"n":12345678901234567890}`)}
	cursorA = query.EventCursor{Micros: noon.UnixMicro(), ID: anEvent.ID}
)

func TestProfile(t *testing.T) {
	f := newFixture(t)
	f.service.profile = query.Profile{
		User:      query.User{ID: "ada", CreatedAt: &noon, Attributes: json.RawMessage(`{"plan":"pro"}`), FirstSeen: &noon, LastSeen: &noon, EventCount: 7},
		EventPage: query.EventPage{Events: []query.Event{anEvent}, Next: &cursorA},
	}
	got := readAll(t, f.do(call{path: "/api/v1/users/ada"}))
	want := `{"user_id":"ada","created_at":"2024-05-01T12:00:00.25Z","attributes":{"plan":"pro"},"first_seen":"2024-05-01T12:00:00.25Z","last_seen":"2024-05-01T12:00:00.25Z","event_count":7,` +
		`"events":[{"event_id":"00000000-0000-4000-8000-000000000001","event":"buy \u003cb\u003e","timestamp":"2024-05-01T12:00:00.25Z","properties":{"n":12345678901234567890}}],"next_cursor":"` + cursorA.String() + `"}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if f.service.askedUser.Limit != 50 || f.service.askedUser.After != nil {
		t.Errorf("asked %+v", f.service.askedUser)
	}
	r := f.do(call{path: "/api/v1/users/ada?limit=500&cursor=" + cursorA.String()})
	if readAll(t, r); r.StatusCode != http.StatusOK || f.service.askedUser.Limit != 500 || *f.service.askedUser.After != cursorA {
		t.Errorf("status %d, asked %+v", r.StatusCode, f.service.askedUser)
	}
	// A user without a row and without events on the page has empty lists.
	f.service.profile = query.Profile{User: query.User{ID: "x", Attributes: json.RawMessage(`{}`)}}
	if got, want := readAll(t, f.do(call{path: "/api/v1/users/x"})), `{"user_id":"x","created_at":null,"attributes":{},"first_seen":null,"last_seen":null,"event_count":0,"events":[],"next_cursor":null}`+"\n"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestUserIDsOfAllKinds(t *testing.T) {
	f := newFixture(t)
	f.service.profile.Attributes = json.RawMessage(`{}`)
	for _, id := range []string{
		"ada", "a/b", "/", "//", "a b", "a+b", "%2F", "100%", "%", "a%2Fb%20c", "日本/ü", "😀", `"quoted"`, "it's", "a?b=c#d", "a;b,c:d@e", "a\\b", "..", ".", "a\nb", "stream", ":user_id", "{x}", strings.Repeat("é", 128),
	} {
		for _, path := range []string{"/api/v1/users/" + url.PathEscape(id), "/api/v1/users/" + everyByte(id)} {
			f.service.askedUser = query.ProfileRequest{}
			r := f.do(call{path: path})
			if readAll(t, r); r.StatusCode != http.StatusOK || f.service.askedUser.ID != id {
				t.Errorf("%s: status %d, asked for %q, want %q", path, r.StatusCode, f.service.askedUser.ID, id)
			}
		}
	}
	wantError(t, f.do(call{path: "/api/v1/users/a%00b"}), http.StatusBadRequest, insight.CodeNULCharacter, "user_id")
	wantError(t, f.do(call{path: "/api/v1/users/%ff"}), http.StatusBadRequest, insight.CodeInvalidUTF8, "user_id")
	f.service.peopleErr = fmt.Errorf("read a user: %w", query.ErrNoUser)
	wantError(t, f.do(call{path: "/api/v1/users/no%20such"}), http.StatusNotFound, "not_found", "user_id")
	if strings.Contains(f.log.String(), "no such") || strings.Contains(f.log.String(), "no%20such") {
		t.Error("a user's id is in the log")
	}
}

// everyByte escapes all of a text.
func everyByte(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02X", text[i])
	}
	return b.String()
}

func TestUsers(t *testing.T) {
	f := newFixture(t)
	if got, want := readAll(t, f.do(call{path: "/api/v1/users"})), `{"users":[],"next_cursor":null}`+"\n"; got != want {
		t.Errorf("got %s", got)
	}
	place := query.UserCursor{Micros: noon.UnixMicro(), ID: "a b/ü"}
	f.service.users = query.UserPage{Users: []query.User{{ID: "ada", Attributes: json.RawMessage(`{}`), EventCount: 2, FirstSeen: &noon, LastSeen: &noon}}, Next: &place}
	got := readAll(t, f.do(call{path: "/api/v1/users?search=%C3%84&limit=1&cursor=" + place.String()}))
	want := `{"users":[{"user_id":"ada","created_at":null,"attributes":{},"first_seen":"2024-05-01T12:00:00.25Z","last_seen":"2024-05-01T12:00:00.25Z","event_count":2}],"next_cursor":"` + place.String() + `"}` + "\n"
	if got != want {
		t.Errorf("got %s", got)
	}
	if a := f.service.askedUsers; a.Search != "Ä" || a.Limit != 1 || *a.After != place {
		t.Errorf("asked %+v", a)
	}
}

func TestActivity(t *testing.T) {
	f := newFixture(t)
	anonymous := anEvent
	anonymous.User = nil
	f.service.page = query.EventPage{Events: []query.Event{anEvent, anonymous}, Next: &cursorA}
	filter := `{"match":"any","conditions":[{"scope":"user","property":"plan","operator":"equals","value":"pro"}]}`
	got := readAll(t, f.do(call{path: "/api/v1/activity?event=buy&user_id=a%2Fb&limit=2&filters=" + url.QueryEscape(filter)}))
	one := `{"event_id":"00000000-0000-4000-8000-000000000001","event":"buy \u003cb\u003e","user_id":%s,"timestamp":"2024-05-01T12:00:00.25Z","properties":{"n":12345678901234567890}}`
	if want := `{"events":[` + fmt.Sprintf(one, `"ada"`) + "," + fmt.Sprintf(one, "null") + `],"next_cursor":"` + cursorA.String() + `"}` + "\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	a := f.service.askedPage
	if a.Event != "buy" || *a.User != "a/b" || a.Limit != 2 || a.After != nil || a.Filter.Match != insight.MatchAny || len(a.Filter.Conditions) != 1 {
		t.Errorf("asked %+v", a)
	}
	f.service.page = query.EventPage{}
	if got := readAll(t, f.do(call{path: "/api/v1/activity"})); got != `{"events":[],"next_cursor":null}`+"\n" {
		t.Errorf("got %s", got)
	}
}

func TestPeopleRefuseWhatTheyDoNotKnow(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("x", 257)
	for path, want := range map[string][2]string{
		"/api/v1/users?limit=0":                        {insight.CodeInvalidValue, "limit"},
		"/api/v1/users?limit=501":                      {insight.CodeInvalidValue, "limit"},
		"/api/v1/users?limit=ten":                      {insight.CodeInvalidValue, "limit"},
		"/api/v1/users?limit=":                         {insight.CodeInvalidValue, "limit"},
		"/api/v1/users?cursor=" + cursorA.String()[1:]: {insight.CodeInvalidValue, "cursor"},
		"/api/v1/users?serach=x":                       {insight.CodeUnknownField, "serach"},
		"/api/v1/users?search=%00":                     {insight.CodeNULCharacter, "search"},
		"/api/v1/users?search=%ff":                     {insight.CodeInvalidUTF8, "search"},
		"/api/v1/users?search=" + long:                 {insight.CodeInvalidValue, "search"},
		"/api/v1/users?search=a&search=b":              {insight.CodeDuplicateField, "search"},
		"/api/v1/users/ada?cursor=":                    {insight.CodeInvalidValue, "cursor"},
		"/api/v1/users/ada?limit=-1":                   {insight.CodeInvalidValue, "limit"},
		"/api/v1/activity?event=" + long:               {insight.CodeInvalidValue, "event"},
		"/api/v1/activity?user_id=":                    {insight.CodeRequired, "user_id"},
		"/api/v1/activity?user_id=" + long:             {insight.CodeInvalidValue, "user_id"},
		"/api/v1/activity?filters=x":                   {insight.CodeInvalidJSON, "filters"},
		"/api/v1/activity?filters=%7B%22x%22:1%7D":     {insight.CodeUnknownField, "filters.x"},
		"/api/v1/activity?cursor=x":                    {insight.CodeInvalidValue, "cursor"},
		"/api/v1/activity/stream?limit=5":              {insight.CodeUnknownField, "limit"},
		"/api/v1/export?from=2024-02-30":               {insight.CodeInvalidRange, "from"},
		"/api/v1/export?to=now":                        {insight.CodeInvalidRange, "to"},
		"/api/v1/export?from=2024-02-02&to=2024-02-01": {insight.CodeRangeReversed, "to"},
		"/api/v1/export?timezone=Mars":                 {insight.CodeUnknownTimezone, "timezone"},
		"/api/v1/export?form=2024-02-01":               {insight.CodeUnknownField, "form"},
		"/api/v1/export?event=%zz":                     {insight.CodeInvalidValue, ""},
	} {
		r := f.do(call{path: path})
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", path, r.StatusCode)
			continue
		}
		wantError(t, r, http.StatusBadRequest, want[0], want[1])
	}
}

func TestPeopleNeedASignIn(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/api/v1/users", "/api/v1/users/a%2Fb", "/api/v1/activity", "/api/v1/activity/stream", "/api/v1/export"} {
		wantError(t, f.do(call{path: path, anonymous: true}), http.StatusUnauthorized, "unauthorized", "")
	}
}

func TestPeoplePassErrorsOn(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{query.ErrBusy, http.StatusTooManyRequests, "busy"},
		{query.ErrTimeout, http.StatusGatewayTimeout, "timeout"},
		{warehouse.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
		{errors.New("secret"), http.StatusInternalServerError, "internal"},
	} {
		f := newFixture(t)
		f.service.peopleErr = c.err
		for _, path := range []string{"/api/v1/users", "/api/v1/users/a", "/api/v1/activity", "/api/v1/activity/stream", "/api/v1/export"} {
			wantError(t, f.do(call{path: path}), c.status, c.code, "")
		}
	}
}
