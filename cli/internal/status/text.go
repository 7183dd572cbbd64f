package status

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// text is the report for a person.
func (r *Report) text(now time.Time) string {
	var b strings.Builder
	state := "Data is flowing"
	if !r.Flowing {
		state = "Data is NOT flowing"
	}
	where := r.Target
	if r.Region != "" {
		where += " in " + r.Region
	}
	fmt.Fprintf(&b, "%s: %s\n\n", state, where)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("Last load", "%s", r.lastLoad(now))
	if r.LagSeconds != nil {
		row("Lag", "%s from arrival to warehouse", seconds(*r.LagSeconds))
	}
	if r.RowsLoaded != nil {
		row("Rows loaded", "%d", *r.RowsLoaded)
	}
	if r.FilesWaiting != nil {
		row("Files waiting", "%d", *r.FilesWaiting)
	}
	if r.OldestWaitingSeconds != nil {
		row("Oldest waiting", "%s", seconds(*r.OldestWaitingSeconds))
	}
	if r.FilesQuarantined != nil {
		row("Quarantined", "%d", *r.FilesQuarantined)
	}
	for _, q := range r.Queues {
		row("Queue "+q.Name, "%d waiting, %d in work, %d dead letters", q.Waiting, q.InFlight, q.DeadLetters)
	}
	if r.Calls != nil {
		row("Calls, last hour", "%.0f, of which %.0f refused and %.0f failed", r.Calls.Total, r.Calls.ClientErrors, r.Calls.ServerErrors)
	}
	if r.Region != "" {
		row("Alarms ringing", "%s", r.alarms())
	}
	row("Version", "%s", r.version())
	// A Builder takes everything.
	_ = w.Flush()
	list := func(title string, problems []Problem) {
		if len(problems) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, p := range problems {
			fmt.Fprintf(&b, "  - %s\n    %s\n", strings.TrimSpace(p.What), p.Remedy)
		}
	}
	list("What keeps it from flowing", r.Problems)
	list("Worth knowing", r.Notes)
	for _, q := range r.Quarantined {
		fmt.Fprintf(&b, "    %s: %s\n", q.Object, q.Reason)
	}
	return b.String()
}

func (r *Report) lastLoad(now time.Time) string {
	if r.LastLoad == nil {
		if r.Region != "" {
			return "none in the last day"
		}
		return "none yet"
	}
	text := fmt.Sprintf("%s ago, at %s", seconds(max(0, now.Sub(r.LastLoad.At).Seconds())), r.LastLoad.At.UTC().Format(time.RFC3339))
	if r.LastLoad.Inserted != nil && r.LastLoad.Objects != nil {
		text += fmt.Sprintf(": %s, %s", plural(*r.LastLoad.Objects, "object", "objects"), plural(*r.LastLoad.Inserted, "new row", "new rows"))
	}
	return text
}

func (r *Report) alarms() string {
	if len(r.Alarms) == 0 {
		return "none"
	}
	names := make([]string, len(r.Alarms))
	for i, a := range r.Alarms {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}

func (r *Report) version() string {
	switch {
	case r.Region == "":
		return r.Versions.Loafctl
	case r.Versions.Deployed == "":
		return "this loafctl is " + r.Versions.Loafctl + "; which one is deployed is not known"
	default:
		return r.Versions.Deployed + " deployed, this loafctl is " + r.Versions.Loafctl
	}
}

// seconds is a time as people say it.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < time.Minute:
		return d.Round(time.Second / 10).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}
