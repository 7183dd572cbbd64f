package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/audit"
)

func (o *Options) print(r Report) error {
	var text []byte
	if o.JSON {
		var err error
		if text, err = json.MarshalIndent(r, "", "  "); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		text = append(text, '\n')
	} else {
		text = []byte(r.text())
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

// text is the report for people.
func (r Report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Audit of %s, %s to %s\n\n", r.Target, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	// A Builder takes everything.
	_, _ = fmt.Fprintln(table, "\tobjects\taccepted\tloaded\tduplicates\tset aside\twaiting\texpired\tmissing\t")
	for _, t := range r.Totals {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", t.Kind, t.Objects, t.Accepted, t.Loaded, t.Duplicates, t.Quarantined, t.Waiting, t.Expired, t.Missing())
	}
	_ = table.Flush()
	fmt.Fprintf(&b, "\nThe %s of these objects stored %s.\n", plural(r.Loads, "load", "loads"), plural(int(r.LoadRows), "event", "events"))
	if r.Deep {
		var checked int64
		for _, t := range r.Totals {
			checked += t.Checked
		}
		fmt.Fprintf(&b, "Looked for %s in the tables, one by one.\n", plural(int(checked), "line", "lines"))
	}
	list(&b, "To know", r.Notes, r.NotesTotal)
	list(&b, "Does not add up", r.Mismatches, r.MismatchesTotal)
	if r.NotKept != "" {
		fmt.Fprintf(&b, "\nThe Pipeline page cannot show this audit, for it could not be kept: %s\n", r.NotKept)
	}
	if r.Proven {
		b.WriteString("\nProven: no accepted line is lost, and none is counted twice.\n")
	} else {
		b.WriteString("\nNot proven.\n")
	}
	return b.String()
}

func list(b *strings.Builder, title string, findings []audit.Finding, total int) {
	if total == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	for _, f := range findings {
		about := f.Object
		if about == "" {
			about = fmt.Sprintf("load %d", f.Load)
		}
		fmt.Fprintf(b, "  %s\n    %s: expected %d, found %d. To do: %s\n", about, f.What, f.Expected, f.Found, f.Action)
	}
	if total > len(findings) {
		fmt.Fprintf(b, "  and %d more\n", total-len(findings))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
