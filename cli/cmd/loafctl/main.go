// Command loafctl runs DataLoaf: on one machine with `loafctl dev`, and what
// belongs to it. See `loafctl --help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dataloaf/dataloaf/cli/internal/environment"
	"github.com/dataloaf/dataloaf/cli/internal/root"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the system's own handling is back, so that a
	// second one ends the program at once.
	context.AfterFunc(ctx, stop)
	return root.Run(ctx, os.Args[1:], term.Standard(), environment.Of(os.Environ()))
}
