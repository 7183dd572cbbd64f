package invoke

import (
	"context"
	"encoding/json"
	"time"
)

// DeleteReport is the answer to the action delete.
type DeleteReport struct {
	Action string `json:"action"`
	// Next is when there is more to do on deletions: zero for never, and now or
	// before it where the time of this invocation was up.
	Next time.Time `json:"next,omitzero"`
}

// deletes is whether an event asks to go on with deletions.
func deletes(event json.RawMessage) bool {
	var e struct {
		Action string `json:"action"`
	}
	return json.Unmarshal(event, &e) == nil && e.Action == "delete"
}

// delete answers the action delete. What is to be deleted stands in the
// warehouse, where an admin has asked for it.
func (l *Load) delete(ctx context.Context) (report any, err error) {
	defer func() {
		if p := recover(); p != nil {
			report, err = nil, recovered(ctx, l.Logger, "delete", p)
		}
	}()
	started := l.Now()
	ctx, cancel := finishing(ctx)
	defer cancel()
	next, err := l.Runner.Delete(ctx)
	log := l.Logger.With("action", "delete", "next", next, "elapsed_ms", l.Now().Sub(started).Milliseconds())
	if err != nil {
		log.ErrorContext(ctx, "a deletion failed", "error", err)
		return nil, err
	}
	log.InfoContext(ctx, "deleted")
	return DeleteReport{Action: "delete", Next: next}, nil
}
