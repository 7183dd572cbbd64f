// Package deleteuser is `loafctl delete-user`: it asks for a user's data to be
// deleted for good, and waits for it.
package deleteuser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
	"github.com/dataloaf/dataloaf/cli/internal/loadfunction"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/deletion"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	Prompter prompt.Prompter
	// UserID is whose data goes.
	UserID, Reason string
	// Yes does not ask, Wait waits, and Check asks whether it was deleted before.
	Yes, Wait, Check, JSON bool
	Timeout                time.Duration
	// Now is the clock, and Pause waits.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Now: time.Now, Pause: cloud.Pause}
	o.Stdin = streams.In
	cmd := &cobra.Command{
		Use:   "delete-user USER_ID",
		Short: "Delete a user's data for good",
		Long: `Delete a user's data for good: all that was accepted until now, from the
warehouse and from the raw objects with their older versions. It cannot be called
back, so it asks for the id again, or wants --yes. What the user does from now on
is a new user's.

The load function does the work: at the next load, or at once with --wait, which
waits until everything that is there is deleted. In AWS the deletion is done about
25 hours later, when everything that was on its way has surely arrived and was
looked through again; the receipt then keeps a hash of the id, and says what is
left and until when. --check asks whether a user's data was deleted.

It asks the insights API as an admin: give --password, or a --token of the
server's configuration. For a dev that runs on this machine neither is needed.`,
		Example: `  loafctl delete-user ada@example.com --reason "ticket 4711" --wait
  loafctl delete-user ada@example.com --check
  loafctl delete-user u-17 --yes --endpoint http://127.0.0.1:8080`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.UserID = args[0]
			o.Prompter = prompt.For(streams, o.Yes)
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.Register(f)
	o.RegisterInsights(f)
	f.StringVar(&o.Reason, "reason", "", "`text` that is kept with the receipt, such as a ticket; it must not name the user")
	f.BoolVar(&o.Yes, "yes", false, "do not ask")
	f.BoolVar(&o.Wait, "wait", false, "wait until everything that is there is deleted")
	f.BoolVar(&o.Check, "check", false, "delete nothing: print the deletions of this user that were asked for")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	f.DurationVar(&o.Timeout, "timeout", time.Hour, "how long --wait may take")
	return cmd
}

// path is that of the deletions.
const path = "/api/v1/deletions"

