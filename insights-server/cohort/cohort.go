// Package cohort keeps the cohorts that people save, as documents.
package cohort

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// Kind is the kind of the documents.
const Kind document.Kind = "cohort"

// insightKind is the kind of the documents that may name a cohort.
const insightKind document.Kind = "insight"

// ErrInUse says that a cohort is part of something else that was saved.
var ErrInUse = errors.New("the cohort is in use")

// Documents keeps documents; *document.Store is the one that is used.
type Documents interface {
	List(ctx context.Context, kind document.Kind) ([]document.Document, error)
	Get(ctx context.Context, kind document.Kind, id string) (document.Document, error)
	Create(ctx context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error)
	Update(ctx context.Context, kind document.Kind, id string, version int64, body json.RawMessage, by string) (document.Document, error)
	Delete(ctx context.Context, kind document.Kind, id string, version int64) error
}

// Cohort is a saved one.
type Cohort struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Definition  json.RawMessage `json:"definition"`
	Version     int64           `json:"version"`
	CreatedAt   time.Time       `json:"created_at"`
	CreatedBy   string          `json:"created_by"`
	UpdatedAt   time.Time       `json:"updated_at"`
	UpdatedBy   string          `json:"updated_by"`
}

// body is what a document holds.
type body struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Definition  json.RawMessage `json:"definition"`
}

// Options of a Store. The zero value is good.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Trust is for how long Find believes a definition that it has read, as
	// query.Options.CacheTrust is for the state of the tables: looking it up wakes
	// a warehouse. What this store changes itself it knows at once.
	Trust time.Duration
}

// Store keeps cohorts. It is safe for concurrent use.
type Store struct {
	documents Documents
	options   Options

	mu    sync.Mutex
	known map[string]known
}

// known is a definition as it was at a time.
type known struct {
	cohort insight.Cohort
	at     time.Time
}

// New makes a store.
func New(documents Documents, o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{documents: documents, options: o, known: map[string]known{}}
}

// List gives all cohorts, the oldest first.
func (s *Store) List(ctx context.Context) ([]Cohort, error) {
	documents, err := s.documents.List(ctx, Kind)
	if err != nil {
		return nil, err
	}
	cohorts := make([]Cohort, len(documents))
	for i, d := range documents {
		if cohorts[i], err = read(d); err != nil {
			return nil, err
		}
	}
	return cohorts, nil
}

// Get gives one cohort.
func (s *Store) Get(ctx context.Context, id string) (Cohort, error) {
	d, err := s.documents.Get(ctx, Kind, id)
	if err != nil {
		return Cohort{}, err
	}
	return read(d)
}

// Find gives the definition of a cohort, to be asked with. Its error wraps
// query.ErrNoCohort where there is none.
func (s *Store) Find(ctx context.Context, id string) (insight.Cohort, error) {
	now := s.options.Now()
	s.mu.Lock()
	k, ok := s.known[id]
	s.mu.Unlock()
	if age := now.Sub(k.at); ok && age >= 0 && age < s.options.Trust {
		return k.cohort, nil
	}
	found, err := s.Get(ctx, id)
	if errors.Is(err, document.ErrNotFound) {
		s.forget(id)
		return insight.Cohort{}, fmt.Errorf("find cohort %q: %w", id, query.ErrNoCohort)
	}
	if err != nil {
		return insight.Cohort{}, err
	}
	definition, err := insight.ParseCohort(found.Definition)
	if err != nil {
		return insight.Cohort{}, fmt.Errorf("read the definition of cohort %s: %s", id, err.Error())
	}
	if s.options.Trust > 0 {
		s.mu.Lock()
		s.known[id] = known{definition, now}
		s.mu.Unlock()
	}
	return definition, nil
}

// forget makes Find read the definition again.
func (s *Store) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}

// Create saves a new cohort.
func (s *Store) Create(ctx context.Context, draft insight.CohortDraft, by string) (Cohort, error) {
	text, err := write(draft)
	if err != nil {
		return Cohort{}, err
	}
	d, err := s.documents.Create(ctx, Kind, text, by)
	if err != nil {
		return Cohort{}, err
	}
	return read(d)
}

// Update replaces a cohort that has the draft's version, or, where the draft has
// none, the version that it has now.
func (s *Store) Update(ctx context.Context, id string, draft insight.CohortDraft, by string) (Cohort, error) {
	text, err := write(draft)
	if err != nil {
		return Cohort{}, err
	}
	defer s.forget(id)
	version := draft.Version
	for {
		if draft.Version == 0 {
			before, err := s.documents.Get(ctx, Kind, id)
			if err != nil {
				return Cohort{}, err
			}
			version = before.Version
		}
		d, err := s.documents.Update(ctx, Kind, id, version, text, by)
		if errors.Is(err, document.ErrStale) && draft.Version == 0 && ctx.Err() == nil {
			continue // another was first; the last one wins
		}
		if err != nil {
			return Cohort{}, err
		}
		return read(d)
	}
}

// Delete removes a cohort that no saved insight names. version 0 means whatever
// version it has.
func (s *Store) Delete(ctx context.Context, id string, version int64) error {
	insights, err := s.documents.List(ctx, insightKind)
	if err != nil {
		return err
	}
	name, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("write the id %q: %w", id, err)
	}
	for _, d := range insights {
		if bytes.Contains(d.Body, name) {
			return fmt.Errorf("delete cohort %s: the insight %s names it: %w", id, d.ID, ErrInUse)
		}
	}
	defer s.forget(id)
	return s.documents.Delete(ctx, Kind, id, version)
}

func write(draft insight.CohortDraft) (json.RawMessage, error) {
	text, err := json.Marshal(body{draft.Name, draft.Description, draft.Definition})
	if err != nil {
		return nil, fmt.Errorf("write the cohort %q: %w", draft.Name, err)
	}
	return text, nil
}

func read(d document.Document) (Cohort, error) {
	var b body
	if err := json.Unmarshal(d.Body, &b); err != nil {
		return Cohort{}, fmt.Errorf("read cohort %s: %w", d.ID, err)
	}
	return Cohort{
		ID: d.ID, Name: b.Name, Description: b.Description, Definition: b.Definition, Version: d.Version,
		CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy, UpdatedAt: d.UpdatedAt, UpdatedBy: d.UpdatedBy,
	}, nil
}
