package dataloaf_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// stack stands for a running stack in the examples.
func stack() (endpoint string, stop func()) {
	server := httptest.NewServer(newAPI())
	return server.URL, server.Close
}

func Example() {
	endpoint, stop := stack()
	defer stop()

	client, err := dataloaf.New(dataloaf.Config{Endpoint: endpoint, APIKey: "your-key"})
	if err != nil {
		log.Fatal(err)
	}
	// Close sends what is queued.
	defer func() {
		if err := client.Close(context.Background()); err != nil {
			log.Print(err)
		}
		fmt.Println(client.Stats().Accepted, "accepted")
	}()

	if err := client.CreateUser(dataloaf.User{UserID: "ada", Attributes: map[string]any{"plan": "free"}}); err != nil {
		log.Print(err)
	}
	if err := client.Track(dataloaf.Event{Event: "bread baked", UserID: "ada", Properties: map[string]any{"kind": "rye", "loaves": 3}}); err != nil {
		log.Print(err)
	}
	if err := client.UpdateUser(dataloaf.Update{UserID: "ada", Attributes: map[string]any{"plan": "pro"}}); err != nil {
		log.Print(err)
	}
	// Output: 3 accepted
}

// The callback gets every message once, with what became of it.
func Example_callback() {
	endpoint, stop := stack()
	defer stop()

	client, err := dataloaf.New(dataloaf.Config{
		Endpoint: endpoint, APIKey: "your-key",
		Callback: func(r dataloaf.Result) {
			e := r.Message.(dataloaf.Event)
			switch r.Status {
			case dataloaf.Accepted:
				fmt.Println("stored:", e.Event, e.Tag)
			case dataloaf.Rejected, dataloaf.Dropped:
				fmt.Println("lost:", e.Event, e.Tag, r.Code, r.Err)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Track(dataloaf.Event{Event: "bread baked", Tag: "line 7"}); err != nil {
		log.Print(err)
	}
	if err := client.Close(context.Background()); err != nil {
		log.Print(err)
	}
	// Output: stored: bread baked line 7
}

// A message that breaks the API's rules is refused at the call.
func ExampleClient_Enqueue_refused() {
	endpoint, stop := stack()
	defer stop()
	client, err := dataloaf.New(dataloaf.Config{Endpoint: endpoint, APIKey: "your-key"})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close(context.Background()) }() // nothing is queued

	err = client.Enqueue(dataloaf.Event{Event: "bread baked", Properties: map[string]any{"note": "caf\xe9"}})
	var refused *wire.ItemError
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Field)
	}
	if errors.Is(err, dataloaf.ErrQueueFull) {
		fmt.Println("not reached: that would be a full queue")
	}
	// Output: invalid_utf8 properties.note
}

// A program that reads much waits for room in the queue and bounds its end.
func ExampleClient_EnqueueWait() {
	endpoint, stop := stack()
	defer stop()
	client, err := dataloaf.New(dataloaf.Config{Endpoint: endpoint, APIKey: "your-key", MaxBatchItems: 500, MaxQueueItems: 1000})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for i := range 5000 {
		if err := client.EnqueueWait(ctx, dataloaf.Event{Event: "loaf sold", Properties: map[string]any{"number": i}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := client.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Println(client.Stats().Accepted)
	// Output: 5000
}
