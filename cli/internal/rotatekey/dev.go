package rotatekey

import (
	"context"
	"net/http"

	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
)

// devKeys are the keys of a dev that runs.
type devKeys struct{ client *insights.Client }

func (d *devKeys) State(ctx context.Context) (state, error) {
	var s dev.KeysState
	err := d.client.Call(ctx, http.MethodGet, dev.KeysPath, nil, &s)
	return state{Old: "the old key", New: "the new key", Made: s.Rotating}, err
}

func (d *devKeys) Make(ctx context.Context, _ state) (string, error) {
	var made struct{ Key string }
	err := d.client.Call(ctx, http.MethodPost, dev.KeysPath, nil, &made)
	return made.Key, err
}

func (d *devKeys) Use(ctx context.Context, _ state) (use, error) {
	var s dev.KeysState
	if err := d.client.Call(ctx, http.MethodGet, dev.KeysPath, nil, &s); err != nil {
		return use{}, err
	}
	u := use{Old: s.Current.Calls}
	if s.Next != nil {
		u.New = s.Next.Calls
	}
	return u, nil
}

func (d *devKeys) Remove(ctx context.Context, _ state) error {
	return d.client.Call(ctx, http.MethodDelete, dev.KeysPath, nil, nil)
}
