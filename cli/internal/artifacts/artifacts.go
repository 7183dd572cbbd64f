// Package artifacts is `loafctl artifacts`: the zips and the bundle that run in
// AWS, for those who use the Terraform modules without loafctl.
package artifacts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/shipped"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	From    shipped.Flags
	// Dir is where to write them.
	Dir  string
	JSON bool
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams}
	cmd := &cobra.Command{
		Use:   "artifacts",
		Short: "Write the files that run in AWS, for Terraform of your own",
		Long: `Write the files that run in AWS into a folder: the functions' zips, the bundle
of the insights page, and a manifest with their hashes.

It is for those who call DataLoaf's modules from Terraform of their own: they
take the folder as artifacts_dir. ` + "`loafctl init`" + ` needs no such folder.`,
		Example: `  loafctl artifacts --dir artifacts

  module "dataloaf" {
    source        = "git::https://github.com/dataloaf/dataloaf.git//terraform?ref=v1.2.3"
    artifacts_dir = "${path.root}/artifacts"
  }`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return Run(o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Dir, "dir", "", "`folder` to write into; it may hold artifacts of another version, and nothing else")
	o.From.RegisterArtifacts(f)
	f.BoolVar(&o.JSON, "json", false, "print the manifest as JSON")
	return cmd
}

// Run writes the artifacts.
func Run(o Options) error {
	if o.Dir == "" {
		return failure.Usage("Give --dir (LOAF_DIR), such as --dir artifacts.", "--dir is missing")
	}
	root, manifest, err := o.From.ArtifactsFS()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure.New(err, "Give a folder with --dir (LOAF_DIR).", "write the artifacts")
	}
	for _, entry := range entries {
		if !slices.Contains(manifest.Names(), entry.Name()) {
			return failure.Usage("Give an empty or a new folder with --dir (LOAF_DIR).", "%s holds %s, which is none of the artifacts", o.Dir, entry.Name())
		}
	}
	if err := shipped.CopyArtifacts(root, manifest, o.Dir); err != nil {
		return failure.New(err, "Give a folder that you may write to with --dir (LOAF_DIR).", "write the artifacts")
	}
	text := fmt.Appendf(nil, "The artifacts of %s are in %s:\n", manifest.Version, o.Dir)
	for _, name := range manifest.Names() {
		text = fmt.Appendf(text, "  %s\n", filepath.Join(o.Dir, name))
	}
	if o.JSON {
		if text, err = json.MarshalIndent(manifest, "", "  "); err != nil {
			return fmt.Errorf("write the manifest: %w", err)
		}
		text = append(text, '\n')
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}
