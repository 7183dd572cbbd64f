// Command insights-server answers questions about the warehouse: the insights
// API and its page. It is configured by environment variables alone; --help
// lists them.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // an image from scratch has no authorities

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/alert"
	"github.com/dataloaf/dataloaf/insights-server/audit"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/cohort"
	"github.com/dataloaf/dataloaf/insights-server/deletion"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/httpapi"
	"github.com/dataloaf/dataloaf/insights-server/page"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
	"github.com/dataloaf/dataloaf/insights-server/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

// errUsage marks what the person who starts the program has to put right.
var errUsage = errors.New("wrong use")

func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintf(stderr, "insights-server: %v\nTry: insights-server --help\n", err)
		return 2
	default:
		_, _ = fmt.Fprintf(stderr, "insights-server: %v\n", err)
		return 1
	}
}

const usage = `insights-server serves DataLoaf's insights API and page.

Usage:
  insights-server                 serve until interrupted
  insights-server hash-password   read a password from standard input and print
                                  its hash for LOAF_ADMIN_PASSWORD_HASH
  insights-server healthcheck     ask the server at LOAF_ADDR whether it answers

Environment:
  LOAF_WAREHOUSE_HOST       the warehouse's host name; TLS is always verified
  LOAF_WAREHOUSE_SECRET     ARN of the secret in AWS Secrets Manager that holds
                            its user: {"username":…,"password":…}
  LOAF_WAREHOUSE_PORT       its port                        (5439)
  LOAF_WAREHOUSE_DATABASE   its database                    (dataloaf)
  LOAF_WAREHOUSE_CA_FILE    the authorities that vouch for it, in PEM form
                            (the well-known ones)
  LOAF_WAREHOUSE_URL        or all of it: postgres://… or redshift://…
                            (a host and a secret, or a URL, is required)
  LOAF_WAREHOUSE_DIALECT    postgres or redshift; by default redshift, or as the
                            URL begins
  LOAF_LOAD_QUEUE_URL, LOAF_RETRY_QUEUE_URL
                            the SQS queues whose depth the page shows as files
                            that wait
  LOAF_ADMIN_PASSWORD_HASH  argon2id hash of the first admin's password
  LOAF_ADMIN_PASSWORD       or the password itself
  LOAF_INSIGHTS_SECRET      or the ARN of a secret that holds the password and
                            the session key: {"admin_password":…,"session_key":…}
                            (one of the three is required)
  LOAF_ADMIN_EMAIL          the first admin's address       (admin)
  LOAF_SESSION_KEY          at least 32 bytes that sign the session cookies;
                            without it sessions end with the process
  LOAF_SESSION_LIFE         how long a session lasts        (168h)
  LOAF_TOKEN_SHA256         SHA-256 sums, in hexadecimal and separated by
                            commas, of the bearer tokens that programs may use
  LOAF_ADDR                 where to listen                 (127.0.0.1:8080)
  LOAF_TLS_CERT, LOAF_TLS_KEY
                            files in PEM form, to serve TLS
  LOAF_PUBLIC_URL           the addresses by which browsers know the server,
                            separated by commas; https makes cookies Secure
  LOAF_COLLECTION_URL       where applications send events to, which the page
                            shows in code             (the page's own address)
  LOAF_TRUSTED_PROXIES      addresses or networks whose X-Forwarded-For and
                            X-Forwarded-Proto are believed
  LOAF_QUERY_TIMEOUT        how long a query may take       (30s)
  LOAF_MAX_QUERIES          how many run at once            (one a processor)
  LOAF_CALLS_PER_MINUTE     how many calls each user or token may make in a
                            minute                          (1200)
  LOAF_CACHE_MB             memory for answers to questions that come again, in
                            MiB; 0 keeps none               (64)
  LOAF_CACHE_TRUST          how long an answer may lag behind a load, so that a
                            repeated question does not wake the warehouse
                            (60s on Redshift, else 0s)
  LOAF_LOAD_STATE           the object by which the load says that it brought
                            something, s3://bucket/state/loaded.json: what
                            alerts are checked after. Without it PostgreSQL is
                            asked, and Redshift, which that would wake, is not
  LOAF_ASK_STATE            the object that tells the load that somebody asks,
                            s3://bucket/state/asked.json, where loads wait while
                            nobody does
  LOAF_ALERT_TOPICS         ARNs of the SNS topics that alerts may publish to,
                            separated by commas
  LOAF_WEBHOOK_ALLOW        addresses or networks of your own that webhooks may be
                            sent to, also without TLS and at any port; without
                            it they go to the internet alone, by https
  LOAF_LOG_LEVEL            debug, info, warn or error      (info)

For what is kept in AWS, region and credentials come from where every AWS
program takes them: AWS_REGION and the role of the instance, for example.
`

