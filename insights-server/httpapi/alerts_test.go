package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/insights-server/alert"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/saved"
	"github.com/dataloaf/dataloaf/insights-server/webhook"
)

const alertTopic = "arn:aws:sns:eu-central-1:123456789012:loaf-alarms"

// withAlerts gives a server alerts of its saved insights.
func withAlerts(t *testing.T, documents alert.Documents, senders map[alert.DestinationKind]alert.Sender) func(*Config) {
	return func(c *Config) {
		t.Helper()
		seal, err := alert.NewSeal([]byte(strings.Repeat("k", 32)))
		if err != nil {
			t.Fatal(err)
		}
		store := alert.NewStore(alert.Options{
			Documents: documents, Insights: c.Saved, Sealer: seal, Topics: []string{alertTopic}, WrongURL: webhook.New(webhook.Config{}).Wrong, Now: c.Now,
		})
		c.Alerts, c.AlertTester = store, alert.NewChecker(store, alert.CheckerOptions{Asker: c.Service, Senders: senders, Now: c.Now})
	}
}

// sendOf sends by a function.
type sendOf func(alert.Destination, string, alert.Notification) error

func (f sendOf) Send(_ context.Context, to alert.Destination, secret string, n alert.Notification) error {
	return f(to, secret, n)
}

const alertJSON = `{"name":"Few","insight_id":"INSIGHT","measure":{"series":0},"condition":{"type":"below","threshold":5},
	"destinations":[{"kind":"webhook","url":"https://hooks.example.com/secret-path"},{"kind":"sns","topic_arn":"` + alertTopic + `"}]}`

// alertsStaff is a staff with alerts and one insight, in a real DuckDB.
func alertsStaff(t *testing.T, senders map[alert.DestinationKind]alert.Sender) (s *staff, body string) {
	t.Helper()
	s = newStaff(t, func(c *Config) {
		documents := newStore(t, &clock{at: c.Now()})
		c.Saved = saved.New(documents, saved.Options{})
		withAlerts(t, documents, senders)(c)
	})
	item, err := s.server.config.Saved.Insights.Create(t.Context(), []byte(saving("n")), "ann")
	if err != nil {
		t.Fatal(err)
	}
	return s, strings.Replace(alertJSON, "INSIGHT", item.ID, 1)
}

// as calls as somebody and holds the answer against the specification.
func (s *staff) as(user auth.User, c call) (int, string, http.Header) {
	s.t.Helper()
	c.anonymous = true
	r := s.request(c)
	r.AddCookie(s.signIn(user))
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	conforms(s.t, r, w)
	return w.Code, w.Body.String(), w.Header()
}

