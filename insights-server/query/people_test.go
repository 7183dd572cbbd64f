package query_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

func decodeDoubles(text []byte) any {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return v
}

func TestProfileAgreesWithTheReference(t *testing.T) {
	d := mixed(9)
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	known := map[string]bool{}
	for _, e := range d.data.Events {
		if e.User != nil {
			known[*e.User] = true
		}
	}
	for id := range d.data.Users {
		known[id] = true
	}
	withoutRow := 0
	for id := range known {
		want := answers.Newest(insight.AnyEvent, &id, insight.Filter{})
		attributes := kept(d.data.Users[id])
		if d.data.Users[id] == nil {
			withoutRow++
		}
		for engine, s := range services {
			var last query.Profile
			got := allPages(t, func(after *query.EventCursor) (query.EventPage, error) {
				p, err := s.Profile(t.Context(), query.ProfileRequest{ID: id, After: after, Limit: 150})
				last = p
				return p.EventPage, err
			})
			about := fmt.Sprintf("%q on %s", id, engine)
			sameEvents(t, about, got, want)
			if last.ID != id || last.EventCount != int64(len(want)) || !sameJSON(decode(string(last.Attributes)), attributes) {
				t.Errorf("%s is %+v", about, last.User)
			}
			if len(want) > 0 && (last.FirstSeen == nil || !last.FirstSeen.Equal(want[len(want)-1].Time) || !last.LastSeen.Equal(want[0].Time)) {
				t.Errorf("%s was seen from %v to %v", about, last.FirstSeen, last.LastSeen)
			}
			if len(want) == 0 && (last.FirstSeen != nil || last.LastSeen != nil) {
				t.Errorf("%s was seen from %v to %v, without an event", about, last.FirstSeen, last.LastSeen)
			}
		}
	}
	if withoutRow == 0 {
		t.Error("no user is known by events alone")
	}
	for engine, s := range services {
		for _, id := range []string{"no such", "USER-1", "", "user-1 ", "' OR 1=1 --", `%`} {
			if p, err := s.Profile(t.Context(), query.ProfileRequest{ID: id}); !errors.Is(err, query.ErrNoUser) {
				t.Errorf("%s: %q is %+v, %v", engine, id, p, err)
			}
		}
	}
}

// kept are the attributes without those that are null, which are removals.
func kept(attributes map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range attributes {
		if v != nil {
			out[name] = v
		}
	}
	return out
}

func TestProfileBeforeTheFirstMigration(t *testing.T) {
	for _, name := range engineNames {
		s := service(open(t, name, folder(t.TempDir())))
		if _, err := s.Profile(t.Context(), query.ProfileRequest{ID: "x"}); !errors.Is(err, query.ErrNoUser) {
			t.Errorf("%s: %v", name, err)
		}
		if page, err := s.Users(t.Context(), query.UsersRequest{}); err != nil || len(page.Users) != 0 || page.Next != nil {
			t.Errorf("%s: users %+v, %v", name, page, err)
		}
		if page, err := s.Activity(t.Context(), query.EventsRequest{}); err != nil || len(page.Events) != 0 || page.Next != nil {
			t.Errorf("%s: activity %+v, %v", name, page, err)
		}
		if n, err := s.LastLoad(t.Context()); err != nil || n != 0 {
			t.Errorf("%s: the last load is %d, %v", name, n, err)
		}
		if news, err := s.News(t.Context(), query.NewsRequest{}); err != nil || news.Load != 0 || len(news.Events) != 0 {
			t.Errorf("%s: news %+v, %v", name, news, err)
		}
		if err := s.Export(t.Context(), query.ExportRequest{}, func(query.Event) error { return errors.New("an event") }); err != nil {
			t.Errorf("%s: export: %v", name, err)
		}
	}
}