// Timeouts against clients that are slow on purpose.
const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 60 * time.Second
	// answerTime is what a call may take beside its query: the body's way
	// here, the wait for a turn and the answer's way back. A limit on reading
	// shorter than the whole call would cancel queries that run on.
	answerTime = 60 * time.Second
	// stopTime is how long calls may go on after the signal to stop.
	stopTime       = 20 * time.Second
	maxHeaderBytes = 32 << 10
)

// pollLoads is how often the warehouse is asked for new loads while somebody
// watches the activity. The load is elsewhere and runs every three minutes; a
// warehouse that is asked stays awake, and is billed for it.
const pollLoads = time.Minute

func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	switch {
	case len(args) == 0:
		return serve(ctx, getenv, stdout, stderr)
	case len(args) == 1 && (args[0] == "--help" || args[0] == "-h" || args[0] == "help"):
		_, err := io.WriteString(stdout, usage)
		return err
	case len(args) == 1 && args[0] == "hash-password":
		return hashPassword(stdin, stdout)
	case len(args) == 1 && args[0] == "healthcheck":
		return healthcheck(ctx, getenv)
	default:
		return fmt.Errorf("%w: there is no command %q", errUsage, strings.Join(args, " "))
	}
}

func hashPassword(stdin io.Reader, stdout io.Writer) error {
	password, err := io.ReadAll(io.LimitReader(stdin, auth.MaxPasswordBytes+3))
	if err != nil {
		return fmt.Errorf("read the password from standard input: %w", err)
	}
	hash, err := auth.Hash(strings.TrimRight(string(password), "\r\n"), rand.Reader)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	_, err = fmt.Fprintln(stdout, hash)
	return err
}

func serve(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	c, err := readConfig(getenv)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	logger := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: c.logLevel}))
	cloud, err := c.readSecrets(ctx, logger)
	if err != nil {
		return err
	}
	handler, checker, db, err := c.build(logger, cloud)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	stopChecks := check(ctx, checker)
	defer stopChecks()

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.address)
	if err != nil {
		return fmt.Errorf("listen on LOAF_ADDR %s: %w", c.address, err)
	}
	server := c.newServer(handler, logger)
	server.RegisterOnShutdown(handler.EndStreams)
	scheme := "http"
	if c.tls != nil {
		scheme = "https"
	}
	if _, err := fmt.Fprintf(stdout, "DataLoaf insights on %s://%s\n", scheme, listener.Addr()); err != nil {
		return errors.Join(fmt.Errorf("say where the server listens: %w", err), listener.Close())
	}
	return serveUntil(ctx, server, listener, logger)
}

// newServer has a limit for everything that a client may be slow at.
func (c config) newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       c.queryTimeout + answerTime,
		WriteTimeout:      c.queryTimeout + answerTime,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		TLSConfig:         c.tls,
	}
}

// checkEvery is how often it is looked whether an alert is due. Mostly that reads one
// small object of S3, 0.07 dollars a month; a check right after the load finds the
// warehouse awake.
const checkEvery = 15 * time.Second

// check checks alerts until it is stopped, or ctx ends.
func check(ctx context.Context, checker *alert.Checker) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ticker := time.NewTicker(checkEvery)
	var running sync.WaitGroup
	running.Go(func() { checker.Run(ctx, ticker.C) })
	return func() {
		ticker.Stop()
		cancel()
		running.Wait()
	}
}

// settle is how long an interval must be over until alerts take it for complete:
// Firehose waits for up to a minute, the load runs every three.
const settle = 10 * time.Minute

