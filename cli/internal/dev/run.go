package dev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/browser"
	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Run runs everything until ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	level := slog.LevelWarn
	if o.Verbose {
		level = slog.LevelInfo
	}
	logger := slog.New(slog.NewTextHandler(o.Streams.Err, &slog.HandlerOptions{Level: level}))

	dir, err := datadir.Open(ctx, o.DataDir, o.NewSecret)
	if err != nil {
		return err
	}
	defer closing(&err, "let go of the data folder", dir.Close)
	if dir.Hashed {
		o.tell("The data folder holds hashes of its key, password and token from now on, and they cannot be read there any more. They are valid as before; --renew makes another of what you have lost.")
	}
	doors, err := o.doors(dir)
	if err != nil {
		return err
	}

	// The address is taken first: to learn that it is in use after a minute of
	// migrating and loading is late.
	listener, err := listen(ctx, o.Addr)
	if err != nil {
		return err
	}
	defer closing(&err, "stop listening", func() error { return ignoreClosed(listener.Close()) })

	store, err := local.NewStore(dir.Path("raw"))
	if err != nil {
		return err
	}
	e, err := o.openWarehouse(ctx, dir, store)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped before anything was begun
		}
		return err
	}
	defer closing(&err, "close the warehouse", e.Close)

	keys := newKeys(dir, doors, o.NewSecret)
	watched := &watched{engine: e, loaded: func() {}}
	// What arranges changes no answer, and nobody need hear of it.
	arranger, _ := e.(local.Arranger) // PostgreSQL is none
	p := newPipeline(watched, arranger, store, keys.ring, o.retention(), o.Now, o.newID, logger)
	url, _ := address(listener)
	tokens, err := auth.ParseTokens(doors.token.String() + "," + datadir.SumOf(doors.runToken).String())
	if err != nil {
		return fmt.Errorf("set the tokens: %w", err)
	}
	insights, checker, err := o.newInsights(e, p.queue, doors.passwordHash, tokens, dir.Secrets.SessionKey, url, logger)
	if err != nil {
		return err
	}
	watched.loaded = func() {
		insights.ObserveLoad(o.Now())
		checker.Loaded()
	}
	// What a crash left between the raw data and the warehouse comes first.
	swept, err := p.loader.Sweep(ctx)
	for _, o := range swept.TooMuch {
		p.queue.Notify(o) // tried again with the loads
	}
	if left := (*load.LeftError)(nil); err != nil && !errors.As(err, &left) {
		if ctx.Err() != nil {
			return nil
		}
		return failure.New(err, "The raw data is safe; start again when the cause is mended.", "load what the last run left")
	}
	// Not before it is sure that they are shown: a key that is kept and was never
	// seen is lost.
	if doors.changed {
		if err := dir.SaveSecrets(doors.kept); err != nil {
			return err
		}
	}
	defer startChecks(checker)()
	return o.serve(ctx, dir, listener, p, doors, insights.EndStreams, split(p.collection, insights, newAdmin(tokens, p, keys, o.Now, logger)), logger)
}

// serve answers until ctx ends, then finishes what was begun.
func (o *Options) serve(ctx context.Context, dir *datadir.Dir, listener net.Listener, p *pipeline, doors *doors, endStreams func(), handler http.Handler, logger *slog.Logger) error {
	url, exposed := address(listener)
	server := newServer(handler, logger)
	server.RegisterOnShutdown(endStreams)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stopLoading := p.start(o.LoadEvery)

	if err := dir.Announce(datadir.Running{Address: url, APIKey: doors.runKey, Token: doors.runToken}); err != nil {
		logger.Warn("import and query will need --endpoint and --server", "error", err)
	}
	if exposed {
		o.tell("Warning: %s is open to other machines, without TLS: whoever listens on the way reads keys and passwords.", o.Addr)
	}
	if _, err := fmt.Fprint(o.Streams.Out, o.banner(url, dir, doors)); err != nil {
		logger.Warn("standard output is closed", "error", err)
	}
	if o.Open {
		if err := browser.Open(ctx, url); err != nil {
			o.tell("The browser could not be opened (%v): go to %s", err, url)
		}
	}
	stopDemo := func() {}
	var failed error
	if o.Demo {
		stop, err := o.startDemo(ctx, url, doors.runKey, dir, logger)
		if err != nil {
			failed = err
		} else {
			stopDemo = stop
		}
	}
	if failed == nil {
		select {
		case <-ctx.Done():
			o.tell("Stopping: finishing what was begun. Ctrl-C again stops at once.")
		case err := <-served:
			failed = failure.New(err, "", "serve on %s", url)
		}
	}
	stopDemo()
	if err := shutdown(server); err != nil {
		logger.Warn("calls were cut off", "error", err)
	}
	for _, d := range p.deliveries {
		d.Close()
	}
	stopLoading()
	if err := o.lastLoad(p); err != nil {
		o.tell("Not all was loaded (%v). It is kept, and loaded at the next start.", err)
		return failed
	}
	o.tell("Stopped. Everything that was accepted is loaded.")
	return failed
}

// lastLoadPatience bounds the load at the end: a warehouse that is away must
// not keep the program from ending.
const lastLoadPatience = time.Minute

func (o *Options) lastLoad(p *pipeline) error {
	ctx, cancel := context.WithTimeout(context.Background(), lastLoadPatience)
	defer cancel()
	return p.schedule.Load(ctx)
}

func (o *Options) newID() string {
	// crypto/rand does not fail: it ends the program instead.
	id, _ := wire.NewUUIDv7(o.Now(), rand.Reader)
	return id
}

// tell says something about the run to the person who started it.
func (o *Options) tell(format string, args ...any) {
	// A closed standard error has no reader.
	_, _ = fmt.Fprintf(o.Streams.Err, format+"\n", args...)
}

// closing adds what a close says to the error of the function it ends.
func closing(err *error, doing string, c func() error) {
	if closeErr := c(); closeErr != nil {
		*err = errors.Join(*err, fmt.Errorf("%s: %w", doing, closeErr))
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
