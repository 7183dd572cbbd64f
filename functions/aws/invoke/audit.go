package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dataloaf/dataloaf/functions/audit"
)

// Auditor holds the raw objects against the warehouse; audit.Auditor is one.
type Auditor interface {
	Run(ctx context.Context, r audit.Request) (audit.Result, error)
}

// AuditReport is the answer to the action audit.
type AuditReport struct {
	Action string `json:"action"`
	audit.Result
}

// audited is whether an event asks for an audit.
func audited(event json.RawMessage) bool {
	var e struct {
		Action string `json:"action"`
	}
	return json.Unmarshal(event, &e) == nil && e.Action == "audit"
}

// audit answers the action audit. It loads nothing and receives nothing, so
// there are no messages to keep from others.
func (l *Load) audit(ctx context.Context, event json.RawMessage) (report any, err error) {
	defer func() {
		if p := recover(); p != nil {
			report, err = nil, recovered(ctx, l.Logger, "audit", p)
		}
	}()
	request, err := l.auditRequest(event)
	if err != nil {
		l.Logger.ErrorContext(ctx, "an event is not known", "error", err)
		return nil, err
	}
	started := l.Now()
	ctx, cancel := finishing(ctx)
	defer cancel()
	result, err := l.Auditor.Run(ctx, request)
	log := l.Logger.With("action", "audit", "from", request.From, "to", request.To, "deep", request.Deep, "elapsed_ms", l.Now().Sub(started).Milliseconds())
	if err != nil {
		log.ErrorContext(ctx, "an audit failed", "error", err)
		return nil, err
	}
	log.InfoContext(ctx, "audited", "proven", result.Proven, "mismatches", result.MismatchesTotal, "stopped", result.Stopped)
	return AuditReport{Action: "audit", Result: result}, nil
}

func (l *Load) auditRequest(event json.RawMessage) (audit.Request, error) {
	var r audit.Request
	var e struct {
		From *string `json:"from"`
		To   *string `json:"to"`
		Kind *string `json:"kind"`
		Deep bool    `json:"deep"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return r, fmt.Errorf("read the event: %w; %s", err, known)
	}
	if l.Auditor == nil {
		return r, errors.New("there is no warehouse to audit here")
	}
	of, err := l.ranged("an audit", "audit", e.From, e.To, e.Kind)
	return audit.Request{Range: of, Deep: e.Deep}, err
}
