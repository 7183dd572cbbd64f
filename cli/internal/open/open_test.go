package open_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/open"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

func TestThePageIsOpened(t *testing.T) {
	w := deployedtest.New(t)
	for name, c := range map[string]struct {
		endpoint string
		print    bool
		fails    error
		want     string
		opened   bool
	}{
		"a stack":    {"", false, nil, w.URL + "/page", true},
		"a dev":      {"http://127.0.0.1:8080/", false, nil, "http://127.0.0.1:8080", true},
		"print":      {"", true, nil, w.URL + "/page", false},
		"no browser": {"", false, errors.New("xdg-open is not there"), w.URL + "/page", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			var opened string
			o := open.Options{Streams: term.Streams{Out: &out, Err: &errs}, Print: c.print, Open: func(_ context.Context, url string) error {
				opened = url
				return c.fails
			}}
			o.Dir, o.Endpoint = w.Dir(), c.endpoint
			if err := open.Run(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want+"\n" || (opened == c.want) != c.opened || (c.fails != nil) != strings.Contains(errs.String(), "No browser") {
				t.Errorf("%q, %q, opened %q", &out, &errs, opened)
			}
		})
	}
}
