package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/dataloaf/dataloaf/functions/cmd/internal/session"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

var (
	_ load.Warehouse = (*session.Warehouse)(nil)
	_ load.Tables    = (*session.Warehouse)(nil)
	_ update.Merger  = (*session.Warehouse)(nil)
	_ update.Reader  = (*session.Warehouse)(nil)
)

// engine answers pings and notes who set it up.
type engine struct {
	session.Engine
	closed   int
	accounts warehouse.Accounts
}

func (e *engine) Ping(context.Context) error { return nil }

func (e *engine) Provision(_ context.Context, _ warehouse.LoginFunc, a warehouse.Accounts) error {
	e.accounts = a
	return nil
}

func (e *engine) Close() error {
	e.closed++
	return errors.New("what it says while it closes")
}

func TestOpenWhenNeededAndClosedAfterwards(t *testing.T) {
	var opened []*engine
	w := session.New(session.Config{Open: func(context.Context) (session.Engine, error) {
		opened = append(opened, &engine{})
		return opened[len(opened)-1], nil
	}})
	idle := w.Around(func(context.Context, json.RawMessage) (any, error) { return nil, nil })
	if _, err := idle(t.Context(), nil); err != nil || len(opened) != 0 {
		t.Errorf("%v, opened %d times", err, len(opened))
	}
	working := w.Around(func(ctx context.Context, _ json.RawMessage) (any, error) {
		// Another invocation within this one does not close what this one uses.
		if _, err := idle(ctx, nil); err != nil {
			return nil, err
		}
		return "done", errors.Join(w.Ping(ctx), w.Ping(ctx), func() error { _, err := idle(ctx, nil); return err }(), w.Ping(ctx))
	})
	for n := 1; n <= 2; n++ {
		out, err := working(t.Context(), nil)
		if err != nil || out != "done" || len(opened) != n || opened[n-1].closed != 1 {
			t.Errorf("%v, %v, opened %d times", out, err, len(opened))
		}
	}
	// A handler that panics leaves nothing open.
	func() {
		defer func() { _ = recover() }()
		_, _ = w.Around(func(ctx context.Context, _ json.RawMessage) (any, error) { panic(w.Ping(ctx)) })(t.Context(), nil)
	}()
	if len(opened) != 3 || opened[2].closed != 1 {
		t.Errorf("opened %d times", len(opened))
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	away := errors.New("no such file")
	w := session.New(session.Config{
		Open:     func(context.Context) (session.Engine, error) { return nil, away },
		Accounts: func(context.Context) (warehouse.Accounts, error) { return warehouse.Accounts{}, nil },
	})
	_, loadErr := w.Load(t.Context(), nil)
	_, knownErr := w.Known(t.Context(), nil)
	_, emptyErr := w.Empty(t.Context())
	for name, err := range map[string]error{
		"ping": w.Ping(t.Context()), "load": loadErr, "known": knownErr, "empty": emptyErr, "provision": w.Provision(t.Context()),
		"merge": w.Merge(t.Context(), warehouse.Object{}, nil), "merge an object": w.MergeObject(t.Context(), warehouse.Object{}),
		"quarantine": w.Quarantine(t.Context(), warehouse.Object{}, ""),
	} {
		if !errors.Is(err, away) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProvisionAsksForTheAccounts(t *testing.T) {
	e := &engine{}
	var refused error
	w := session.New(session.Config{
		Open: func(context.Context) (session.Engine, error) { return e, nil },
		Accounts: func(context.Context) (warehouse.Accounts, error) {
			return warehouse.Accounts{Load: warehouse.Login{Username: "loaf_load"}}, refused
		},
	})
	if err := w.Provision(t.Context()); err != nil || e.accounts.Load.Username != "loaf_load" {
		t.Errorf("%v, %v", err, e.accounts)
	}
	refused = errors.New("no such secret")
	if err := w.Provision(t.Context()); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}
