package failure_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

func TestCodeAndPrint(t *testing.T) {
	failed := failure.New(io.ErrUnexpectedEOF, "Try again.", "read %s", "a.gz")
	usage := failure.Usage("See --help.", "no flag %s", "--x")
	cases := map[string]struct {
		err  error
		code int
		text string
	}{
		"done":            {nil, 0, ""},
		"any error":       {errors.New("boom"), 1, "loafctl: boom\n"},
		"with a remedy":   {failed, 1, "loafctl: read a.gz: unexpected EOF\n  Try again.\n"},
		"wrong use":       {usage, 2, "loafctl: no flag --x\n  See --help.\n"},
		"wrapped":         {fmt.Errorf("dev: %w", usage), 2, "loafctl: dev: no flag --x\n  See --help.\n"},
		"without a cause": {failure.New(nil, "", "nothing"), 1, "loafctl: nothing\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := failure.Code(c.err); got != c.code {
				t.Errorf("code %d, want %d", got, c.code)
			}
			if c.err == nil {
				return
			}
			var out strings.Builder
			failure.Print(&out, c.err)
			if out.String() != c.text {
				t.Errorf("printed %q, want %q", out.String(), c.text)
			}
		})
	}
	if !errors.Is(failed, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}