// Run asks for the deletion, or checks it, and prints.
func Run(ctx context.Context, o Options) error {
	if o.Timeout <= 0 {
		return failure.Usage("Use a duration such as --timeout 1h.", "--timeout must be above zero")
	}
	if o.UserID == "" {
		return failure.Usage("Give the id as the events have it.", "the user's id is empty")
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	client, work, err := o.target(ctx)
	if err != nil {
		return err
	}
	if o.Check {
		return o.check(ctx, client)
	}
	if err := o.confirm(ctx); err != nil {
		return err
	}
	body := map[string]string{"user_id": o.UserID}
	if o.Reason != "" {
		body["reason"] = o.Reason
	}
	var d deletion.Deletion
	if err := client.Call(ctx, http.MethodPost, path, body, &d); err != nil {
		return err
	}
	if o.Wait {
		if d, err = o.wait(ctx, client, work, d); err != nil {
			return err
		}
	}
	return o.print(d)
}

// target finds the insights API and the load function.
func (o *Options) target(ctx context.Context) (*insights.Client, loadfunction.Call, error) {
	running, local, err := o.Dev()
	if err != nil {
		return nil, nil, err
	}
	if local {
		client, err := target.Local(running)
		if err != nil {
			return nil, nil, err
		}
		work, err := loadfunction.OfDev(running, o.Timeout)
		return client, work, err
	}
	s, err := o.Stack(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !s.Loads() {
		return nil, nil, failure.New(nil, "", "the stack %q has no warehouse, and nothing that deletes", s.Name)
	}
	if o.Token == "" && o.Password == "" {
		return nil, nil, failure.Usage("Give --password (LOAF_PASSWORD), or --token (LOAF_TOKEN) of the server's configuration.", "the insights page of %q wants to know who asks", s.Name)
	}
	client, err := o.Insights(s.Outputs.InsightsURL)
	return client, loadfunction.Stack{Action: "delete", Doing: "a deletion", Tell: o.tell, Pause: o.Pause}.Of(s), err
}

func (o *Options) confirm(ctx context.Context) error {
	if o.Yes {
		return nil
	}
	same := func(text string) error {
		if text != o.UserID {
			return errors.New("this is not the id")
		}
		return nil
	}
	_, err := o.Prompter.Input(ctx, prompt.Input{Label: "Type the user's id again to delete their data for good", Check: same, Flag: "yes"})
	return err
}

// check prints the deletions of the user.
func (o *Options) check(ctx context.Context, client *insights.Client) error {
	var found struct {
		Deletions []deletion.Deletion `json:"deletions"`
	}
	if err := client.Call(ctx, http.MethodPost, path+"/lookup", map[string]string{"user_id": o.UserID}, &found); err != nil {
		return err
	}
	if o.JSON {
		return o.json(found.Deletions)
	}
	if len(found.Deletions) == 0 {
		return o.write("No deletion was asked for of this id. Ids are compared with case.\n")
	}
	for _, d := range found.Deletions {
		if err := o.print(d); err != nil {
			return err
		}
	}
	return nil
}

// between is how long to wait between two looks.
const between = 2 * time.Second

// wait has the load function go on until everything that is there is deleted.
func (o *Options) wait(ctx context.Context, client *insights.Client, work loadfunction.Call, d deletion.Deletion) (deletion.Deletion, error) {
	late := func(err error) error {
		if errors.Is(err, context.DeadlineExceeded) {
			return failure.New(err, "It goes on by itself: --check tells how far it is. --timeout waits longer.", "the deletion takes longer than %v", o.Timeout)
		}
		return err
	}
	seen := int64(-1)
	for {
		var report invoke.DeleteReport
		if err := work(ctx, []byte(`{"action":"delete"}`), &report); err != nil {
			return d, late(err)
		}
		if err := client.Call(ctx, http.MethodGet, path+"/"+d.ID, nil, &d); err != nil {
			return d, late(err)
		}
		switch d.State {
		case warehouse.DeletionDone:
			return d, nil
		case warehouse.DeletionFailed:
			return d, failure.New(nil, "Mend the cause and ask again.", "the deletion was given up: %s", text(d.Error))
		case warehouse.DeletionRequested, warehouse.DeletionRunning:
		}
		if d.SettlesAt != nil {
			if deadline, ok := ctx.Deadline(); ok && d.SettlesAt.After(o.Now().Add(time.Until(deadline))) {
				return d, nil // what is there is deleted, and the rest comes too late to wait for
			}
		} else if d.ObjectsSeen != seen {
			seen = d.ObjectsSeen
			o.tell("Raw objects looked into so far: %d.", seen)
		}
		if err := o.Pause(ctx, between); err != nil {
			return d, late(err)
		}
	}
}

func (o *Options) print(d deletion.Deletion) error {
	if o.JSON {
		return o.json(d)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Deletion %s, asked for %s by %s\n", d.ID, d.RequestedAt.Format(time.RFC3339), d.RequestedBy)
	switch {
	case d.State == warehouse.DeletionDone && d.FinishedAt != nil:
		fmt.Fprintf(&b, "state      done, %s\n", d.FinishedAt.Format(time.RFC3339))
	case d.SettlesAt != nil:
		fmt.Fprintf(&b, "state      deleted; waits until %s for what was on its way\n", d.SettlesAt.Format(time.RFC3339))
	case d.State == warehouse.DeletionRequested:
		b.WriteString("state      requested; the next load begins with it\n")
	default:
		fmt.Fprintf(&b, "state      %s\n", d.State)
	}
	if d.State != warehouse.DeletionRequested {
		fmt.Fprintf(&b, "warehouse  %d events, %d rows of users\n", d.Deleted.EventRows, d.Deleted.UserRows)
		fmt.Fprintf(&b, "raw data   %d lines of %d objects, %d older versions\n", d.Deleted.Lines, d.Deleted.Objects, d.Deleted.Versions)
	}
	for _, name := range d.Unreadable {
		fmt.Fprintf(&b, "unreadable %s\n", name)
	}
	for _, r := range d.Remains {
		fmt.Fprintf(&b, "remains    %s", r.What)
		if r.Until != nil {
			fmt.Fprintf(&b, ", until %s", r.Until.Format(time.RFC3339))
		}
		b.WriteString("\n")
	}
	if d.Error != nil {
		fmt.Fprintf(&b, "last error %s\n", *d.Error)
	}
	return o.write(b.String())
}

func (o *Options) json(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the deletion: %w", err)
	}
	return o.write(string(text) + "\n")
}

func (o *Options) write(text string) error {
	if _, err := o.Streams.Out.Write([]byte(text)); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return "it does not say why"
	}
	return *s
}

// tell says how it goes to the person who waits.
func (o *Options) tell(format string, args ...any) {
	// A closed standard error has no reader.
	_, _ = fmt.Fprintf(o.Streams.Err, format+"\n", args...)
}
