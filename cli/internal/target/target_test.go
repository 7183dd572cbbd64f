package target_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/target"
)

func TestADevOrAStack(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := datadir.Open(t.Context(), datadir.Default, rand.Text)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if err := here.Announce(datadir.Running{Address: "http://127.0.0.1:8080", APIKey: "k", Token: "t"}); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for name, c := range map[string]struct {
		change func(*target.Flags)
		dev    bool
		want   datadir.Running
		code   int
	}{
		"the one that runs here": {func(*target.Flags) {}, true, datadir.Running{Address: "http://127.0.0.1:8080", APIKey: "k", Token: "t"}, 0},
		"its token given":        {func(f *target.Flags) { f.Token = "other" }, true, datadir.Running{Address: "http://127.0.0.1:8080", APIKey: "k", Token: "other"}, 0},
		"its address":            {func(f *target.Flags) { f.Endpoint = "http://127.0.0.1:8080/" }, true, datadir.Running{Address: "http://127.0.0.1:8080", APIKey: "k", Token: "t"}, 0},
		"another address":        {func(f *target.Flags) { f.Endpoint = "http://10.0.0.1" }, true, datadir.Running{Address: "http://10.0.0.1"}, 0},
		"another folder":         {func(f *target.Flags) { f.DataDir = elsewhere }, false, datadir.Running{}, 2},
		"a named stack":          {func(f *target.Flags) { f.Name = "shop" }, false, datadir.Running{}, 0},
		"a region":               {func(f *target.Flags) { f.Region = "eu-west-1" }, false, datadir.Running{}, 0},
		"outputs":                {func(f *target.Flags) { f.Outputs = "-" }, false, datadir.Running{}, 0},
		"a stack's endpoint": {func(f *target.Flags) {
			f.Endpoint, f.Name = "https://a1.execute-api.eu-west-1.amazonaws.com/live", "shop"
		}, false, datadir.Running{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := target.Flags{DataDir: datadir.Default}
			f.Name = stack.DefaultName
			c.change(&f)
			got, dev, err := f.Dev()
			got.PID = 0
			if dev != c.dev || dev && got != c.want || failure.Code(err) != c.code {
				t.Errorf("%+v, %v, %v", got, dev, err)
			}
		})
	}
}
