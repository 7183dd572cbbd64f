package cmd_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// A deletion goes from the warehouse to the buckets, by the user of the database
// that loads.
func TestADeletionReachesOlderVersions(t *testing.T) {
	const gone = "gone-49c1"
	s := newStack(t)
	s.aws.Version(eventsBucket)
	s.aws.Version(usersBucket)
	collect, load, update := s.start(t, "collect"), s.start(t, "load"), s.start(t, "update")
	send := func() {
		t.Helper()
		for _, body := range []string{
			`{"events":[{"event":"order","user_id":"` + gone + `"},{"event":"order","user_id":"ada"}]}`,
			`{"events":[{"event":"view","user_id":"` + gone + `"}]}`,
		} {
			if answer := call(t, collect, http.MethodPost, "/v1/events", body); answer.StatusCode != http.StatusAccepted {
				t.Fatalf("%+v", answer)
			}
			s.aws.Deliver(t, "events-stream")
		}
		call(t, collect, http.MethodPost, "/v1/users", `{"users":[{"user_id":"`+gone+`"},{"user_id":"ada"}]}`)
		s.aws.Deliver(t, "users-stream")
	}
	send()
	runLoad(t, load)
	if answer := call(t, update, http.MethodPatch, "/v1/users", `{"users":[{"user_id":"`+gone+`","attributes":{"plan":"pro"}}]}`); answer.StatusCode != http.StatusOK {
		t.Fatalf("%+v", answer)
	}
	send() // these wait for their load
	keys := s.aws.Keys(eventsBucket)
	var held string
	for _, key := range keys {
		if strings.HasPrefix(key, "events/") {
			held = key + "?v1"
		}
	}
	s.aws.Hold(eventsBucket, held)

	hash, err := warehouse.HashUserID(gone, []byte("0123456789abcdef"), 1)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(warehouse.Deletion{UserID: gone, UserHash: hash, State: warehouse.DeletionRequested, RequestedAt: time.Now().UTC()})
	if _, err := s.db.Exec(`INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ('deletion', 'd', 1, $1, now(), 'ada', now(), 'ada')`, string(body)); err != nil {
		t.Fatal(err)
	}
	o := load.invoke(t, []byte(`{"action":"delete"}`), 15*time.Minute)
	var report invoke.DeleteReport
	if err := json.Unmarshal(o.response, &report); err != nil || o.failed || report.Action != "delete" || time.Until(report.Next) < 24*time.Hour {
		t.Fatalf("%s, %v", o.response, err)
	}
	s.closed(t)
	// Known for runs with nothing to load.
	if text, ok := s.aws.Object(eventsBucket, "state/deletions.json"); !ok || !strings.Contains(string(text), report.Next.UTC().Format("2006-01-02T15:04:05")) {
		t.Errorf("%s, %v", text, ok)
	}
	for _, bucket := range []string{eventsBucket, usersBucket} {
		for _, key := range s.aws.Keys(bucket) {
			text, _ := s.aws.Object(bucket, key)
			if strings.Contains(unpacked(text), gone) {
				t.Errorf("%s has %s", key, unpacked(text))
			}
		}
		for version, text := range s.aws.Older(bucket) {
			if strings.Contains(unpacked(text), gone) && version != held {
				t.Errorf("%s has %s", version, unpacked(text))
			}
		}
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "events" WHERE "user_id" = $1`, gone) + s.count(t, `SELECT COUNT(*) FROM "users" WHERE "user_id" = $1`, gone); n != 0 {
		t.Errorf("%d rows", n)
	}
	var d warehouse.Deletion
	var text string
	if err := s.db.QueryRow(`SELECT "body" FROM "loaf_documents" WHERE "kind" = 'deletion'`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil || d.Phase != warehouse.DeletionSettling || d.EventRows != 2 || d.UserRows != 1 || d.Objects != 7 || d.Versions != 6 || d.KeptVersions != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	// What waited is loaded without it, and everything adds up.
	if report := runLoad(t, load); report.Inserted != 1 || report.Quarantined != 0 {
		t.Errorf("%+v", report)
	}
	from, to := time.Now().UTC().Add(-2*time.Hour).Format(time.RFC3339), time.Now().UTC().Add(time.Hour).Format(time.RFC3339)
	o = load.invoke(t, fmt.Appendf(nil, `{"action":"audit","from":%q,"to":%q,"deep":true}`, from, to), 15*time.Minute)
	if o.failed || !strings.Contains(string(o.response), `"proven":true`) {
		t.Errorf("%s", o.response)
	}
}

func unpacked(body []byte) string {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return string(body)
	}
	text, _ := io.ReadAll(z)
	return string(text)
}
