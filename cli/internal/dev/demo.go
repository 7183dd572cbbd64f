package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/demo"
	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

const (
	// demoSeed is that of every new shop: all demos tell the same story.
	demoSeed = 20240229
	// demoTick paces the live part.
	demoTick = time.Second
	// demoPatience is how long what is under way may take at the end.
	demoPatience = 5 * time.Second
)

// startDemo plays the shop to this server's own address, as any application
// would, with a key of this run. The function that it gives back stops it.
func (o *Options) startDemo(ctx context.Context, url, key string, dir *datadir.Dir, logger *slog.Logger) (stop func(), err error) {
	client, err := dataloaf.New(dataloaf.Config{
		Endpoint: url, APIKey: key,
		MaxBatchItems: wire.MaxItems, FlushInterval: demoTick / 2,
		Logger: logger,
		Clock:  dataloaf.ClockFunc(o.Now),
	})
	if err != nil {
		return nil, fmt.Errorf("set up the demo: %w", err)
	}
	ticker := time.NewTicker(demoTick)
	started := o.Now()
	player := &demo.Player{
		Sink: sink{client}, Now: o.Now, Ticks: ticker.C, Seed: demoSeed,
		Load: func() (demo.State, bool, error) { return loadDemo(dir) },
		Save: func(s demo.State) error { return dir.WriteJSON(demoFile, s) },
		Caught: func(events int) {
			o.tell("Demo: the past is in: %d events in %v.", events, o.Now().Sub(started).Round(100*time.Millisecond))
		},
	}
	o.tell("Demo: playing a bakery that sells bread by subscription, thirty days back, and live.")
	playing, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		if err := player.Play(playing); err != nil && playing.Err() == nil {
			o.tell("Demo: stopped: %v", err)
		}
	})
	return func() {
		cancel()
		running.Wait()
		ticker.Stop()
		closing, done := context.WithTimeout(context.Background(), demoPatience)
		defer done()
		if err := client.Close(closing); err != nil {
			logger.Warn("the demo ends with events that are not delivered; the next start plays them again", "error", err)
		}
	}, nil
}

// demoFile is where the demo remembers how far it played.
const demoFile = "demo.json"

func loadDemo(dir *datadir.Dir) (demo.State, bool, error) {
	var s demo.State
	text, err := os.ReadFile(dir.Path(demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err == nil, err
}

// sink hands what happens in the demo to the SDK.
type sink struct{ client *dataloaf.Client }

func (s sink) Track(ctx context.Context, e demo.Event) error {
	return s.client.EnqueueWait(ctx, dataloaf.Event{EventID: e.ID, Event: e.Name, UserID: e.UserID, Timestamp: e.At, Properties: e.Properties})
}

func (s sink) CreateUser(ctx context.Context, u demo.User) error {
	return s.client.EnqueueWait(ctx, dataloaf.User{UserID: u.ID, CreatedAt: u.CreatedAt, Attributes: u.Attributes})
}

func (s sink) UpdateUser(ctx context.Context, u demo.Update) error {
	return s.client.EnqueueWait(ctx, dataloaf.Update{UserID: u.UserID, UpdatedAt: u.At, Attributes: u.Attributes})
}

func (s sink) Flush(ctx context.Context) error { return s.client.Flush(ctx) }
