// Package version is `loafctl version`: which loafctl this is.
package version

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/shipped"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
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
	// Artifacts is the version of the artifacts inside, which that of the modules
	// is, too; empty when loafctl was built without them.
	Artifacts string `json:"artifacts,omitempty"`
	// Terraform is the one that would be used; nil when it would be installed.
	Terraform *tf.Program `json:"terraform"`
	// TerraformInstalls is the version that is installed where there is none, and
	// AWSProvider that of Terraform's AWS provider.
	TerraformInstalls string `json:"terraform_installs"`
	AWSProvider       string `json:"aws_provider"`
}

// Options of the command.
type Options struct {
	Streams   term.Streams
	Engines   []string
	Terraform tf.Flags
	Shipped   shipped.Flags
	JSON      bool
}

// Command is the cobra command.
func Command(streams term.Streams, engines []string) *cobra.Command {
	o := Options{Streams: streams, Engines: engines}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of loafctl, its modules and Terraform",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	o.Terraform.Register(cmd.Flags())
	o.Shipped.RegisterArtifacts(cmd.Flags())
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// Run prints the version.
func Run(ctx context.Context, o Options) error {
	info := read(o.Engines)
	if err := o.deployment(ctx, &info); err != nil {
		return err
	}
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
		if info.Artifacts != "" {
			text = fmt.Appendf(text, "modules and artifacts %s, AWS provider %s\n", info.Artifacts, info.AWSProvider)
		} else {
			text = append(text, "built without modules and artifacts\n"...)
		}
		if info.Terraform != nil {
			text = fmt.Appendf(text, "Terraform %s: %s (%s)\n", info.Terraform.Version, info.Terraform.Path, info.Terraform.From)
		} else {
			text = fmt.Appendf(text, "Terraform: none yet; init installs %s\n", info.TerraformInstalls)
		}
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

// deployment adds what a stack would be made with.
func (o Options) deployment(ctx context.Context, info *Info) error {
	info.TerraformInstalls, info.AWSProvider = tf.Pinned, tf.AWSProvider
	if _, manifest, err := o.Shipped.ArtifactsFS(); err == nil {
		info.Artifacts = manifest.Version
	} else if o.Shipped.Artifacts != "" {
		return err
	}
	cache, err := tf.CacheDir()
	if err != nil {
		return err
	}
	finder := tf.Finder{Flags: o.Terraform, Cache: cache}
	if info.Terraform, err = finder.Find(ctx); err != nil && !errors.Is(err, tf.ErrNotFound) {
		return err
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
