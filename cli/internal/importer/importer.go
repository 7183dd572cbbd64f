// Package importer is `loafctl import`: it sends files of events and users
// through the SDK.
package importer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	// Files are the names; "-" is standard input.
	Files []string
	// Endpoint and APIKey are those of a collection API; empty means the dev
	// that runs on DataDir.
	Endpoint, APIKey string
	DataDir          string
	// Kind is one of the kinds.
	Kind string
	// RetryFor is how long a batch is tried again before the import gives up.
	RetryFor time.Duration
	JSON     bool
	// Now is the clock.
	Now func() time.Time
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Now: time.Now}
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Send files of events or users",
		Long: `Send files of events or users: NDJSON, plain or gzip, one object a line; "-" is
standard input. What a line is, its fields tell:

  event   {"event_id","event","user_id","timestamp","properties"}
  user    {"user_id","created_at","attributes"}
  update  {"user_id","updated_at","attributes"}

A broken line is reported by its number and the rest goes on. An event counts
once by its event_id and timestamp, so importing a file again changes nothing.
While ` + "`loafctl dev`" + ` runs on the same --data-dir, neither endpoint nor key is
needed.`,
		Example: `  loafctl import events.ndjson.gz users.ndjson.gz
  zcat *.gz | loafctl import - --endpoint https://abc.execute-api.eu-central-1.amazonaws.com/prod --api-key "$KEY"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Files = args
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Endpoint, "endpoint", "", "`URL` of the collection API (default: the dev that runs on --data-dir)")
	f.StringVar(&o.APIKey, "api-key", "", "`key` of the collection API")
	f.StringVar(&o.DataDir, "data-dir", datadir.Default, "`folder` of a running loafctl dev")
	f.StringVar(&o.Kind, "kind", Auto, "what the lines are: events, users, updates, or auto to tell by each line")
	f.DurationVar(&o.RetryFor, "retry-for", 30*time.Second, "how long to try again when the endpoint does not answer")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON, with every rejected line")
	return cmd
}

// stride is how many lines are sent before all their answers are awaited.
const stride = 40 * wire.MaxItems

// closePatience is how long what is under way may take when an import ends
// early.
const closePatience = 10 * time.Second

// Run imports the files and prints a report.
func Run(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	inputs, size, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer closeAll(inputs)
	if err := probe(ctx, o.Endpoint, o.APIKey); err != nil {
		return err
	}

	started := o.Now()
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	l := &ledger{all: o.JSON, order: map[string]int{}, stop: stop}
	for i, in := range inputs {
		l.order[in.name] = i
	}
	client, err := dataloaf.New(dataloaf.Config{
		Endpoint: o.Endpoint, APIKey: o.APIKey,
		MaxBatchItems: wire.MaxItems, MaxBatchBytes: 2 << 20,
		MaxRetryTime: o.RetryFor,
		Callback:     l.result,
		Logger:       slog.New(slog.DiscardHandler), // the report tells
		Clock:        dataloaf.ClockFunc(o.Now),
	})
	if err != nil {
		return failure.New(err, "", "set up the import")
	}
	bar := newProgress(o.Streams.Err, size)
	failed := o.read(reading, inputs, client, l, bar)
	closing, cancel := closeContext(ctx, failed)
	defer cancel()
	// What is not delivered is in the ledger, message by message.
	_ = client.Close(closing)
	bar.finish()

	report, stopped := l.final()
	report.Seconds = o.Now().Sub(started).Seconds()
	if err := o.print(report); err != nil {
		return err
	}
	return o.verdict(ctx, report, failed, stopped)
}

// closeContext: a whole import waits for every answer, for as long as the SDK
// tries; one that is stopped waits a little.
func closeContext(ctx context.Context, failed error) (context.Context, context.CancelFunc) {
	base := context.WithoutCancel(ctx)
	if failed != nil {
		return context.WithTimeout(base, closePatience)
	}
	// Ctrl-C while waiting for the last answers shortens the wait.
	// The SDK's own patience with a batch is the bound; a Close without any
	// deadline would set a shorter one.
	waiting, cancel := context.WithTimeout(base, 24*time.Hour)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(closePatience, cancel) })
	return waiting, func() { stop(); cancel() }
}

// complete checks the options and fills in what a running dev knows.
func (o *Options) complete() error {
	switch o.Kind {
	case Auto, Events, Users, Updates:
	default:
		return failure.Usage("Use --kind events, users, updates or auto.", "there is no kind %q of lines", o.Kind)
	}
	if o.RetryFor <= 0 {
		return failure.Usage("Use a duration such as --retry-for 30s.", "--retry-for must be above zero")
	}
	if o.Endpoint == "" {
		running, ok := datadir.FindRunning(o.DataDir)
		if !ok {
			return failure.Usage("Give it with --endpoint URL (LOAF_ENDPOINT), or start one with `loafctl dev`.",
				"no endpoint is given and no loafctl dev runs on the data folder %s", o.DataDir)
		}
		o.Endpoint = running.Address
		if o.APIKey == "" {
			o.APIKey = running.APIKey
		}
	}
	address, err := url.Parse(o.Endpoint)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return failure.Usage("Give an address such as --endpoint http://127.0.0.1:8080.", "%q is not the address of a collection API", o.Endpoint)
	}
	o.Endpoint = strings.TrimRight(o.Endpoint, "/")
	if o.APIKey == "" {
		return failure.Usage("Give the key with --api-key (LOAF_API_KEY).", "the endpoint wants a key")
	}
	return nil
}

// input is an open file.
type input struct {
	name string
	io.Reader
	close func() error
}

// open opens every file before the first line is sent: a name that is wrong
// should cost nothing. The size is -1 when it cannot be known.
func (o *Options) open(ctx context.Context) (inputs []input, size int64, err error) {
	defer func() {
		if err != nil {
			closeAll(inputs)
		}
	}()
	seen := map[string]bool{}
	for _, name := range o.Files {
		if seen[name] {
			return inputs, 0, failure.Usage("Name every file once.", "%s is named twice", name)
		}
		seen[name] = true
		if name == "-" {
			inputs = append(inputs, input{name: "standard input", Reader: interruptible(ctx, o.Streams.In), close: func() error { return nil }})
			size = -1
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			return inputs, 0, failure.New(err, "Name files of NDJSON, plain or .gz, or - for standard input.", "read the files")
		}
		inputs = append(inputs, input{name: name, Reader: file, close: file.Close})
		info, err := file.Stat()
		switch {
		case err != nil:
			return inputs, 0, failure.New(err, "", "read the files")
		case info.IsDir():
			return inputs, 0, failure.Usage("Name the files in it.", "%s is a folder", name)
		case !info.Mode().IsRegular():
			size = -1
		case size >= 0:
			size += info.Size()
		}
	}
	return inputs, size, nil
}

func closeAll(inputs []input) {
	for _, in := range inputs {
		// Files that were only read have nothing to lose.
		_ = in.close()
	}
}

// read sends the lines of all inputs.
func (o *Options) read(ctx context.Context, inputs []input, client *dataloaf.Client, l *ledger, bar *progress) error {
	for _, in := range inputs {
		if err := o.readOne(ctx, in, client, l, bar); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) readOne(ctx context.Context, in input, client *dataloaf.Client, l *ledger, bar *progress) error {
	source, err := newLines(bar.count(in.Reader))
	if err != nil {
		return o.readError(ctx, in.name, 0, err)
	}
	for ctx.Err() == nil {
		line, err := source.next()
		at := place{in.name, source.number}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLineTooLong):
			l.line(at)
			l.broken(at, &wire.ItemError{Code: codeLineTooLong, Message: err.Error()})
			continue
		case err != nil:
			return o.readError(ctx, in.name, source.number, err)
		}
		l.line(at)
		made := false
		m, err := message(line, o.Kind, at, o.Now(), func() string { made = true; return newID(o.Now()) })
		if err != nil {
			l.broken(at, err)
			continue
		}
		if err := client.EnqueueWait(ctx, m); err == nil {
			if l.sent(made)%stride == 0 {
				// Little is under way at once, so that an import that is stopped
				// stops soon and says closely how far it came. What ends the
				// wait early shows below.
				_ = client.Flush(ctx)
			}
		} else if ctx.Err() != nil {
			l.unsent()
			return context.Cause(ctx)
		} else {
			l.broken(at, err)
		}
	}
	return context.Cause(ctx)
}

// codeLineTooLong is the reason for a line that was not read whole.
const codeLineTooLong wire.Code = "line_too_long"

func newID(now time.Time) string {
	// crypto/rand does not fail: it ends the program instead.
	id, _ := wire.NewUUIDv7(now, rand.Reader)
	return id
}

func (o *Options) readError(ctx context.Context, name string, line int, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return failure.New(err, "The lines before it were sent. Is the file whole?", "read %s after line %d", name, line)
}

// interruptible ends with its context, even while its reader waits for someone
// to type.
func interruptible(ctx context.Context, in io.Reader) io.Reader {
	out, pump := io.Pipe()
	go func() {
		_, err := io.Copy(pump, in)
		pump.CloseWithError(err) // nil is the end of the file
	}()
	context.AfterFunc(ctx, func() { pump.CloseWithError(context.Cause(ctx)) })
	return out
}

func (o *Options) print(r Report) error {
	write := r.writeText
	if o.JSON {
		write = r.writeJSON
	}
	if err := write(o.Streams.Out); err != nil {
		return failure.New(err, "", "write the report")
	}
	return nil
}

// verdict is the error with which the import ends.
func (o *Options) verdict(ctx context.Context, r Report, failed, stopped error) error {
	const again = "Import again: what was accepted is not counted twice."
	var known *failure.Error
	switch {
	case ctx.Err() != nil:
		return failure.New(nil, again, "stopped at %s", r.Reached)
	case errors.Is(stopped, errAway):
		return failure.New(stopped, again, "stopped at %s: nothing was accepted at %s for %v", r.Reached, o.Endpoint, o.RetryFor)
	case stopped != nil:
		return failure.New(stopped, "Check --endpoint (LOAF_ENDPOINT) and --api-key (LOAF_API_KEY).", "stopped at %s", r.Reached)
	case errors.As(failed, &known):
		return failed
	case failed != nil:
		return fmt.Errorf("import: %w", failed)
	case r.NotDelivered > 0:
		return failure.New(nil, again, "%d lines were not delivered", r.NotDelivered)
	case r.Rejected > 0:
		return failure.New(nil, "Mend them and import again: what was accepted is not counted twice.", "%d of %d lines were rejected", r.Rejected, r.Lines)
	default:
		return nil
	}
}
