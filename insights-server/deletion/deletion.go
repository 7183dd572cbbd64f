// Package deletion keeps what admins ask for: that the data of a user be deleted
// for good. It writes the requests and reads the receipts; the load function,
// which alone may change events and raw objects, does the work.
package deletion

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Kind is the kind of the documents.
const Kind document.Kind = warehouse.DeletionKind

// MaxReason is the longest reason, in characters.
const MaxReason = 400

// Documents keeps documents; *document.Store is the one that is used.
type Documents interface {
	List(ctx context.Context, kind document.Kind) ([]document.Document, error)
	Get(ctx context.Context, kind document.Kind, id string) (document.Document, error)
	Create(ctx context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error)
}

// Options of a Store.
type Options struct {
	// Now is the clock and Random makes salts.
	Now    func() time.Time
	Random io.Reader
	// Rounds of the hash; 0 is warehouse.HashRounds.
	Rounds int
}

// Store keeps deletions. It is safe for concurrent use.
type Store struct {
	documents Documents
	options   Options
}

// New makes a store.
func New(documents Documents, o Options) *Store {
	if o.Rounds == 0 {
		o.Rounds = warehouse.HashRounds
	}
	return &Store{documents: documents, options: o}
}

// Deletion is one that was asked for, as callers see it.
type Deletion struct {
	ID string `json:"id"`
	// UserID is nil once the deletion is done.
	UserID      *string                 `json:"user_id"`
	UserHash    string                  `json:"user_hash"`
	Reason      string                  `json:"reason"`
	State       warehouse.DeletionState `json:"state"`
	Phase       *string                 `json:"phase"`
	RequestedAt time.Time               `json:"requested_at"`
	RequestedBy string                  `json:"requested_by"`
	SettlesAt   *time.Time              `json:"settles_at"`
	FinishedAt  *time.Time              `json:"finished_at"`
	// Deleted is what was, so far.
	Deleted Counts `json:"deleted"`
	// ObjectsSeen is how many raw objects were looked into.
	ObjectsSeen int64     `json:"objects_seen"`
	Unreadable  []string  `json:"unreadable"`
	Remains     []Remains `json:"remains"`
	Error       *string   `json:"error"`
}

// Counts are what a deletion deleted.
type Counts struct {
	EventRows int64 `json:"event_rows"`
	UserRows  int64 `json:"user_rows"`
	Objects   int64 `json:"objects"`
	Lines     int64 `json:"lines"`
	Versions  int64 `json:"versions"`
}

// Remains is something that is left; Until is nil where somebody has to see to it.
type Remains struct {
	What  string     `json:"what"`
	Until *time.Time `json:"until"`
}

// Ask asks for the deletion of a user's data.
func (s *Store) Ask(ctx context.Context, userID, reason, by string) (Deletion, error) {
	if err := check(userID); err != nil {
		return Deletion{}, err
	}
	switch {
	case len([]rune(reason)) > MaxReason:
		return Deletion{}, refuse(insight.CodeInvalidValue, "reason", fmt.Sprintf("The reason has more than %d characters. Shorten it.", MaxReason))
	case strings.ContainsRune(reason, 0):
		return Deletion{}, refuse(insight.CodeNULCharacter, "reason", "The reason holds a NUL character. Leave it out.")
	case strings.Contains(reason, userID):
		return Deletion{}, refuse(insight.CodeInvalidValue, "reason", "The reason names the user, and it is kept with the receipt. Name a ticket instead.")
	}
	documents, err := s.documents.List(ctx, Kind)
	if err != nil {
		return Deletion{}, err
	}
	salt, err := s.salt(documents)
	if err != nil {
		return Deletion{}, err
	}
	hash, err := warehouse.HashUserID(userID, salt, s.options.Rounds)
	if err != nil {
		return Deletion{}, err
	}
	body, err := json.Marshal(warehouse.Deletion{
		UserID: userID, UserHash: hash, Reason: reason, State: warehouse.DeletionRequested,
		RequestedAt: s.options.Now().UTC().Truncate(time.Microsecond),
	})
	if err != nil {
		return Deletion{}, fmt.Errorf("write the deletion: %w", err)
	}
	made, err := s.documents.Create(ctx, Kind, body, by)
	if err != nil {
		return Deletion{}, err
	}
	return read(made)
}