// alerts puts together what keeps and checks alerts.
func (c config) alerts(documents *document.Store, library *saved.Library, service *query.Service, cloud cloud, logger *slog.Logger) (*alert.Store, *alert.Checker, error) {
	seal, err := alert.NewSeal(c.sessionKey)
	if err != nil {
		return nil, nil, err
	}
	hooks := webhook.New(webhook.Config{Allow: c.webhookAllow})
	store := alert.NewStore(alert.Options{
		Documents: documents, Insights: library, Sealer: seal, Topics: c.alertTopics, WrongURL: hooks.Wrong, Logger: logger,
	})
	senders := map[alert.DestinationKind]alert.Sender{alert.Webhook: hooks}
	if cloud.topics != nil {
		senders[alert.SNS] = cloud.topics
	}
	loads := cloud.loads
	switch {
	case loads != nil:
	case c.dialect == warehouse.PostgreSQL:
		loads = func(ctx context.Context) (time.Time, error) {
			state, err := service.Pipeline(ctx)
			if err != nil || state.LastLoad == nil {
				return time.Time{}, err
			}
			return *state.LastLoad, nil
		}
	default:
		logger.Warn("LOAF_LOAD_STATE is not set: alerts do not learn of loads, and only those with check_without_loads are checked")
	}
	var pageURL string
	if len(c.publicURLs) > 0 {
		pageURL = c.publicURLs[0]
	}
	return store, alert.NewChecker(store, alert.CheckerOptions{
		Asker: service, Senders: senders, Loads: loads, Settle: settle, PageURL: pageURL, Logger: logger,
	}), nil
}

// serveUntil serves until the context ends, then lets the calls under way end.
func serveUntil(ctx context.Context, server *http.Server, listener net.Listener, logger *slog.Logger) error {
	stopped := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			stopped <- server.ServeTLS(listener, "", "")
			return
		}
		stopped <- server.Serve(listener)
	}()
	select {
	case err := <-stopped:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	logger.Info("stopping")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		// Those still under way are cut off; closing cancels their queries.
		return errors.Join(fmt.Errorf("stop within %v: %w", stopTime, err), server.Close())
	}
	return nil
}

// build puts the parts together. It does not touch the warehouse, which may
// not be there yet and is billed for every time that it wakes.
func (c config) build(logger *slog.Logger, cloud cloud) (*httpapi.Server, *alert.Checker, io.Closer, error) {
	if !c.keyGiven {
		logger.Warn("LOAF_SESSION_KEY is not set: sessions end with this process, and the signing secrets of webhooks that are made with it")
	}
	db, err := c.openWarehouse(cloud.login)
	if err != nil {
		return nil, nil, nil, err
	}
	documents := document.New(db, document.Options{})
	directory, err := auth.NewDirectory(auth.DirectoryConfig{
		AdminEmail: c.adminEmail, AdminHash: c.adminHash, Tokens: c.tokens,
		Store: documents, Logger: logger,
	})
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("%w: %w", errUsage, err), db.SQL.Close())
	}
	sessions, err := auth.NewSessions(auth.SessionConfig{
		Directory: directory, Key: c.sessionKey, Life: c.sessionLife, Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("%w: LOAF_SESSION_KEY: %w", errUsage, err), db.SQL.Close())
	}
	cohorts := cohort.New(documents, cohort.Options{Trust: c.cacheTrust})
	service := query.New(db, query.Options{
		Timeout: c.queryTimeout, MaxConcurrent: c.maxQueries,
		CacheBytes: c.cacheBytes, CacheTrust: c.cacheTrust, Cohorts: cohorts.Find,
	})
	library := saved.New(documents, saved.Options{})
	alerts, checker, err := c.alerts(documents, library, service, cloud, logger)
	if err != nil {
		return nil, nil, nil, errors.Join(err, db.SQL.Close())
	}
	server, err := httpapi.New(httpapi.Config{
		Service:        service,
		Cohorts:        cohorts,
		Audits:         audit.New(documents),
		Saved:          library,
		Alerts:         alerts,
		AlertTester:    checker,
		Deletions:      deletion.New(documents, deletion.Options{Now: time.Now, Random: rand.Reader}),
		CollectionURL:  c.collectionURL,
		FilesWaiting:   cloud.waiting,
		Asked:          cloud.asked,
		Directory:      directory,
		PollLoads:      pollLoads,
		Sessions:       sessions,
		CallsPerMinute: c.callsPerMinute,
		SecureCookies:  c.secureCookies,
		Origins:        c.publicURLs,
		TrustedProxies: c.trustedProxies,
		Page:           page.Handler(),
		Logger:         logger,
	})
	if err != nil {
		return nil, nil, nil, errors.Join(err, db.SQL.Close())
	}
	return server, checker, db.SQL, nil
}

// loadTLS reads the certificate.
func loadTLS(cert, key string) (*tls.Config, error) {
	switch {
	case cert == "" && key == "":
		return nil, nil
	case cert == "" || key == "":
		return nil, errors.New("LOAF_TLS_CERT and LOAF_TLS_KEY go together: set both or none")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("LOAF_TLS_CERT and LOAF_TLS_KEY: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}
