package wire_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

func TestVersions(t *testing.T) {
	for header, want := range map[string]struct {
		version int
		code    wire.Code
	}{
		"":                     {1, ""},
		"1":                    {1, ""},
		"2":                    {0, wire.CodeVersionUnsupported},
		"999999":               {0, wire.CodeVersionUnsupported},
		"0":                    {0, wire.CodeVersionInvalid},
		"-1":                   {0, wire.CodeVersionInvalid},
		"+1":                   {0, wire.CodeVersionInvalid},
		"1.0":                  {0, wire.CodeVersionInvalid},
		"1, 1":                 {0, wire.CodeVersionInvalid},
		"v1":                   {0, wire.CodeVersionInvalid},
		" ":                    {0, wire.CodeVersionInvalid},
		"99999999999999999999": {0, wire.CodeVersionInvalid},
	} {
		version, err := wire.ParseVersion(header)
		var refused *wire.BodyError
		switch {
		case want.code == "":
			if err != nil || version != want.version {
				t.Errorf("%q: %d, %v", header, version, err)
			}
		case !errors.As(err, &refused) || refused.Code != want.code || refused.Status != http.StatusBadRequest || refused.Message == "":
			t.Errorf("%q: %v, want %s", header, err, want.code)
		}
	}
}
