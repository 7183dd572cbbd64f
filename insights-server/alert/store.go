package alert

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// The kinds of documents. What people decide and what the checks find are two, so
// that a check does not make the version stale that somebody is changing.
const (
	Kind      document.Kind = "alert"
	stateKind document.Kind = "alert_state"
)

// byServer is who changes a state, as documents say it.
const byServer = "alerts"

const (
	// maxHistory is how many entries an alert keeps.
	maxHistory = 100
	// maxStateBytes leaves room below document.MaxBytes.
	maxStateBytes = 60_000
	// secretBytes is the length of a webhook's signing key: what Standard Webhooks
	// asks for is 24 to 64
	// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
	secretBytes = 32
	// SecretPrefix is what a signing secret begins with, in the same.
	SecretPrefix = "whsec_"
)

// Documents keeps documents; *document.Store is the one that is used.
type Documents interface {
	List(ctx context.Context, kind document.Kind) ([]document.Document, error)
	Get(ctx context.Context, kind document.Kind, id string) (document.Document, error)
	Create(ctx context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error)
	Update(ctx context.Context, kind document.Kind, id string, version int64, body json.RawMessage, by string) (document.Document, error)
	Delete(ctx context.Context, kind document.Kind, id string, version int64) error
}

// Insights knows the saved insights; *saved.Library is the one that is used.
type Insights interface {
	// Find gives an insight's name and query. An error wraps
	// document.ErrNotFound when there is none, and is an *insight.Error when its
	// query cannot be asked any more.
	Find(ctx context.Context, id string) (name string, q insight.Query, err error)
}

// Sealer keeps secrets from those who read the documents.
type Sealer interface {
	// Seal and Open name what the secret is of; one is opened under no other name.
	Seal(secret, name string) (string, error)
	Open(sealed, name string) (string, error)
}

// Options of a Store.
type Options struct {
	Documents Documents
	Insights  Insights
	Sealer    Sealer
	// Topics are the SNS topics that may be told.
	Topics []string
	// WrongURL says in sentences what is wrong with a webhook's address; "" for
	// nothing.
	WrongURL func(address string) string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes ids of destinations; nil means random UUIDs.
	NewID func() string
	// Random gives signing secrets; nil means crypto/rand.
	Random io.Reader
	// Logger is for what spoils nothing; nil means none.
	Logger *slog.Logger
}

// Store keeps alerts and how they stand. It is safe for concurrent use.
type Store struct {
	options Options
	// changed is called after each change that people make.
	changed func()
}

// NewStore makes a store. It touches no database.
func NewStore(o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Store{options: o, changed: func() {}}
}

// Topics are the SNS topics that an alert may name.
func (s *Store) Topics() []string { return slices.Clone(s.options.Topics) }

// Alert is one that is saved.
type Alert struct {
	ID         string
	Definition Definition
	Version    int64
	CreatedAt  time.Time
	CreatedBy  string
	UpdatedAt  time.Time
	UpdatedBy  string
	State      State
	// History has the newest first.
	History []Entry
	// Secrets are the signing secrets that were made just now, by destination.
	// They are told once.
	Secrets map[string]string

	stateID      string
	stateVersion int64
	kept         stateBody
}

// body is what an alert's document holds.
type body struct {
	Definition
	StateID string `json:"state_id"`
}

// stateBody is what a state's document holds.
type stateBody struct {
	AlertID string `json:"alert_id"`
	// AlertVersion is that of the definition that was checked last.
	AlertVersion int64 `json:"alert_version"`
	State        State `json:"state"`
	// Interval and Timezone are of the question that was asked last. They tell when
	// an interval ends without reading the insight.
	Interval insight.Interval `json:"interval,omitempty"`
	Timezone string           `json:"timezone,omitempty"`
	History  []Entry          `json:"history"`
	// ClaimedUntil is until when a server has the alert for itself. One that dies
	// with it leaves it to the others then.
	ClaimedUntil time.Time `json:"claimed_until,omitzero"`
	Pending      *pending  `json:"pending,omitempty"`
}

// pending is a notification that not everybody has got.
type pending struct {
	Notification Notification `json:"notification"`
	// Left are the destinations that are to get it.
	Left []string `json:"left"`
}

// List gives all alerts, the oldest first.
func (s *Store) List(ctx context.Context) ([]Alert, error) {
	documents, err := s.options.Documents.List(ctx, Kind)
	if err != nil || len(documents) == 0 {
		return nil, err
	}
	states, err := s.options.Documents.List(ctx, stateKind)
	if err != nil {
		return nil, err
	}
	byID := map[string]document.Document{}
	for _, d := range states {
		byID[d.ID] = d
	}
	alerts := make([]Alert, 0, len(documents))
	for _, d := range documents {
		a, err := readAlert(d)
		if err != nil {
			return nil, err
		}
		if err := a.take(byID[a.stateID]); err != nil {
			return nil, err
		}
		alerts = append(alerts, a)
	}
	return alerts, nil
}