// TestUsersAgreeWithTheReference lists and searches the users page by page, and
// compares with a search that is written plainly.
func TestUsersAgreeWithTheReference(t *testing.T) {
	d := mixed(11)
	raw := folder(t.TempDir())
	loads := d.objects(t, raw)
	for _, name := range engineNames {
		w := open(t, name, raw)
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, objects := range loads {
			load(t, w, objects...)
		}
		s := service(w)
		all := listed(d)
		for _, search := range []string{"", "user-1", "USER-2", "ä", "Ä", "O'HARA", `"q"`, "日本", "äpfel", "A%B", "_", "ΟΔΟΣ", `it's "QUOTED" \ / back`, "n", "10", "true", "no such thing"} {
			want := []string{}
			for _, id := range all {
				if holds(id, d.data.Users[id], search) {
					want = append(want, id)
				}
			}
			got := []string{}
			r := query.UsersRequest{Search: search, Limit: 7}
			for {
				page, err := s.Users(t.Context(), r)
				if err != nil {
					t.Fatalf("%s, %q: %v", name, search, err)
				}
				for _, u := range page.Users {
					got = append(got, u.ID)
					if !sameJSON(decode(string(u.Attributes)), kept(d.data.Users[u.ID])) {
						t.Errorf("%s: the attributes of %q are %s", name, u.ID, u.Attributes)
					}
				}
				if page.Next == nil {
					break
				}
				next, ok := query.ParseUserCursor(page.Next.String())
				if !ok {
					t.Fatalf("the cursor %s is none", page.Next)
				}
				r.After = &next
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: search %q finds\n%q, want\n%q", name, search, got, want)
			}
		}
	}
}

// listed are all users in the order of the list: those with a row, which were
// all written at one time, and those without by their first event.
func listed(d *dataset) []string {
	at := map[string]time.Time{}
	for _, e := range d.data.Events {
		if e.User == nil {
			continue
		}
		if first, seen := at[*e.User]; !seen || e.Time.Before(first) {
			at[*e.User] = e.Time
		}
	}
	for id := range d.data.Users {
		at[id] = received
	}
	var all []string
	for id := range at {
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(at[b].Compare(at[a]), cmp.Compare(a, b)) })
	return all
}

func holds(id string, attributes map[string]any, search string) bool {
	in := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(search)) }
	if in(id) {
		return true
	}
	for _, v := range attributes {
		if text, ok := v.(string); ok && in(text) {
			return true
		}
	}
	return false
}

// TestUsersAreListedByTheirLastChange holds the order, and what is told of each.
func TestUsersAreListedByTheirLastChange(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		lines := func(texts ...string) [][]byte {
			var out [][]byte
			for _, text := range texts {
				out = append(out, []byte(text))
			}
			return out
		}
		load(t, w,
			raw.put(t, warehouse.Events, "e", lines(
				`{"event_id":"00000000-0000-4000-8000-000000000001","event":"e","user_id":"guest","timestamp":"2024-05-02T00:00:00.000000Z","properties":{},"received_at":"2024-05-02T00:00:00.000000Z"}`,
				`{"event_id":"00000000-0000-4000-8000-000000000002","event":"e","user_id":"guest","timestamp":"2024-05-09T00:00:00.000000Z","properties":{},"received_at":"2024-05-09T00:00:00.000000Z"}`)),
			raw.put(t, warehouse.Users, "u", lines(
				`{"user_id":"old","created_at":"2024-05-01T00:00:00.000000Z","attributes":{"plan":"pro"},"received_at":"2024-05-01T00:00:00.000000Z"}`,
				`{"user_id":"new","created_at":"2024-05-03T00:00:00.000000Z","attributes":{},"received_at":"2024-05-03T00:00:00.000000Z"}`)))
		s := service(w)
		page, err := s.Users(t.Context(), query.UsersRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(page.Users); !reflect.DeepEqual(got, []string{"new", "guest", "old"}) {
			t.Errorf("listed are %v", got)
		}
		guest := string(encode(page.Users[1]))
		if want := `{"user_id":"guest","created_at":null,"attributes":{},"first_seen":"2024-05-02T00:00:00Z","last_seen":"2024-05-09T00:00:00Z","event_count":2}`; guest != want {
			t.Errorf("the guest is %s", guest)
		}
		load(t, w, raw.put(t, warehouse.Updates, "up", lines(
			`{"user_id":"old","attributes":{"plan":"team"},"updated_at":"2024-05-08T00:00:00.000000Z","received_at":"2024-05-08T00:00:00.000000Z"}`)))
		if page, err = s.Users(t.Context(), query.UsersRequest{Limit: 1}); err != nil {
			t.Fatal(err)
		}
		old := string(encode(page.Users))
		if want := `[{"user_id":"old","created_at":"2024-05-01T00:00:00Z","attributes":{"plan":"team"},"first_seen":null,"last_seen":null,"event_count":0}]`; old != want || page.Next == nil {
			t.Errorf("the first page is %s, next %v", old, page.Next)
		}
	})
}
