package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Queue is one SQS queue.
type Queue struct {
	client *sqs.Client
	url    string
	// pause waits between tries; random is the share of the longest wait.
	pause  func(ctx context.Context, d time.Duration) error
	random func() float64
}

// NewQueue makes a client of the queue with a URL.
func NewQueue(c sdk.Config, url string) *Queue {
	return &Queue{client: newSQS(c), url: url, pause: pause, random: rand.Float64}
}

// Depth is about how many messages can be received now. Those in flight belong
// to another run, and those delayed to a later one: waking a warehouse for
// either would cost and bring nothing.
func (q *Queue) Depth(ctx context.Context) (int, error) {
	return q.count(ctx, types.QueueAttributeNameApproximateNumberOfMessages)
}

// Waiting is about how many messages are not settled yet: those of Depth, in
// flight, and delayed.
func (q *Queue) Waiting(ctx context.Context) (int, error) {
	return q.count(ctx, types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed)
}

// count adds attributes that are numbers. They are about right within a minute
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
func (q *Queue) count(ctx context.Context, names ...types.QueueAttributeName) (total int, err error) {
	answer, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: names})
	if err != nil {
		return 0, fmt.Errorf("ask for the depth of the queue %s: %w", q.url, err)
	}
	for _, name := range names {
		n, err := strconv.Atoi(answer.Attributes[string(name)])
		if err != nil {
			return 0, fmt.Errorf("ask for the depth of the queue %s: %s is not a number: %w", q.url, name, err)
		}
		total += n
	}
	return total, nil
}

// perCall is how many messages SQS takes or gives in one call
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const perCall = 10

// receiveWait makes a receive ask all of SQS's servers, so that an empty answer
// means an empty queue
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).
const receiveWait = 1 // second

func (q *Queue) receive(ctx context.Context, most int) ([]types.Message, error) {
	answer, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: int32(min(most, perCall)), WaitTimeSeconds: receiveWait,
	})
	if err != nil {
		return nil, fmt.Errorf("receive from the queue %s: %w", q.url, err)
	}
	return answer.Messages, nil
}

// batchTries is how often what a batch call refused is tried.
const batchTries = 4

// batch calls f with at most ten receipts, and again with those that f says
// have failed and may be tried again.
func (q *Queue) batch(ctx context.Context, doing string, receipts []string, f func(ctx context.Context, some []string) ([]types.BatchResultErrorEntry, error)) error {
	var errs []error
	for some := range slices.Chunk(receipts, perCall) {
		for try := 1; len(some) > 0; try++ {
			failed, err := f(ctx, some)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s %d messages of the queue %s: %w", doing, len(some), q.url, err))
				break
			}
			var again []string
			for _, failure := range failed {
				i, err := strconv.Atoi(sdk.ToString(failure.Id))
				if err != nil || i < 0 || i >= len(some) {
					continue // an answer to something that was not asked
				}
				if failure.SenderFault || try == batchTries {
					errs = append(errs, fmt.Errorf("%s a message of the queue %s: %s: %s", doing, q.url, sdk.ToString(failure.Code), sdk.ToString(failure.Message)))
					continue
				}
				again = append(again, some[i])
			}
			some = again
			if len(some) == 0 {
				break
			}
			if err := q.pause(ctx, jitter(q.random, try, batchPause, longestPause)); err != nil {
				errs = append(errs, fmt.Errorf("%s %d messages of the queue %s: %w", doing, len(some), q.url, err))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// batchPause is the longest wait before the second try; it doubles with each.
const batchPause = 200 * time.Millisecond

// jitter is how long to wait after a number of tries that failed: anything up
// to a bound that doubles with each, so that clients which failed together do
// not come back together
// (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
func jitter(random func() float64, tries int, first, longest time.Duration) time.Duration {
	bound := longest
	// Beyond a few doublings the bound is the longest, and a shift could
	// overflow.
	if tries < 16 {
		bound = min(first<<(tries-1), longest)
	}
	return time.Duration(random() * float64(bound))
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *Queue) delete(ctx context.Context, receipts []string) error {
	return q.batch(ctx, "delete", receipts, func(ctx context.Context, some []string) ([]types.BatchResultErrorEntry, error) {
		entries := make([]types.DeleteMessageBatchRequestEntry, len(some))
		for i, receipt := range some {
			entries[i] = types.DeleteMessageBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), ReceiptHandle: sdk.String(receipt)}
		}
		answer, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return nil, err
		}
		return answer.Failed, nil
	})
}

func (q *Queue) extend(ctx context.Context, receipts []string, by time.Duration) error {
	return q.batch(ctx, "keep", receipts, func(ctx context.Context, some []string) ([]types.BatchResultErrorEntry, error) {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(some))
		for i, receipt := range some {
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
				Id: sdk.String(strconv.Itoa(i)), ReceiptHandle: sdk.String(receipt), VisibilityTimeout: int32(by.Seconds()),
			}
		}
		answer, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return nil, err
		}
		return answer.Failed, nil
	})
}
