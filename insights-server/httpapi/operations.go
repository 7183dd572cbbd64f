package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// pipelineBody is the warehouse's part and the queue's.
type pipelineBody struct {
	query.PipelineState
	FilesWaiting int `json:"files_waiting"`
}

func (s *Server) pipeline(c echo.Context) error {
	ctx := c.Request().Context()
	state, err := s.config.Service.Pipeline(ctx)
	if s.readiness.observe(err); err != nil {
		return err
	}
	state.Quarantined = list(state.Quarantined)
	body := pipelineBody{PipelineState: state}
	if state.LastLoad != nil {
		s.ObserveLoad(*state.LastLoad)
	}
	if s.config.FilesWaiting != nil {
		if body.FilesWaiting, err = s.config.FilesWaiting(ctx); err != nil {
			return fmt.Errorf("count the files that wait: %w", err)
		}
	}
	return c.JSON(http.StatusOK, body)
}

var statusOK = map[string]string{"status": "ok"}

// healthz says that the process answers; it asks nobody else.
func (s *Server) healthz(c echo.Context) error { return c.JSON(http.StatusOK, statusOK) }

func (s *Server) readyz(c echo.Context) error {
	if err := s.readiness.check(c.Request().Context()); err != nil {
		return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, err)
	}
	return c.JSON(http.StatusOK, statusOK)
}

const (
	// checkKept is how long a failed check stands before the next.
	checkKept = 5 * time.Second
	// checkTimeout bounds one check.
	checkTimeout = 2 * time.Second
)

// readiness remembers whether the warehouse could be reached. While it could
// at its last use nobody asks it again, so that health checks do not keep a
// warehouse awake that is billed by the second.
type readiness struct {
	ready func(context.Context) error
	now   func() time.Time

	// checking lets one check run at a time.
	checking sync.Mutex
	mu       sync.Mutex
	known    bool
	err      error
	at       time.Time
}

// observe learns from a use of the warehouse.
func (r *readiness) observe(err error) {
	if err == nil || errors.Is(err, warehouse.ErrUnavailable) {
		r.remember(err)
	}
}

func (r *readiness) remember(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.err, r.at = true, err, r.now()
}

// last gives what is remembered, and whether it still stands.
func (r *readiness) last() (fresh bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known && (r.err == nil || r.now().Sub(r.at) < checkKept), r.err
}

// check gives nil when the warehouse is known to be reachable.
func (r *readiness) check(ctx context.Context) error {
	if fresh, err := r.last(); fresh {
		return err
	}
	r.checking.Lock()
	defer r.checking.Unlock()
	if fresh, err := r.last(); fresh {
		return err
	}
	// The answer is for all who wait, whether or not the first one still does.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	err := r.ready(ctx)
	r.remember(err)
	return err
}
