package dataloaf_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
)

// In AWS Lambda the client is made once, outside the handler, and flushed at the
// end of each invocation: between two of them the process stands still, and may
// never wake. The flush leaves some of the invocation's time for the answer.
func Example_lambda() {
	endpoint, stop := stack()
	defer stop()

	client, err := dataloaf.New(dataloaf.Config{Endpoint: endpoint, APIKey: "your-key"})
	if err != nil {
		log.Fatal(err)
	}
	handler := func(ctx context.Context, order string) (answer string, err error) {
		defer func() {
			ctx, cancel := withReserve(ctx, 500*time.Millisecond)
			defer cancel()
			// What is late keeps its id, and goes with the next invocation's flush.
			if late := client.Flush(ctx); late != nil {
				slog.Warn("analytics are late", "error", late)
			}
		}()
		if err := client.Track(dataloaf.Event{Event: "order placed", Properties: map[string]any{"order": order}}); err != nil {
			slog.Warn("an event is lost", "error", err)
		}
		return "thank you for " + order, nil
	}

	// lambda.Start(handler) in earnest.
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	answer, err := handler(ctx, "rye")
	fmt.Println(answer, err)
	fmt.Println(client.Stats().Accepted, "accepted before the process stands still")
	_ = client.Close(ctx) // only this example's end; in Lambda nobody calls it
	// Output:
	// thank you for rye <nil>
	// 1 accepted before the process stands still
}

// withReserve ends a context a little before its deadline.
func withReserve(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-reserve))
	}
	return context.WithTimeout(ctx, reserve)
}

// A command must end soon, whether or not the API answers. With a spool it loses
// nothing by that: what is late is sent by the next run.
func Example_command() {
	endpoint, stop := stack()
	defer stop()
	cache, err := os.MkdirTemp("", "your-command-") // os.UserCacheDir() in earnest
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(cache) }()

	run := func(endpoint string) error {
		client, err := dataloaf.New(dataloaf.Config{
			Endpoint: endpoint, APIKey: "your-key",
			Spool:  dataloaf.Spool{Dir: filepath.Join(cache, "analytics"), MaxBytes: 4 << 20},
			Logger: slog.New(slog.DiscardHandler), // a command's output is its own
		})
		if errors.Is(err, dataloaf.ErrSpoolInUse) {
			client, err = dataloaf.NewNoop(), nil // another run has it; this one goes uncounted
		}
		if err != nil {
			return err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			_ = client.Close(ctx) // what is late lies in the spool
			fmt.Println(client.Stats().Accepted, "accepted,", client.Stats().Pending, "for the next run")
		}()
		return client.Track(dataloaf.Event{Event: "command run", Properties: map[string]any{"name": "bake"}})
	}
	if err := run("http://127.0.0.1:1"); err != nil { // nobody is there
		log.Print(err)
	}
	if err := run(endpoint); err != nil {
		log.Print(err)
	}
	// Output:
	// 0 accepted, 1 for the next run
	// 2 accepted, 0 for the next run
}

// Record is net/http middleware that records every request, and gives what
// handlers track the request's properties.
func Record(client *dataloaf.Client, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		ctx := dataloaf.WithProperties(r.Context(), map[string]any{"method": r.Method, "path": r.URL.Path})
		if user, _, ok := r.BasicAuth(); ok { // or whatever knows your users
			ctx = dataloaf.WithUserID(ctx, user)
		}
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		r = r.WithContext(ctx)
		next.ServeHTTP(answer, r)
		// The pattern, and not the path, is what charts can group by.
		err := client.TrackContext(ctx, dataloaf.Event{Event: "request served", Properties: map[string]any{
			"route": r.Pattern, "status": answer.status, "seconds": time.Since(started).Seconds(),
		}})
		if err != nil {
			slog.WarnContext(ctx, "a request was not recorded", "error", err)
		}
	})
}

// statusWriter keeps the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func Example_middleware() {
	endpoint, stop := stack()
	defer stop()
	client, err := dataloaf.New(dataloaf.Config{
		Endpoint: endpoint, APIKey: "your-key",
		BeforeSend: func(m dataloaf.Message) dataloaf.Message { // to show what is sent
			e := m.(dataloaf.Event)
			p := e.Properties.(map[string]any)
			fmt.Println(e.Event, "by", e.UserID, p["method"], p["path"], p["route"], p["status"], p["kind"])
			return e
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := client.TrackContext(r.Context(), dataloaf.Event{Event: "order placed", Properties: map[string]any{"kind": "rye"}}); err != nil {
			slog.WarnContext(r.Context(), "an event is lost", "error", err)
		}
		w.WriteHeader(http.StatusCreated)
	})
	request := httptest.NewRequest(http.MethodPost, "/orders/7", nil)
	request.SetBasicAuth("ada", "")
	Record(client, mux).ServeHTTP(httptest.NewRecorder(), request)

	if err := client.Close(context.Background()); err != nil {
		log.Print(err)
	}
	// Output:
	// order placed by ada POST /orders/7 <nil> <nil> rye
	// request served by ada POST /orders/7 POST /orders/{id} 201 <nil>
}

// BeforeSend sees every message before it is queued or written to disk.
func Example_redact() {
	client := dataloaf.NewNoop()
	redact := func(m dataloaf.Message) dataloaf.Message {
		switch m := m.(type) {
		case dataloaf.Event:
			if p, ok := m.Properties.(map[string]any); ok {
				if _, ok := p["email"]; ok {
					// A copy: the map is the caller's.
					kept := map[string]any{}
					for name, value := range p {
						if name != "email" {
							kept[name] = value
						}
					}
					m.Properties = kept
				}
			}
			return m
		default:
			return m
		}
	}
	e := redact(dataloaf.Event{Event: "sign in", Properties: map[string]any{"email": "ada@example.com", "method": "link"}})
	fmt.Println(e.(dataloaf.Event).Properties, client.Enqueue(e)) // Config{BeforeSend: redact} in earnest
	// Output: map[method:link] <nil>
}

// Sampling by user keeps all events of some users and none of the others', so
// that what is asked per user stays right.
func Example_sample() {
	sample := func(m dataloaf.Message) dataloaf.Message {
		e, ok := m.(dataloaf.Event)
		if !ok || e.UserID == "" {
			return m // users, their attributes, and events without a user are all kept
		}
		h := fnv.New32a()
		h.Write([]byte(e.UserID)) // never fails
		if h.Sum32()%100 >= 10 {
			return nil
		}
		return m
	}
	kept := 0
	for n := range 10_000 {
		e := dataloaf.Event{Event: "bread baked", UserID: fmt.Sprintf("user-%d", n)}
		if sample(e) != nil { // Config{BeforeSend: sample} in earnest
			kept++
		}
	}
	fmt.Println(kept > 900 && kept < 1100)
	// Output: true
}
