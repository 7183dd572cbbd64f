package dev

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"

	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/insights-server/audit"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/cohort"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/httpapi"
	"github.com/dataloaf/dataloaf/insights-server/page"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// newInsights is the insights API with the page.
func (o *Options) newInsights(e engine, queue *local.Queue, sessionKey string, logger *slog.Logger) (*httpapi.Server, error) {
	hash, err := auth.DeriveHash(o.AdminPassword, []byte(sessionKey))
	if err != nil {
		return nil, fmt.Errorf("set the admin's password: %w", err)
	}
	sum := sha256.Sum256([]byte(o.Token))
	tokens, err := auth.ParseTokens(hex.EncodeToString(sum[:]))
	if err != nil {
		return nil, fmt.Errorf("set the token: %w", err)
	}
	documents := document.New(e.Database(), document.Options{Now: o.Now})
	directory, err := auth.NewDirectory(auth.DirectoryConfig{
		AdminHash: hash, Tokens: tokens, Store: documents, Logger: logger, Now: o.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("set the admin's password: %w", err)
	}
	sessions, err := auth.NewSessions(auth.SessionConfig{Directory: directory, Key: []byte(sessionKey), Now: o.Now, Random: rand.Reader})
	if err != nil {
		return nil, fmt.Errorf("set up sessions: %w", err)
	}
	cohorts := cohort.New(documents, cohort.Options{Now: o.Now})
	return httpapi.New(httpapi.Config{
		Service:      query.New(e.Database(), query.Options{Now: o.Now, CacheBytes: o.cacheBytes(), Cohorts: cohorts.Find}),
		Cohorts:      cohorts,
		Audits:       audit.New(documents),
		Saved:        saved.New(documents, saved.Options{}),
		FilesWaiting: func(context.Context) (int, error) { return queue.Waiting(), nil },
		Directory:    directory,
		Sessions:     sessions,
		Page:         page.Handler(),
		Logger:       logger,
		Now:          o.Now,
	})
}
