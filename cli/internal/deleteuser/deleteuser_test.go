package deleteuser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/deleteuser"
	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/deletion"
)

// page keeps one deletion, which comes further with each invocation.
type page struct {
	t      *testing.T
	world  *deployedtest.World
	asked  []string
	looked []string
	steps  []func(*deletion.Deletion)
	d      deletion.Deletion
}

func newPage(t *testing.T, steps ...func(*deletion.Deletion)) *page {
	t.Helper()
	p := &page{t: t, world: deployedtest.New(t), steps: steps}
	user := "ada"
	p.d = deletion.Deletion{ID: "d1", UserID: &user, State: warehouse.DeletionRequested, RequestedAt: p.world.Now(), RequestedBy: "admin"}
	p.world.Page = func(method, path string, body []byte) (int, any) {
		switch method + " " + path {
		case "POST /api/v1/deletions":
			p.asked = append(p.asked, string(body))
			return http.StatusCreated, p.d
		case "GET /api/v1/deletions/d1":
			return http.StatusOK, p.d
		case "POST /api/v1/deletions/lookup":
			p.looked = append(p.looked, string(body))
			found := []deletion.Deletion{}
			if strings.Contains(string(body), `"ada"`) {
				found = append(found, p.d)
			}
			return http.StatusOK, map[string]any{"deletions": found}
		}
		return 0, nil
	}
	p.world.Invoke = func(event map[string]string) (any, string) {
		if event["action"] != "delete" || len(p.steps) == 0 {
			t.Errorf("invoked with %v, %d steps left", event, len(p.steps))
			return map[string]any{}, ""
		}
		p.steps[0](&p.d)
		p.steps = p.steps[1:]
		return map[string]any{"action": "delete"}, ""
	}
	return p
}

func (p *page) run(change func(*deleteuser.Options)) (said string, err error) {
	p.t.Helper()
	var out, errs bytes.Buffer
	streams := term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}
	o := deleteuser.Options{Streams: streams, UserID: "ada", Yes: true, Timeout: time.Hour, Now: p.world.Now, Pause: p.world.Pause, Prompter: prompt.For(streams, false)}
	o.Dir, o.Password = p.world.Dir(), deployedtest.Password
	if change != nil {
		change(&o)
	}
	err = deleteuser.Run(p.t.Context(), o)
	if err != nil {
		failure.Print(&errs, err)
	}
	return out.String() + errs.String(), err
}

func TestAskingForADeletion(t *testing.T) {
	p := newPage(t)
	said, err := p.run(func(o *deleteuser.Options) { o.Reason = "ticket 4711" })
	if err != nil || !strings.Contains(said, "requested; the next load begins with it") || !slices.Equal(p.asked, []string{`{"reason":"ticket 4711","user_id":"ada"}`}) {
		t.Errorf("%v, %q\n%s", err, p.asked, said)
	}
}

func TestWaitingForADeletion(t *testing.T) {
	settles := time.Now().Add(25 * time.Hour).UTC()
	p := newPage(t,
		func(d *deletion.Deletion) { d.State, d.ObjectsSeen = warehouse.DeletionRunning, 1200 },
		func(d *deletion.Deletion) {
			d.ObjectsSeen, d.SettlesAt = 3000, &settles
			d.Deleted = deletion.Counts{EventRows: 12, UserRows: 1, Lines: 14, Objects: 3, Versions: 4}
		})
	said, err := p.run(func(o *deleteuser.Options) { o.Wait = true })
	for _, want := range []string{"so far: 1200", "deleted; waits until " + settles.Format(time.RFC3339), "12 events, 1 rows of users", "14 lines of 3 objects, 4 older versions"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	if err != nil || len(p.steps) != 0 {
		t.Errorf("%v, %d steps left", err, len(p.steps))
	}
}

func TestADeletionThatIsDoneOrGivenUp(t *testing.T) {
	done := func(d *deletion.Deletion) {
		at := time.Date(2026, 3, 5, 6, 0, 0, 0, time.UTC)
		d.State, d.UserID, d.FinishedAt, d.Remains = warehouse.DeletionDone, nil, &at, []deletion.Remains{{What: "recovery points", Until: &at}, {What: "logs"}}
	}
	p := newPage(t, done)
	said, err := p.run(func(o *deleteuser.Options) { o.Wait, o.JSON = true, true })
	var d deletion.Deletion
	if jsonErr := json.Unmarshal([]byte(said), &d); err != nil || jsonErr != nil || d.State != warehouse.DeletionDone || len(d.Remains) != 2 {
		t.Errorf("%v, %v\n%s", err, jsonErr, said)
	}
	said, err = p.run(func(o *deleteuser.Options) { o.Check = true })
	if err != nil || len(p.asked) != 1 || !slices.Equal(p.looked, []string{`{"user_id":"ada"}`}) || !strings.Contains(said, "remains    recovery points, until 2026-03-05T06:00:00Z\nremains    logs\n") {
		t.Errorf("%v, %q\n%s", err, p.looked, said)
	}
	said, err = p.run(func(o *deleteuser.Options) { o.Check, o.UserID = true, "bob" })
	if err != nil || !strings.Contains(said, "No deletion was asked for") {
		t.Errorf("%v\n%s", err, said)
	}
	cause := "the store is away"
	p = newPage(t, func(d *deletion.Deletion) { d.State, d.Error = warehouse.DeletionFailed, &cause })
	said, err = p.run(func(o *deleteuser.Options) { o.Wait = true })
	if failure.Code(err) != 1 || !strings.Contains(said, cause) {
		t.Errorf("%v\n%s", err, said)
	}
}

// typed is somebody who types.
type typed struct {
	prompt.None
	text string
}

func (p typed) Input(_ context.Context, q prompt.Input) (string, error) {
	if err := q.Check(p.text); err != nil {
		return "", fmt.Errorf("%s: %w", q.Label, err)
	}
	return p.text, nil
}

func TestNothingIsDeletedUnasked(t *testing.T) {
	p := newPage(t)
	for name, c := range map[string]struct {
		change func(*deleteuser.Options)
		code   int
		says   string
	}{
		"no terminal and no --yes": {func(o *deleteuser.Options) { o.Yes = false }, 2, "--yes"},
		"another id is typed":      {func(o *deleteuser.Options) { o.Yes, o.Prompter = false, typed{text: "bob"} }, 1, "this is not the id"},
		"no password":              {func(o *deleteuser.Options) { o.Password = "" }, 2, "--password"},
		"no id":                    {func(o *deleteuser.Options) { o.UserID = "" }, 2, "empty"},
		"no time":                  {func(o *deleteuser.Options) { o.Timeout = 0 }, 2, "--timeout"},
	} {
		said, err := p.run(c.change)
		if failure.Code(err) != c.code || !strings.Contains(said, c.says) || len(p.asked) != 0 {
			t.Errorf("%s: %v, asked %q\n%s", name, err, p.asked, said)
		}
	}
	if said, err := p.run(func(o *deleteuser.Options) { o.Yes, o.Prompter = false, typed{text: "ada"} }); err != nil || len(p.asked) != 1 {
		t.Errorf("%v\n%s", err, said)
	}
}
