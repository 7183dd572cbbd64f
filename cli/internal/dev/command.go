// Package dev is `loafctl dev`: the whole pipeline in one process on this
// machine, through the handlers that run in AWS.
package dev

import (
	"crypto/rand"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// DuckDB is the value of --warehouse for the embedded engine.
const DuckDB = "duckdb"

// Options of the command.
type Options struct {
	Streams term.Streams
	// Program is how loafctl was called, for the commands that it shows.
	Program string
	// Addr is where to listen; port 0 takes a free one.
	Addr    string
	DataDir string
	// APIKey, AdminPassword and Token are made once for the data folder when
	// they are empty.
	APIKey, AdminPassword, Token string
	// Renew names those of them that are made anew, separated by commas.
	Renew string
	// renew is the same, taken apart.
	renew     []string
	LoadEvery time.Duration
	// Warehouse is DuckDB or a postgres:// URL.
	Warehouse string
	// EventRetention is for how many days events are kept; 0 is for ever.
	EventRetention int
	// MemoryLimit is DuckDB's, for example "4GB".
	MemoryLimit string
	// CacheMB bounds the answers that are kept, in MiB; 0 keeps none.
	CacheMB int
	// WebhookAllow are the networks that webhooks may be sent to although they are
	// not on the internet, separated by commas.
	WebhookAllow string
	// webhookAllow is the same, read.
	webhookAllow []netip.Prefix
	// Demo plays a made-up shop; Open opens the page in a browser; Verbose
	// logs every call and load.
	Demo, Open, Verbose bool
	// Now is the clock and NewSecret makes a random text.
	Now       func() time.Time
	NewSecret func() string
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Program: os.Args[0], Now: time.Now, NewSecret: rand.Text}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the whole pipeline on this machine",
		Long: `Run the whole pipeline on this machine: the collection API, the loader, a
warehouse, the insights API and the page, on one address.

A key, a password and a token that are not given are made and shown once. The data
folder keeps their hashes: --renew makes another of what you have lost, and the old
one is refused. The other commands of this machine need none: dev makes a key and
a token for them that end with it.

Ctrl-C stops: what was accepted is loaded, or kept for the next start.`,
		Example: `  loafctl dev --demo --open
  loafctl dev --addr 127.0.0.1:0 --data-dir /tmp/loaf
  loafctl dev --warehouse postgres://me@localhost/analytics
  loafctl dev --renew password`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on; port 0 takes a free one")
	f.StringVar(&o.DataDir, "data-dir", datadir.Default, "`folder` for everything that is kept")
	f.StringVar(&o.APIKey, "api-key", "", "`key` of the collection API (default: one made for the data folder)")
	f.StringVar(&o.AdminPassword, "admin-password", "", "`password` of the page (default: one made for the data folder)")
	f.StringVar(&o.Token, "token", "", "bearer `token` of the insights API (default: one made for the data folder)")
	f.StringVar(&o.Renew, "renew", "", "`names` of what is made anew and shown, in place of what was lost or has leaked: api-key, password, token, with commas between them")
	f.DurationVar(&o.LoadEvery, "load-every", 2*time.Second, "how often new data is loaded")
	f.StringVar(&o.Warehouse, "warehouse", DuckDB, "duckdb, or the `URL` of a PostgreSQL database, postgres://user:password@host/database")
	f.IntVar(&o.EventRetention, "event-retention", 0, "`days` for which events are kept, from 30; what is older leaves warehouse and raw data after a load (default: for ever)")
	f.StringVar(&o.MemoryLimit, "memory-limit", "", "most memory that DuckDB takes, such as 4GB (default: 80% of the machine)")
	f.IntVar(&o.CacheMB, "cache-mb", query.DefaultCacheBytes>>20, "memory for answers to questions that come again, in `MiB`; 0 keeps none")
	f.StringVar(&o.WebhookAllow, "webhook-allow", "127.0.0.0/8,::1/128", "`networks` of your own that alerts' webhooks may be sent to, also without TLS; empty for the internet alone")
	f.BoolVar(&o.Demo, "demo", false, "play a made-up shop: thirty days back, then live")
	f.BoolVar(&o.Open, "open", false, "open the page in a browser")
	f.BoolVar(&o.Verbose, "verbose", false, "log every call and every load")
	return cmd
}

var memoryLimit = regexp.MustCompile(`(?i)^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$`)

// maxCacheMB is more than any machine has to spare.
const maxCacheMB = 1 << 20

// cacheBytes is --cache-mb as the service takes it.
func (o *Options) cacheBytes() int64 {
	if o.CacheMB == 0 {
		return -1
	}
	return int64(o.CacheMB) << 20
}

// minLoadEvery keeps the loader from spinning.
const minLoadEvery = 50 * time.Millisecond

// minEventRetention is that of a stack: what waits to be loaded or mended must
// not be deleted before.
const minEventRetention = 30

func (o *Options) retention() load.Retention { return load.Retention{Days: o.EventRetention} }

// check finds wrong use before anything is made.
func (o *Options) check() error {
	if _, port, err := net.SplitHostPort(o.Addr); err != nil || port == "" {
		return failure.Usage("Give a host and a port, such as --addr 127.0.0.1:8080, or port 0 for a free one.", "--addr %q is not HOST:PORT", o.Addr)
	}
	if o.DataDir == "" {
		return failure.Usage("Name a folder, or leave --data-dir out.", "--data-dir is empty")
	}
	if o.LoadEvery < minLoadEvery {
		return failure.Usage("Use a duration such as --load-every 2s.", "--load-every %v is shorter than %v", o.LoadEvery, minLoadEvery)
	}
	if o.EventRetention != 0 && o.EventRetention < minEventRetention {
		return failure.Usage("Use a number such as --event-retention 365, or leave it out to keep events for ever.", "--event-retention %d is not a number of days from %d", o.EventRetention, minEventRetention)
	}
	if o.MemoryLimit != "" && !memoryLimit.MatchString(o.MemoryLimit) {
		return failure.Usage("Use a size such as --memory-limit 4GB.", "--memory-limit %q is not a size", o.MemoryLimit)
	}
	if o.CacheMB < 0 || o.CacheMB > maxCacheMB {
		return failure.Usage("Use a number such as --cache-mb 64, or 0 to keep no answers.", "--cache-mb %d is not from 0 to %d", o.CacheMB, maxCacheMB)
	}
	for _, network := range strings.FieldsFunc(o.WebhookAllow, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return failure.Usage("Use networks such as --webhook-allow 127.0.0.0/8,192.168.1.0/24.", "--webhook-allow %q is not a network", network)
		}
		o.webhookAllow = append(o.webhookAllow, prefix)
	}
	if err := o.checkRenew(); err != nil {
		return err
	}
	if o.Warehouse == DuckDB {
		return nil
	}
	// Neither the value nor the parser's error is shown: a password is in them.
	u, err := url.Parse(o.Warehouse)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return failure.Usage("Use --warehouse duckdb, or --warehouse postgres://user:password@host/database.", "--warehouse is neither duckdb nor the URL of a PostgreSQL database")
	}
	return nil
}

// describeWarehouse names the warehouse without its password.
func (o *Options) describeWarehouse() string {
	if o.Warehouse == DuckDB {
		return "DuckDB"
	}
	u, err := url.Parse(o.Warehouse)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL at " + u.Host + "/" + strings.TrimPrefix(u.Path, "/")
}