// Get gives one alert. An error wraps document.ErrNotFound when there is none.
func (s *Store) Get(ctx context.Context, id string) (Alert, error) {
	if err := uuid.Validate(id); err != nil { // spares the database what is none of its ids
		return Alert{}, fmt.Errorf("alert %q: %w", id, document.ErrNotFound)
	}
	d, err := s.options.Documents.Get(ctx, Kind, id)
	if err != nil {
		return Alert{}, err
	}
	a, err := readAlert(d)
	if err != nil {
		return Alert{}, err
	}
	state, err := s.options.Documents.Get(ctx, stateKind, a.stateID)
	if err != nil && !errors.Is(err, document.ErrNotFound) {
		return Alert{}, err
	}
	return a, a.take(state)
}

func readAlert(d document.Document) (Alert, error) {
	var b body
	if err := json.Unmarshal(d.Body, &b); err != nil {
		return Alert{}, fmt.Errorf("read alert %s: %w", d.ID, err)
	}
	return Alert{
		ID: d.ID, Definition: b.Definition, Version: d.Version, stateID: b.StateID,
		CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy, UpdatedAt: d.UpdatedAt, UpdatedBy: d.UpdatedBy,
		State: State{Result: Result{Status: New}},
	}, nil
}

// take takes in the state's document; the zero one is of an alert that another
// caller is deleting just now.
func (a *Alert) take(d document.Document) error {
	if d.ID == "" {
		return nil
	}
	if err := json.Unmarshal(d.Body, &a.kept); err != nil {
		return fmt.Errorf("read the state of alert %s: %w", a.ID, err)
	}
	a.stateVersion, a.State, a.History = d.Version, a.kept.State, a.kept.History
	return nil
}

// Create saves a new alert, read from JSON.
func (s *Store) Create(ctx context.Context, text []byte, by string) (Alert, error) {
	form := insight.ReadForm(text, "The alert")
	definition := readDefinition(form, nil, s.options.NewID)
	if err := form.Finish(); err != nil {
		return Alert{}, err
	}
	others, err := s.options.Documents.List(ctx, Kind)
	if err != nil {
		return Alert{}, err
	}
	if len(others) >= MaxAlerts {
		return Alert{}, &insight.Error{Code: insight.CodeTooMany, Message: fmt.Sprintf("There are %d alerts, the most that there can be. Delete some first.", MaxAlerts)}
	}
	if err := s.check(ctx, definition, nil); err != nil {
		return Alert{}, err
	}
	secrets, err := s.equip(&definition)
	if err != nil {
		return Alert{}, err
	}
	// The state first: an alert always has one.
	first, err := json.Marshal(stateBody{State: State{Result: Result{Status: New}}, History: []Entry{}})
	if err != nil {
		return Alert{}, fmt.Errorf("write the state of a new alert: %w", err)
	}
	state, err := s.options.Documents.Create(ctx, stateKind, first, byServer)
	if err != nil {
		return Alert{}, err
	}
	d, err := s.write(definition, state.ID, func(text json.RawMessage) (document.Document, error) {
		return s.options.Documents.Create(ctx, Kind, text, by)
	})
	if err != nil {
		s.deleteState(context.WithoutCancel(ctx), state.ID)
		return Alert{}, err
	}
	a, err := readAlert(d)
	if err == nil {
		err = a.take(state)
	}
	a.Secrets = secrets
	s.changed()
	return a, err
}

func (s *Store) write(definition Definition, stateID string, save func(json.RawMessage) (document.Document, error)) (document.Document, error) {
	text, err := json.Marshal(body{definition, stateID})
	if err != nil {
		return document.Document{}, fmt.Errorf("write the alert %q: %w", definition.Name, err)
	}
	return save(text)
}

// attempts at a change of whatever version there is, while others change it.
const changeAttempts = 5

// Replace saves an alert anew, read from JSON. version 0 replaces whatever there
// is; with another an error wraps document.ErrStale when it is not the alert's.
func (s *Store) Replace(ctx context.Context, id string, text []byte, version int64, by string) (Alert, error) {
	for attempt := 1; ; attempt++ {
		before, err := s.Get(ctx, id)
		if err != nil {
			return Alert{}, err
		}
		if version != 0 && version != before.Version {
			return Alert{}, fmt.Errorf("save the alert %s: version %d is given, it has %d: %w", id, version, before.Version, document.ErrStale)
		}
		form := insight.ReadForm(text, "The alert")
		definition := readDefinition(form, before.Definition.Destinations, s.options.NewID)
		if err := form.Finish(); err != nil {
			return Alert{}, err
		}
		if err := s.check(ctx, definition, &before.Definition); err != nil {
			return Alert{}, err
		}
		secrets, err := s.equip(&definition)
		if err != nil {
			return Alert{}, err
		}
		d, err := s.write(definition, before.stateID, func(text json.RawMessage) (document.Document, error) {
			return s.options.Documents.Update(ctx, Kind, id, before.Version, text, by)
		})
		if errors.Is(err, document.ErrStale) && version == 0 && attempt < changeAttempts {
			continue
		}
		if err != nil {
			return Alert{}, err
		}
		a, err := readAlert(d)
		a.State, a.History, a.Secrets = before.State, before.History, secrets
		s.changed()
		return a, err
	}
}

