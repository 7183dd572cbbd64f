package httpapi

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/deletion"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// deletionFixture is a server whose deletions lie in a real DuckDB.
func deletionFixture(t *testing.T) (*fixture, *document.Store) {
	at := &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)}
	store := newStore(t, at)
	f := newFixture(t, func(c *Config) {
		c.Now = at.now
		c.Deletions = deletion.New(store, deletion.Options{Now: at.now, Random: rand.Reader, Rounds: 2})
	})
	f.clock = at
	return f, store
}

type deletionList struct {
	Deletions []deletion.Deletion `json:"deletions"`
}

func TestADeletionsLife(t *testing.T) {
	f, store := deletionFixture(t)
	ask := func(body string) *http.Response {
		return f.do(call{method: http.MethodPost, path: "/api/v1/deletions", body: body})
	}
	r := ask(`{"user_id":"ada@example.com","reason":"ticket 4711"}`)
	location := r.Header.Get("Location")
	made := decode[deletion.Deletion](t, r, http.StatusCreated)
	if made.UserID == nil || *made.UserID != "ada@example.com" || made.State != warehouse.DeletionRequested || made.RequestedBy != "admin" || made.Reason != "ticket 4711" ||
		!made.RequestedAt.Equal(f.clock.now()) || made.FinishedAt != nil || location != "/api/v1/deletions/"+made.ID || strings.Contains(made.UserHash, "ada") {
		t.Errorf("%+v at %s", made, location)
	}
	if strings.Contains(f.log.String(), "ada@example.com") || !strings.Contains(f.log.String(), made.ID) {
		t.Errorf("the log says %s", f.log)
	}
	f.clock.pass(time.Minute)
	second := decode[deletion.Deletion](t, ask(`{"user_id":"bob"}`), http.StatusCreated)
	f.clock.pass(time.Minute)
	again := decode[deletion.Deletion](t, ask(`{"user_id":"ada@example.com"}`), http.StatusCreated)

	// The load function is done with the first one.
	kept, err := store.Get(t.Context(), deletion.Kind, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	var d warehouse.Deletion
	if err := json.Unmarshal(kept.Body, &d); err != nil {
		t.Fatal(err)
	}
	d.UserID, d.State, d.FinishedAt, d.EventRows, d.Lines, d.Versions = "", warehouse.DeletionDone, f.clock.now(), 12, 14, 3
	d.Remains = []warehouse.Remains{{What: "recovery points", Until: f.clock.now()}, {What: "logs"}}
	body, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Update(t.Context(), deletion.Kind, made.ID, 1, body, "load"); err != nil {
		t.Fatal(err)
	}
	done := decode[deletion.Deletion](t, f.do(call{path: location}), http.StatusOK)
	if done.UserID != nil || done.State != warehouse.DeletionDone || done.RequestedBy != "admin" || done.Deleted != (deletion.Counts{EventRows: 12, Lines: 14, Versions: 3}) ||
		len(done.Remains) != 2 || done.Remains[0].Until == nil || done.Remains[1].Until != nil {
		t.Errorf("%+v", done)
	}
	all := decode[deletionList](t, f.do(call{path: "/api/v1/deletions"}), http.StatusOK).Deletions
	if len(all) != 3 || all[0].ID != again.ID || all[2].ID != made.ID {
		t.Errorf("%+v", all)
	}
	find := func(id string) []deletion.Deletion {
		return decode[deletionList](t, f.do(call{method: http.MethodPost, path: "/api/v1/deletions/lookup", body: `{"user_id":"` + id + `"}`}), http.StatusOK).Deletions
	}
	if found := find("ada@example.com"); len(found) != 2 || found[0].ID != again.ID || found[1].ID != made.ID {
		t.Errorf("%+v", found)
	}
	if found := find("bob"); len(found) != 1 || found[0].ID != second.ID {
		t.Errorf("%+v", found)
	}
	if found := find("Bob"); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	wantError(t, f.do(call{path: "/api/v1/deletions/none"}), http.StatusNotFound, "not_found", "")
}

func TestWhatCannotBeDeletedIsRefused(t *testing.T) {
	f, store := deletionFixture(t)
	for body, want := range map[string][2]string{
		`{}`:             {"required", "user_id"},
		`{"user_id":""}`: {"required", "user_id"},
		`{"user_id":7}`:  {"wrong_type", "user_id"},
		`{"user_id":"` + strings.Repeat("x", 257) + `"}`:                {"invalid_value", "user_id"},
		`{"user_id":"a\u0000"}`:                                         {"nul_character", "user_id"},
		`{"user_id":"ada","reason":"ada asked"}`:                        {"invalid_value", "reason"},
		`{"user_id":"ada","reason":"b\u0000"}`:                          {"nul_character", "reason"},
		`{"user_id":"ada","reason":"` + strings.Repeat("é", 401) + `"}`: {"invalid_value", "reason"},
		`{"user_id":"ada","because":"x"}`:                               {"unknown_field", "because"},
	} {
		wantError(t, f.do(call{method: http.MethodPost, path: "/api/v1/deletions", body: body}), http.StatusBadRequest, want[0], want[1])
	}
	for _, body := range []string{`{}`, `{"user_id":"a\u0000"}`} {
		if r := f.do(call{method: http.MethodPost, path: "/api/v1/deletions/lookup", body: body}); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", body, r.StatusCode)
		}
	}
	if kept, err := store.List(t.Context(), deletion.Kind); err != nil || len(kept) != 0 {
		t.Errorf("%v, %v", kept, err)
	}
}
