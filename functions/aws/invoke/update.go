package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Retrier merges objects of the retry queue; update.Handler is one.
type Retrier interface {
	// Retry tells, by ID, which objects are done with.
	Retry(ctx context.Context, objects []warehouse.Object) (settled map[string]bool, err error)
}

// Update answers what the update function is called with: calls of API Gateway
// and batches of the retry queue. An event does not say what it is; its shape
// does.
type Update struct {
	API    *API
	Retry  Retrier
	Logger *slog.Logger
}

// Invoke answers one event.
func (u *Update) Invoke(ctx context.Context, event json.RawMessage) (any, error) {
	var shape struct {
		HTTPMethod string `json:"httpMethod"`
		Records    []struct {
			EventSource string `json:"eventSource"`
		} `json:"Records"`
	}
	if err := json.Unmarshal(event, &shape); err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	switch {
	case shape.HTTPMethod != "":
		return u.API.Invoke(ctx, event)
	case len(shape.Records) > 0 && shape.Records[0].EventSource == "aws:sqs":
		var batch events.SQSEvent
		if err := json.Unmarshal(event, &batch); err != nil {
			return nil, fmt.Errorf("read a batch of SQS: %w", err)
		}
		return u.batch(ctx, batch)
	default:
		return nil, errors.New("the event is neither a call of API Gateway nor a batch of SQS; update knows no other")
	}
}

// batch merges the objects of a batch and answers which messages SQS has to
// keep
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).
// A message that cannot be read is kept, too: it ends in the dead-letter queue,
// where somebody looks at it.
func (u *Update) batch(ctx context.Context, batch events.SQSEvent) (answer events.SQSEventResponse, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(ctx, u.Logger, "retry a batch", p)
		}
	}()
	ctx, cancel := finishing(ctx)
	defer cancel()
	answer.BatchItemFailures = []events.SQSBatchItemFailure{}
	objects := make([]warehouse.Object, 0, len(batch.Records))
	of := make(map[string]warehouse.Object, len(batch.Records))
	for _, m := range batch.Records {
		o, err := aws.ParseRetry(m.Body)
		if err != nil {
			u.Logger.ErrorContext(ctx, "a message of the retry queue is of no use", "message", m.MessageId, "error", err)
			continue
		}
		of[m.MessageId] = o
		objects = append(objects, o)
	}
	var settled map[string]bool
	if len(objects) > 0 {
		if settled, err = u.Retry.Retry(ctx, objects); err != nil {
			u.Logger.WarnContext(ctx, "updates stay in the retry queue", "objects", len(objects), "settled", len(settled), "error", err)
		}
	}
	for _, m := range batch.Records {
		if o, ok := of[m.MessageId]; !ok || !settled[o.ID()] {
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return answer, nil
}
