// Package session connects the functions to their warehouse: not before there
// is work, and not beyond the invocation. A function that is frozen between two
// invocations cannot close what lies unused, and Redshift Serverless bills for
// as long as something is open.
package session

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Engine is what the functions need of an engine.
type Engine interface {
	Ping(ctx context.Context) error
	Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error)
	Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error
	MergeObject(ctx context.Context, o warehouse.Object) error
	Quarantine(ctx context.Context, o warehouse.Object, reason string) error
	Known(ctx context.Context, objects []warehouse.Object) (map[string]bool, error)
	Quarantined(ctx context.Context, objects []warehouse.Object) (map[string]bool, error)
	Reload(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error)
	Requarantine(ctx context.Context, o warehouse.Object, reason string) error
	Deletions(ctx context.Context) (warehouse.DeletionWork, error)
	Erase(ctx context.Context, e warehouse.Erasure) (warehouse.Erased, error)
	UserEvents(ctx context.Context, userID string, from, to time.Time) (map[warehouse.EventIdentity]bool, error)
	Expire(ctx context.Context, before string, most int) (rows int64, more bool, err error)
	Empty(ctx context.Context) (bool, error)
	Database() warehouse.Database
	Users(ctx context.Context, ids []string) ([]warehouse.User, error)
	Provision(ctx context.Context, admin warehouse.LoginFunc, a warehouse.Accounts) error
	Close() error
}

// Config says how the warehouse is opened and by whom it is set up.
type Config struct {
	// Open makes an engine. It opens no connection.
	Open func(ctx context.Context) (Engine, error)
	// Admin is the login of the warehouse's admin, and Accounts are the users
	// that it makes; only Provision asks for either.
	Admin    warehouse.LoginFunc
	Accounts func(ctx context.Context) (warehouse.Accounts, error)
}

// Warehouse is an engine for the length of an invocation.
type Warehouse struct {
	config Config

	mu     sync.Mutex
	engine Engine
	// invocations is how many are under way: most often one.
	invocations int
}

// New makes a warehouse that is not open yet.
func New(c Config) *Warehouse { return &Warehouse{config: c} }

// Handler answers an event.
type Handler func(ctx context.Context, event json.RawMessage) (any, error)

// Around closes the warehouse at the end of an invocation.
func (w *Warehouse) Around(h Handler) Handler {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		w.mu.Lock()
		w.invocations++
		w.mu.Unlock()
		// What a connection says while it closes changes nothing: everything
		// that counts is committed or has failed.
		defer func() { _ = w.leave() }()
		return h(ctx, event)
	}
}

func (w *Warehouse) leave() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.invocations--; w.invocations > 0 || w.engine == nil {
		return nil
	}
	engine := w.engine
	w.engine = nil
	return engine.Close()
}

func (w *Warehouse) open(ctx context.Context) (Engine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.engine == nil {
		engine, err := w.config.Open(ctx)
		if err != nil {
			return nil, fmt.Errorf("open the warehouse: %w", err)
		}
		w.engine = engine
	}
	return w.engine, nil
}

// Audited gives the engine to an audit, within an invocation.
func (w *Warehouse) Audited(ctx context.Context) (audit.Warehouse, error) { return w.open(ctx) }

// Ping implements load.Warehouse.
func (w *Warehouse) Ping(ctx context.Context) error {
	e, err := w.open(ctx)
	if err != nil {
		return err
	}
	return e.Ping(ctx)
}

// Load implements load.Warehouse.
func (w *Warehouse) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	e, err := w.open(ctx)
	if err != nil {
		return warehouse.LoadReport{}, err
	}
	return e.Load(ctx, objects)
}

// Merge implements update.Merger.
func (w *Warehouse) Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error {
	e, err := w.open(ctx)
	if err != nil {
		return err
	}
	return e.Merge(ctx, o, writes)
}

// MergeObject implements update.Reader.
func (w *Warehouse) MergeObject(ctx context.Context, o warehouse.Object) error {
	e, err := w.open(ctx)
	if err != nil {
		return err
	}
	return e.MergeObject(ctx, o)
}

// Quarantine implements load.Warehouse and update.Reader.
func (w *Warehouse) Quarantine(ctx context.Context, o warehouse.Object, reason string) error {
	e, err := w.open(ctx)
	if err != nil {
		return err
	}
	return e.Quarantine(ctx, o, reason)
}

// Known implements load.Warehouse.
func (w *Warehouse) Known(ctx context.Context, objects []warehouse.Object) (map[string]bool, error) {
	e, err := w.open(ctx)
	if err != nil {
		return nil, err
	}
	return e.Known(ctx, objects)
}

// Quarantined implements load.Warehouse.
func (w *Warehouse) Quarantined(ctx context.Context, objects []warehouse.Object) (map[string]bool, error) {
	e, err := w.open(ctx)
	if err != nil {
		return nil, err
	}
	return e.Quarantined(ctx, objects)
}

// Reload implements load.Warehouse.
func (w *Warehouse) Reload(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	e, err := w.open(ctx)
	if err != nil {
		return warehouse.LoadReport{}, err
	}
	return e.Reload(ctx, objects)
}

// Requarantine implements load.Warehouse.
func (w *Warehouse) Requarantine(ctx context.Context, o warehouse.Object, reason string) error {
	e, err := w.open(ctx)
	if err != nil {
		return err
	}
	return e.Requarantine(ctx, o, reason)
}

// Deletions implements deletion.Warehouse.
func (w *Warehouse) Deletions(ctx context.Context) (warehouse.DeletionWork, error) {
	e, err := w.open(ctx)
	if err != nil {
		return warehouse.DeletionWork{}, err
	}
	return e.Deletions(ctx)
}

// Erase implements deletion.Warehouse.
func (w *Warehouse) Erase(ctx context.Context, of warehouse.Erasure) (warehouse.Erased, error) {
	e, err := w.open(ctx)
	if err != nil {
		return warehouse.Erased{}, err
	}
	return e.Erase(ctx, of)
}

// UserEvents implements deletion.Warehouse.
func (w *Warehouse) UserEvents(ctx context.Context, userID string, from, to time.Time) (map[warehouse.EventIdentity]bool, error) {
	e, err := w.open(ctx)
	if err != nil {
		return nil, err
	}
	return e.UserEvents(ctx, userID, from, to)
}

// Expire implements load.Expirer.
func (w *Warehouse) Expire(ctx context.Context, before string, most int) (rows int64, more bool, err error) {
	e, err := w.open(ctx)
	if err != nil {
		return 0, false, err
	}
	return e.Expire(ctx, before, most)
}

// Empty implements load.Tables.
func (w *Warehouse) Empty(ctx context.Context) (bool, error) {
	e, err := w.open(ctx)
	if err != nil {
		return false, err
	}
	return e.Empty(ctx)
}

// Provision implements load.Tables.
func (w *Warehouse) Provision(ctx context.Context) error {
	accounts, err := w.config.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("get the logins of the warehouse's users: %w", err)
	}
	e, err := w.open(ctx)
	if err != nil {
		return err
	}
	return e.Provision(ctx, w.config.Admin, accounts)
}
