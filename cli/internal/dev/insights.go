package dev

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/local"
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

// newInsights is the insights API with the page, and what checks its alerts.
// passwordHash is the first admin's, and url its address.
func (o *Options) newInsights(e engine, queue *local.Queue, passwordHash string, tokens auth.Tokens, sessionKey, url string, logger *slog.Logger) (*httpapi.Server, *alert.Checker, error) {
	documents := document.New(e.Database(), document.Options{Now: o.Now})
	directory, err := auth.NewDirectory(auth.DirectoryConfig{
		AdminHash: passwordHash, Tokens: tokens, Store: documents, Logger: logger, Now: o.Now,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("set the admin's password: %w", err)
	}
	sessions, err := auth.NewSessions(auth.SessionConfig{Directory: directory, Key: []byte(sessionKey), Now: o.Now, Random: rand.Reader})
	if err != nil {
		return nil, nil, fmt.Errorf("set up sessions: %w", err)
	}
	cohorts := cohort.New(documents, cohort.Options{Now: o.Now})
	service := query.New(e.Database(), query.Options{Now: o.Now, CacheBytes: o.cacheBytes(), Cohorts: cohorts.Find})
	library := saved.New(documents, saved.Options{})
	seal, err := alert.NewSeal([]byte(sessionKey))
	if err != nil {
		return nil, nil, err
	}
	hooks := webhook.New(webhook.Config{Allow: o.webhookAllow, Now: o.Now})
	alerts := alert.NewStore(alert.Options{Documents: documents, Insights: library, Sealer: seal, WrongURL: hooks.Wrong, Now: o.Now, Logger: logger})
	checker := alert.NewChecker(alerts, alert.CheckerOptions{
		Asker: service, Senders: map[alert.DestinationKind]alert.Sender{alert.Webhook: hooks},
		// What is accepted is in the warehouse with the next load.
		Settle: 2 * o.LoadEvery, PageURL: url, Now: o.Now, Logger: logger,
	})
	server, err := httpapi.New(httpapi.Config{
		Service:      service,
		Cohorts:      cohorts,
		Audits:       audit.New(documents),
		Saved:        library,
		Alerts:       alerts,
		AlertTester:  checker,
		Deletions:    deletion.New(documents, deletion.Options{Now: o.Now, Random: rand.Reader}),
		FilesWaiting: func(context.Context) (int, error) { return queue.Waiting(), nil },
		Directory:    directory,
		Sessions:     sessions,
		Page:         page.Handler(),
		Logger:       logger,
		Now:          o.Now,
	})
	return server, checker, err
}

// checkEvery is how often it is looked whether an alert is due, which asks nobody.
const checkEvery = time.Second

// startChecks checks alerts until it is stopped.
func startChecks(checker *alert.Checker) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ticker := time.NewTicker(checkEvery)
	var running sync.WaitGroup
	running.Go(func() { checker.Run(ctx, ticker.C) })
	return func() {
		ticker.Stop()
		cancel()
		running.Wait()
	}
}
