// Package version is `loafctl version`: which loafctl this is.
package version

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Number is the release; release builds set it with
// -ldflags "-X github.com/dataloaf/dataloaf/cli/internal/version.Number=1.2.3".
var Number = "development"

// Info describes the build.
type Info struct {
	Version string `json:"version"`
	// Commit is the source's revision, with "-dirty" when it was changed; empty
	// when the build does not know it.
	Commit   string `json:"commit,omitempty"`
	Built    string `json:"built,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Engines are the warehouses that `loafctl dev` can run on.
	Engines []string `json:"engines"`
}

// Options of the command.
type Options struct {
	Streams term.Streams
	Engines []string
	JSON    bool
}

// Command is the cobra command.
func Command(streams term.Streams, engines []string) *cobra.Command {
	o := Options{Streams: streams, Engines: engines}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of loafctl",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return Run(o) },
	}
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// Run prints the version.
func Run(o Options) error {
	info := read(o.Engines)
	var text []byte
	if o.JSON {
		var err error
		if text, err = json.MarshalIndent(info, "", "  "); err != nil {
			return fmt.Errorf("write the version: %w", err)
		}
		text = append(text, '\n')
	} else {
		text = fmt.Appendf(nil, "loafctl %s", info.Version)
		if info.Commit != "" {
			text = fmt.Appendf(text, " (%s)", info.Commit)
		}
		text = fmt.Appendf(text, "\n%s %s, engines of dev: %v\n", info.Go, info.Platform, info.Engines)
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

func read(engines []string) Info {
	info := Info{Version: Number, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Engines: engines}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	dirty := false
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Built = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if dirty && info.Commit != "" {
		info.Commit += "-dirty"
	}
	return info
}
