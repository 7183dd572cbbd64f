// Package manual writes loafctl's commands as pages: Markdown for docs/loafctl,
// and manual pages for man.
package manual

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	// Root is the command whose tree is written.
	Root *cobra.Command
	Dir  string
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams}
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Write loafctl's manual pages",
		Long: `Write loafctl's manual pages into a folder: one for each command. Releases have
them beside the program.`,
		Example: `  loafctl man --dir ~/.local/share/man/man1
  man loafctl-init`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Root = cmd.Root()
			return Run(o)
		},
	}
	cmd.Flags().StringVar(&o.Dir, "dir", "", "`folder` to write into")
	return cmd
}

// Run writes the manual pages.
func Run(o Options) error {
	if o.Dir == "" {
		return failure.Usage("Give --dir (LOAF_DIR), such as --dir ~/.local/share/man/man1.", "--dir is missing")
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return failure.New(err, "Give a folder that you may write to with --dir (LOAF_DIR).", "write the manual pages")
	}
	o.Root.DisableAutoGenTag = true
	// The day on which they are written is none of theirs.
	day := time.Unix(0, 0)
	header := &doc.GenManHeader{Section: "1", Source: "DataLoaf", Manual: "DataLoaf", Date: &day}
	if err := doc.GenManTree(o.Root, header, o.Dir); err != nil {
		return failure.New(err, "", "write the manual pages")
	}
	return nil
}

const generated = "<!-- Made from the program by `scripts/loafctl-docs`; change it there. -->\n\n"

// Pages are the Markdown pages of a tree of commands, by file name.
func Pages(root *cobra.Command) map[string][]byte {
	pages := map[string][]byte{}
	var index bytes.Buffer
	fmt.Fprintf(&index, "%s# loafctl\n\n%s\n", generated, prose(root.Long))
	group := ""
	for _, cmd := range root.Commands() {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" {
			continue
		}
		if cmd.GroupID != group {
			group = cmd.GroupID
			fmt.Fprintf(&index, "\n**%s**\n\n", title(root, group))
		}
		fmt.Fprintf(&index, "- [%s](%s.md): %s\n", cmd.Name(), cmd.Name(), cmd.Short)
		pages[cmd.Name()+".md"] = page(cmd)
	}
	pages["README.md"] = index.Bytes()
	return pages
}

func title(root *cobra.Command, id string) string {
	for _, g := range root.Groups() {
		if g.ID == id {
			return strings.TrimSuffix(g.Title, ":")
		}
	}
	return "More"
}

func page(cmd *cobra.Command) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s# %s\n\n", generated, cmd.CommandPath())
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(&out, "%s\n\n```\n%s\n```\n", prose(text), cmd.UseLine())
	if cmd.Example != "" {
		fmt.Fprintf(&out, "\n## Examples\n\n```sh\n%s\n```\n", unindented(cmd.Example))
	}
	rows := 0
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if rows == 0 {
			out.WriteString("\n## Flags\n\n| flag | variable | |\n| --- | --- | --- |\n")
		}
		rows++
		name, usage := pflag.UnquoteUsage(f)
		usage, variable, _ := strings.Cut(usage, " [$")
		shown := "--" + f.Name
		if name != "" {
			shown += " " + name
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			usage += " (default `" + f.DefValue + "`)"
		}
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", shown, strings.TrimSuffix(variable, "]"), strings.ReplaceAll(usage, "|", "\\|"))
	})
	return out.Bytes()
}

// prose joins the lines of paragraphs; what is indented is an example.
func prose(text string) string {
	var blocks []string
	for _, block := range strings.Split(text, "\n\n") {
		if strings.HasPrefix(block, "  ") {
			blocks = append(blocks, "```sh\n"+unindented(block)+"\n```")
			continue
		}
		blocks = append(blocks, strings.ReplaceAll(block, "\n", " "))
	}
	return strings.Join(blocks, "\n\n")
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

// Differ lists the pages in a folder that are not those of the commands.
func Differ(root *cobra.Command, dir string) ([]string, error) {
	var names []string
	pages := Pages(root)
	for name, want := range pages {
		have, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(have, want) {
			names = append(names, name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	for _, entry := range entries {
		if pages[entry.Name()] == nil {
			names = append(names, entry.Name()+" (of no command)")
		}
	}
	return names, nil
}
