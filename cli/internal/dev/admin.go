package dev

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/insights-server/auth"
)

// adminPrefix begins the paths by which other commands of loafctl work on a dev
// that runs, with its token: only it may open the warehouse and change the keys.
const adminPrefix = "/dev/v1/"

// The admin's paths.
const (
	// LoadPath takes what the load function is invoked with in AWS.
	LoadPath = adminPrefix + "load"
	// KeysPath tells of the API keys (GET), makes a second one (POST) and takes
	// the first away (DELETE).
	KeysPath = adminPrefix + "keys"
)

// maxEvent bounds the body of a call.
const maxEvent = 64 << 10

type admin struct {
	tokens auth.Tokens
	load   *invoke.Load
	keys   *keys
	logger *slog.Logger
}

func newAdmin(tokens auth.Tokens, p *pipeline, k *keys, now func() time.Time, logger *slog.Logger) http.Handler {
	a := &admin{
		tokens: tokens, keys: k, logger: logger,
		load: &invoke.Load{Runner: runner{p}, Auditor: p.auditor, Keeper: idle{}, KeepEvery: time.Hour, Now: now, Logger: logger},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+LoadPath, a.invoke)
	mux.HandleFunc("GET "+KeysPath, func(w http.ResponseWriter, _ *http.Request) { a.answer(w, http.StatusOK, k.state()) })
	mux.HandleFunc("POST "+KeysPath, a.begin)
	mux.HandleFunc("DELETE "+KeysPath, a.finish)
	mux.HandleFunc(adminPrefix, func(w http.ResponseWriter, _ *http.Request) {
		a.fail(w, http.StatusNotFound, "not_found", errors.New("there is nothing here; is loafctl of another version than dev?"))
	})
	return a.authorized(mux)
}

// runner loads, for the load function's handler.
type runner struct{ *pipeline }

func (r runner) Run(ctx context.Context) (load.Summary, error) {
	return load.Summary{}, r.schedule.Load(ctx)
}

// Prepare has nothing to do: dev makes the tables before it listens.
func (runner) Prepare(context.Context) (load.Summary, error) { return load.Summary{}, nil }

func (r runner) Sweep(ctx context.Context, w load.Window) (load.Summary, error) {
	return r.loader.SweepWindow(ctx, w)
}

func (r runner) Replay(ctx context.Context, of load.Range) (load.Summary, error) {
	return r.loader.Replay(ctx, of)
}

func (r runner) Delete(ctx context.Context) (time.Time, error) { return r.schedule.Delete(ctx) }

// idle keeps nothing from others: the queue is this process's own.
type idle struct{}

func (idle) Keep(ctx context.Context, _ <-chan time.Time) { <-ctx.Done() }

func (a *admin) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !a.tokens.Valid(given) {
			a.fail(w, http.StatusUnauthorized, "unauthorized", errors.New("the token is missing or wrong"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *admin) invoke(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil {
		a.fail(w, http.StatusBadRequest, "invalid_shape", err)
		return
	}
	// A replay takes as long as it takes. A writer that knows no deadlines is not
	// a network connection.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	report, err := a.load.Invoke(r.Context(), event)
	if err != nil {
		a.fail(w, http.StatusUnprocessableEntity, "failed", err)
		return
	}
	a.answer(w, http.StatusOK, report)
}

func (a *admin) begin(w http.ResponseWriter, _ *http.Request) {
	key, err := a.keys.begin()
	if err != nil {
		a.refuse(w, err)
		return
	}
	a.answer(w, http.StatusCreated, map[string]string{"key": key})
}

func (a *admin) finish(w http.ResponseWriter, _ *http.Request) {
	if err := a.keys.finish(); err != nil {
		a.refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *admin) refuse(w http.ResponseWriter, err error) {
	if errors.Is(err, errGiven) || errors.Is(err, errRotating) || errors.Is(err, errNotRotating) {
		a.fail(w, http.StatusConflict, "conflict", err)
		return
	}
	a.fail(w, http.StatusInternalServerError, "failed", err)
}

func (a *admin) fail(w http.ResponseWriter, status int, code string, err error) {
	a.answer(w, status, map[string]any{"error": map[string]string{"code": code, "message": err.Error()}})
}

func (a *admin) answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		a.logger.Error("an answer cannot be written", "error", err)
		status, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // a key may be in it
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that is gone needs no answer
}