func TestAlerts(t *testing.T) {
	var told []alert.Notification
	s, body := alertsStaff(t, map[alert.DestinationKind]alert.Sender{
		alert.Webhook: sendOf(func(_ alert.Destination, secret string, n alert.Notification) error {
			told = append(told, n)
			if !strings.HasPrefix(secret, "whsec_") {
				t.Errorf("secret %q", secret)
			}
			return nil
		}),
		alert.SNS: sendOf(func(alert.Destination, string, alert.Notification) error {
			return &alert.SendError{Reason: "SNS refused the notification: NotFound."}
		}),
	})
	_, editor := s.member("editor@example.com", auth.RoleEditor)
	_, viewer := s.member("viewer@example.com", auth.RoleViewer)

	code, text, header := s.as(editor, call{method: "POST", path: "/api/v1/alerts", body: body})
	var made alertBody
	if err := json.Unmarshal([]byte(text), &made); err != nil || code != 201 || header.Get("Location") != "/api/v1/alerts/"+made.ID || header.Get("ETag") != `"1"` {
		t.Fatalf("made: %d %s, %v", code, text, err)
	}
	secret := made.Destinations[0].Secret
	if !strings.HasPrefix(secret, "whsec_") || !made.Destinations[0].HasSecret || made.Destinations[1].HasSecret || made.CreatedBy != "editor@example.com" || made.State.Status != alert.New {
		t.Errorf("made: %s", text)
	}
	path := "/api/v1/alerts/" + made.ID
	for _, user := range []auth.User{editor, viewer} {
		for _, p := range []string{path, "/api/v1/alerts"} {
			code, text, _ := s.as(user, call{path: p})
			if code != 200 || strings.Contains(text, secret) || strings.Contains(text, `"secret"`) || strings.Contains(text, "sealed") || !strings.Contains(text, "hooks.example.com") {
				t.Errorf("%s reads %s: %d %s", user.Email, p, code, text)
			}
			if got, want := strings.Contains(text, "secret-path"), user.Email == editor.Email; got != want {
				t.Errorf("%s sees the whole address: %v", user.Email, got)
			}
		}
	}
	if _, text, _ := s.as(viewer, call{path: "/api/v1/alerts"}); !strings.Contains(text, `"topics":["`+alertTopic+`"]`) {
		t.Errorf("topics: %s", text)
	}

	code, text, _ = s.as(editor, call{method: "POST", path: path + "/test"})
	if code != 200 || len(told) != 1 || told[0].Event != alert.TestEvent || !strings.Contains(text, `"ok":true`) || !strings.Contains(text, "NotFound") {
		t.Errorf("a test: %d %s", code, text)
	}
	if code, text, _ := s.as(viewer, call{path: path + "/history"}); code != 200 || text != `{"history":[]}`+"\n" {
		t.Errorf("history: %d %s", code, text)
	}

	keep := strings.Replace(body, `{"kind":"webhook"`, `{"id":"`+made.Destinations[0].ID+`","kind":"webhook"`, 1)
	code, text, header = s.as(editor, call{method: "PUT", path: path, body: keep, header: map[string]string{"If-Match": `"1"`}})
	if code != 200 || header.Get("ETag") != `"2"` || strings.Contains(text, `"secret":`) {
		t.Errorf("changed: %d %s", code, text)
	}
	for _, c := range []struct {
		call
		status int
		code   string
	}{
		{call{method: "PUT", path: path, body: keep, header: map[string]string{"If-Match": `"1"`}}, 409, "conflict"},
		{call{method: "PUT", path: path, body: keep, header: map[string]string{"If-Match": "x"}}, 400, "invalid_value"},
		{call{method: "PUT", path: path, body: `{`}, 400, "invalid_json"},
		{call{method: "POST", path: "/api/v1/alerts", body: strings.Replace(body, "https://hooks", "http://hooks", 1)}, 400, "invalid_value"},
		{call{method: "POST", path: "/api/v1/alerts", body: strings.Replace(body, "hooks.example.com", "169.254.169.254", 1)}, 400, "invalid_value"},
		{call{method: "DELETE", path: path, header: map[string]string{"If-Match": `"1"`}}, 409, "conflict"},
		{call{path: "/api/v1/alerts/none"}, 404, "not_found"},
		{call{path: "/api/v1/alerts/" + someID + "/history"}, 404, "not_found"},
		{call{method: "POST", path: "/api/v1/alerts/" + someID + "/test"}, 404, "not_found"},
	} {
		if code, text, _ := s.as(editor, c.call); code != c.status || !strings.Contains(text, `"code":"`+c.code+`"`) {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, text)
		}
	}
	if code, _, _ := s.as(editor, call{method: "DELETE", path: path, header: map[string]string{"If-Match": `"2"`}}); code != 204 {
		t.Errorf("deleted: %d", code)
	}
	if code, _, _ := s.as(editor, call{path: path}); code != 404 {
		t.Errorf("deleted, and read: %d", code)
	}
}

func TestATestOfNobody(t *testing.T) {
	s, body := alertsStaff(t, nil)
	_, editor := s.member("editor@example.com", auth.RoleEditor)
	head, _, _ := strings.Cut(body, `"destinations"`)
	code, text, header := s.as(editor, call{method: "POST", path: "/api/v1/alerts", body: head + `"destinations":[]}`})
	if code != 201 {
		t.Fatalf("%d %s", code, text)
	}
	if code, text, _ := s.as(editor, call{method: "POST", path: header.Get("Location") + "/test"}); code != 400 || !strings.Contains(text, `"field":"destinations"`) {
		t.Errorf("%d %s", code, text)
	}
}
