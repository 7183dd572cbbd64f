// Package audit reads what is kept of audits. The load function makes them, or
// loafctl, and keeps each as a document.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/document"
)

// Kind is the kind of the documents.
const Kind document.Kind = "audit"

// Documents keeps documents; *document.Store is the one that is used.
type Documents interface {
	List(ctx context.Context, kind document.Kind) ([]document.Document, error)
}

// Finding is something that does not add up, or that is worth knowing.
type Finding struct {
	// Object or Load is what it is about.
	Object string `json:"object,omitempty"`
	Load   int64  `json:"load,omitempty"`
	What   string `json:"what"`
	// Expected and Found are the two numbers that should be one.
	Expected int64 `json:"expected"`
	Found    int64 `json:"found"`
	// Action is replay, sweep, restore or report.
	Action string `json:"action"`
}

// Totals are those of one kind of objects: of the accepted lines each must be
// loaded, a duplicate, set aside or waiting.
type Totals struct {
	Kind               string `json:"kind"`
	Objects            int64  `json:"objects"`
	Accepted           int64  `json:"accepted"`
	Loaded             int64  `json:"loaded"`
	Duplicates         int64  `json:"duplicates"`
	Quarantined        int64  `json:"quarantined"`
	Waiting            int64  `json:"waiting"`
	QuarantinedObjects int64  `json:"quarantined_objects"`
	WaitingObjects     int64  `json:"waiting_objects"`
}

// Record is one audit: of what arrived in the hours from From to To, as it was
// at At. A stopped one came as far as Next.
type Record struct {
	At              time.Time  `json:"at"`
	From            time.Time  `json:"from"`
	To              time.Time  `json:"to"`
	Deep            bool       `json:"deep"`
	Proven          bool       `json:"proven"`
	Stopped         bool       `json:"stopped"`
	Next            *time.Time `json:"next"`
	Totals          []Totals   `json:"totals"`
	Mismatches      []Finding  `json:"mismatches"`
	MismatchesTotal int        `json:"mismatches_total"`
	Notes           []Finding  `json:"notes"`
	NotesTotal      int        `json:"notes_total"`
}

// Records reads what is kept.
type Records struct{ documents Documents }

// New makes a reader of records.
func New(documents Documents) Records { return Records{documents} }

// List gives the audits that are kept, the newest first.
func (r Records) List(ctx context.Context) ([]Record, error) {
	documents, err := r.documents.List(ctx, Kind)
	if err != nil {
		return nil, err
	}
	records := make([]Record, len(documents))
	for i, d := range documents {
		if err := json.Unmarshal(d.Body, &records[i]); err != nil {
			return nil, fmt.Errorf("read the audit %s: %w", d.ID, err)
		}
	}
	slices.SortFunc(records, func(a, b Record) int { return b.At.Compare(a.At) })
	return records, nil
}
