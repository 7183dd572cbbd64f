package invoke_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

var _ invoke.Retrier = (*update.Handler)(nil)

// retrier settles what it is told to.
type retrier struct {
	settled map[string]bool
	err     error
	panics  bool
	got     []warehouse.Object
	left    time.Duration
}

func (r *retrier) Retry(ctx context.Context, objects []warehouse.Object) (map[string]bool, error) {
	if r.panics {
		panic("a defect")
	}
	if deadline, ok := ctx.Deadline(); ok {
		r.left = time.Until(deadline)
	}
	r.got = objects
	return r.settled, r.err
}

func newUpdate(t *testing.T, r *retrier) *invoke.Update {
	t.Helper()
	return &invoke.Update{API: newAPI(t, echo), Retry: r, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func batch(bodies ...string) json.RawMessage {
	var e events.SQSEvent
	for i, body := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: body, EventSource: "aws:sqs"})
	}
	text, _ := json.Marshal(e) // our own
	return text
}

func message(key string) string {
	return fmt.Sprintf(`{"bucket":"users","key":%q,"size":3}`, key)
}

func TestUpdateTellsItsEventsApart(t *testing.T) {
	r := &retrier{}
	u := newUpdate(t, r)
	event := post("/v1/users", "{}")
	event.HTTPMethod = http.MethodPatch
	if got := answer(t, u, event); got.StatusCode != http.StatusAccepted {
		t.Errorf("%+v", got)
	}
	if _, err := u.Invoke(t.Context(), batch(message("updates/a"))); err != nil || len(r.got) != 1 || r.got[0].Size != 3 {
		t.Errorf("%v, %+v", err, r.got)
	}
	for _, event := range []string{`{}`, `{"Records":[]}`, `{"Records":[{"eventSource":"aws:s3"}]}`, `[]`, `{`} {
		if out, err := u.Invoke(t.Context(), json.RawMessage(event)); err == nil {
			t.Errorf("%s: %+v", event, out)
		}
	}
}

// SQS keeps exactly what is not settled. Twice the same object is settled once
// for both.
func TestABatchAnswersMessageByMessage(t *testing.T) {
	r := &retrier{settled: map[string]bool{"users/updates/a": true, "users/updates/b": false}, err: errors.New("away")}
	out, err := newUpdate(t, r).Invoke(t.Context(), batch(message("updates/a"), message("updates/b"), "broken", message("updates/c"), message("updates/a")))
	want := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{{ItemIdentifier: "1"}, {ItemIdentifier: "2"}, {ItemIdentifier: "3"}}}
	if err != nil || !reflect.DeepEqual(out, want) {
		t.Errorf("%+v, %v", out, err)
	}
	// Nothing to keep is an empty list: without one Lambda keeps everything.
	r = &retrier{settled: map[string]bool{"users/updates/a": true}}
	out, err = newUpdate(t, r).Invoke(t.Context(), batch(message("updates/a")))
	if text, _ := json.Marshal(out); err != nil || string(text) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAPanicFailsTheBatch(t *testing.T) {
	if _, err := newUpdate(t, &retrier{panics: true}).Invoke(t.Context(), batch(message("updates/a"))); err == nil {
		t.Error("the batch is done")
	}
}

func TestARetryEndsBeforeTheInvocation(t *testing.T) {
	r := &retrier{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := newUpdate(t, r).Invoke(ctx, batch(message("updates/a"))); err != nil || r.left > 56*time.Second || r.left < 50*time.Second {
		t.Errorf("%v, with %v left", err, r.left)
	}
}