// salt is that of the newest deletion with as many rounds, or a new one: with one
// salt for all of them, looking for a user takes one hash.
func (s *Store) salt(documents []document.Document) ([]byte, error) {
	for _, d := range slices.Backward(documents) {
		var kept warehouse.Deletion
		if json.Unmarshal(d.Body, &kept) != nil {
			continue
		}
		if salt, rounds, err := warehouse.HashSalt(kept.UserHash); err == nil && rounds == s.options.Rounds {
			return salt, nil
		}
	}
	salt := make([]byte, warehouse.HashSaltBytes)
	if _, err := io.ReadFull(s.options.Random, salt); err != nil {
		return nil, fmt.Errorf("make a salt: %w", err)
	}
	return salt, nil
}

// List gives all deletions, the newest first.
func (s *Store) List(ctx context.Context) ([]Deletion, error) {
	documents, err := s.documents.List(ctx, Kind)
	if err != nil {
		return nil, err
	}
	all := make([]Deletion, 0, len(documents))
	for _, d := range slices.Backward(documents) {
		one, err := read(d)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// Get gives one deletion.
func (s *Store) Get(ctx context.Context, id string) (Deletion, error) {
	d, err := s.documents.Get(ctx, Kind, id)
	if err != nil {
		return Deletion{}, err
	}
	return read(d)
}

// Find gives the deletions of a user, the newest first.
func (s *Store) Find(ctx context.Context, userID string) ([]Deletion, error) {
	if err := check(userID); err != nil {
		return nil, err
	}
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	// The hash is slow, so each salt is used once.
	hashes := map[string]string{}
	var found []Deletion
	for _, d := range all {
		salt, rounds, err := warehouse.HashSalt(d.UserHash)
		if err != nil {
			return nil, fmt.Errorf("read the deletion %s: %w", d.ID, err)
		}
		key := fmt.Sprintf("%d %x", rounds, salt)
		if _, ok := hashes[key]; !ok {
			if hashes[key], err = warehouse.HashUserID(userID, salt, rounds); err != nil {
				return nil, err
			}
		}
		if warehouse.SameHash(hashes[key], d.UserHash) {
			found = append(found, d)
		}
	}
	return found, nil
}

// check refuses what can be no user's id.
func check(userID string) error {
	switch {
	case userID == "":
		return refuse(insight.CodeRequired, "user_id", "Give the user's id.")
	case len(userID) > wire.MaxUserIDBytes:
		return refuse(insight.CodeInvalidValue, "user_id", fmt.Sprintf("An id has at most %d bytes, and this has %d: nobody has it.", wire.MaxUserIDBytes, len(userID)))
	case strings.ContainsRune(userID, 0):
		return refuse(insight.CodeNULCharacter, "user_id", "The id holds a NUL character, which no stored text does.")
	}
	return nil
}

func refuse(code, field, message string) error {
	return &insight.Error{Code: code, Field: field, Message: message}
}

func read(d document.Document) (Deletion, error) {
	var kept warehouse.Deletion
	if err := json.Unmarshal(d.Body, &kept); err != nil {
		return Deletion{}, fmt.Errorf("read the deletion %s: %w", d.ID, err)
	}
	out := Deletion{
		ID: d.ID, UserID: unless(kept.UserID), UserHash: kept.UserHash, Reason: kept.Reason, State: kept.State, Phase: unless(string(kept.Phase)),
		RequestedAt: kept.RequestedAt, RequestedBy: d.CreatedBy, SettlesAt: unlessZero(kept.SettlesAt), FinishedAt: unlessZero(kept.FinishedAt),
		Deleted:     Counts{EventRows: kept.EventRows, UserRows: kept.UserRows, Objects: kept.Objects, Lines: kept.Lines, Versions: kept.Versions},
		ObjectsSeen: kept.ObjectsSeen, Unreadable: append([]string{}, kept.Unreadable...), Remains: []Remains{}, Error: unless(kept.Error),
	}
	for _, r := range kept.Remains {
		out.Remains = append(out.Remains, Remains{What: r.What, Until: unlessZero(r.Until)})
	}
	return out, nil
}

func unless(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func unlessZero(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