// Delete removes an alert. version 0 means whatever version it has.
func (s *Store) Delete(ctx context.Context, id string, version int64) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := s.options.Documents.Delete(ctx, Kind, id, version); err != nil {
		return err
	}
	s.deleteState(ctx, a.stateID)
	s.changed()
	return nil
}

// deleteState removes what nobody reads any more; should that fail, it only takes
// up room.
func (s *Store) deleteState(ctx context.Context, id string) {
	if err := s.options.Documents.Delete(ctx, stateKind, id, 0); err != nil && !errors.Is(err, document.ErrNotFound) {
		s.options.Logger.WarnContext(ctx, "the state of an alert was left behind", "state", id, "error", err)
	}
}

// check holds a definition against what it names. What it named before may be gone
// meanwhile: else nothing else could be changed, not even to switch it off.
func (s *Store) check(ctx context.Context, d Definition, before *Definition) error {
	for i, to := range d.Destinations {
		field := fmt.Sprintf("destinations[%d]", i)
		switch to.Kind {
		case Webhook:
			if wrong := s.options.WrongURL(to.URL); wrong != "" {
				return &insight.Error{Code: insight.CodeInvalidValue, Field: field + ".url", Message: wrong}
			}
		case SNS:
			if !slices.Contains(s.options.Topics, to.TopicARN) {
				return &insight.Error{Code: insight.CodeUnknownValue, Field: field + ".topic_arn", Message: "This server may not publish to this topic. Choose one of \"topics\" of GET /api/v1/alerts; the server's LOAF_ALERT_TOPICS decides which there are."}
			}
		}
	}
	if before != nil && (!d.Enabled || sameQuestion(d, *before)) {
		return nil
	}
	_, q, err := s.options.Insights.Find(ctx, d.InsightID)
	var bad *insight.Error
	switch {
	case errors.Is(err, document.ErrNotFound):
		return &insight.Error{Code: insight.CodeUnknownValue, Field: "insight_id", Message: "There is no such insight, or no more. Save it first."}
	case errors.As(err, &bad):
		return bad.Within("insight_id")
	case err != nil:
		return err
	}
	_, err = d.Question(q, s.options.Now())
	return err
}

func sameQuestion(a, b Definition) bool {
	same := func(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
	if a.InsightID != b.InsightID || !same(a.Measure.Series, b.Measure.Series) || !same(a.Measure.Formula, b.Measure.Formula) || (a.Group == nil) != (b.Group == nil) {
		return false
	}
	if a.Group == nil {
		return true
	}
	x, y := a.Group.Value, b.Group.Value
	return x == nil && y == nil || x != nil && y != nil && *x == *y
}

// equip makes a signing secret for each webhook that has none.
func (s *Store) equip(d *Definition) (map[string]string, error) {
	secrets := map[string]string{}
	for i, to := range d.Destinations {
		if to.Kind != Webhook || to.Sealed != "" {
			continue
		}
		key := make([]byte, secretBytes)
		if _, err := io.ReadFull(s.options.Random, key); err != nil {
			return nil, fmt.Errorf("make a signing secret: %w", err)
		}
		secret := SecretPrefix + base64.StdEncoding.EncodeToString(key)
		sealed, err := s.options.Sealer.Seal(secret, to.ID)
		if err != nil {
			return nil, err
		}
		d.Destinations[i].Sealed, secrets[to.ID] = sealed, secret
	}
	return secrets, nil
}

// save writes how an alert stands, in place of what it was read with. An error
// wraps document.ErrStale when another server was first.
func (s *Store) save(ctx context.Context, a *Alert) error {
	a.kept.AlertID = a.ID
	for {
		text, err := json.Marshal(a.kept)
		if err != nil {
			return fmt.Errorf("write the state of alert %s: %w", a.ID, err)
		}
		if over := len(text) > maxStateBytes && len(a.kept.History) > 1; over {
			a.kept.History = a.kept.History[:len(a.kept.History)*3/4]
			continue
		}
		d, err := s.options.Documents.Update(ctx, stateKind, a.stateID, a.stateVersion, text, byServer)
		if err != nil {
			return err
		}
		a.stateVersion, a.State, a.History = d.Version, a.kept.State, a.kept.History
		return nil
	}
}
