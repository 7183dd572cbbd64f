package aws

import (
	"context"
	"encoding/json"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// retryMessage is a message of the retry queue.
type retryMessage struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Size   int64  `json:"size"`
}

// Retries is the queue of objects whose merge has to be tried again. It
// implements update.RetryQueue; SQS hands its messages to the update function.
type Retries struct{ queue *Queue }

// NewRetries makes a client of the retry queue.
func NewRetries(q *Queue) *Retries { return &Retries{queue: q} }

// Enqueue implements update.RetryQueue.
func (r *Retries) Enqueue(ctx context.Context, o warehouse.Object) error {
	body, err := json.Marshal(retryMessage{Bucket: o.Bucket, Key: o.Key, Size: o.Size})
	if err != nil {
		return fmt.Errorf("queue %s to be tried again: %w", o.ID(), err)
	}
	if _, err := r.queue.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &r.queue.url, MessageBody: sdk.String(string(body))}); err != nil {
		return fmt.Errorf("queue %s to be tried again: %w", o.ID(), err)
	}
	return nil
}

// ParseRetry reads a message of the retry queue.
func ParseRetry(body string) (warehouse.Object, error) {
	var m retryMessage
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return warehouse.Object{}, fmt.Errorf("read a message of the retry queue: %w", err)
	}
	o, ok := warehouse.ParseKey(m.Bucket, m.Key)
	if !ok || m.Bucket == "" {
		return warehouse.Object{}, fmt.Errorf("read a message of the retry queue: %.300q in bucket %.100q is no raw object", m.Key, m.Bucket)
	}
	o.Size = m.Size
	return o, nil
}
