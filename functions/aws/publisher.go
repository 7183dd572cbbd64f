package aws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/smithy-go"
)

// The limits of PutRecordBatch: 500 records or 4 MiB a call, whichever comes
// first, and 1,000 KiB a record, all before they are encoded
// (https://docs.aws.amazon.com/firehose/latest/dev/limits.html).
const (
	maxCallRecords = 500
	maxCallBytes   = 4 << 20
	maxRecordBytes = 1000 << 10
)

// How long the Publisher tries.
const (
	// publishBudget is the longest that a call may last: API Gateway gives up
	// after 29 s (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
	publishBudget = 24 * time.Second
	// answerReserve of the call's time is kept for the answer.
	answerReserve = time.Second
	// callTimeout bounds one call, so that a connection that went silent while
	// the function was frozen leaves time for another.
	callTimeout = 8 * time.Second
	// leastCall is the least time that a call is begun with. One that is cut off
	// as soon as it is sent may be stored all the same, and then counts as failed.
	leastCall = time.Second
	// firstPublishPause is the longest wait before the second try; it doubles
	// with each up to longestPause.
	firstPublishPause = 100 * time.Millisecond
)

// PublisherConfig is what a Publisher needs.
type PublisherConfig struct {
	// AWS is where Firehose is.
	AWS sdk.Config
	// Stream is the name of the Firehose stream.
	Stream string
	Logger *slog.Logger
	// Now is the clock, Random gives a number in [0, 1), and Pause waits; nil
	// means the real ones.
	Now    func() time.Time
	Random func() float64
	Pause  func(ctx context.Context, d time.Duration) error
}

// Publisher puts records into a Firehose stream. It implements
// collect.Publisher.
type Publisher struct {
	config PublisherConfig
	client *firehose.Client
}

// NewPublisher makes a publisher.
func NewPublisher(c PublisherConfig) *Publisher {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Pause == nil {
		c.Pause = pause
	}
	return &Publisher{config: c, client: newFirehose(c.AWS)}
}

// Publish implements collect.Publisher. Firehose may take some records of a
// call and refuse others: those alone are tried again, for as long as the
// invocation has time. A call whose answer got lost may have stored its records
// all the same; they are then stored twice, and the load counts them once.
func (p *Publisher) Publish(ctx context.Context, records [][]byte) (failed []int, err error) {
	end := p.config.Now().Add(publishBudget)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-answerReserve).Before(end) {
		end = deadline.Add(-answerReserve)
	}
	var causes causes
	waiting := make([]int, 0, len(records))
	for i, r := range records {
		if len(r) > maxRecordBytes || len(r) == 0 {
			failed = append(failed, i)
			causes.add(fmt.Errorf("record %d has %d bytes; Firehose takes 1 to %d", i, len(r), maxRecordBytes))
			continue
		}
		waiting = append(waiting, i)
	}
	for try := 1; len(waiting) > 0; try++ {
		var again []int
		for _, some := range calls(records, waiting) {
			refused, hopeless := p.put(ctx, records, some, end, &causes)
			again, failed = append(again, refused...), append(failed, hopeless...)
		}
		if waiting = again; len(waiting) == 0 {
			break
		}
		wait := jitter(p.config.Random, try, firstPublishPause, longestPause)
		if p.config.Now().Add(wait).After(end) || p.config.Pause(ctx, wait) != nil {
			failed = append(failed, waiting...)
			break
		}
	}
	slices.Sort(failed)
	if len(failed) > 0 {
		if err := causes.err(); len(failed) == len(records) {
			return failed, fmt.Errorf("put %d records into the stream %s: %w", len(records), p.config.Stream, err)
		}
		p.config.Logger.WarnContext(ctx, "records were not stored", "stream", p.config.Stream, "records", len(records), "failed", len(failed), "error", causes.err())
	}
	return failed, nil
}

// calls splits records, given by index, into calls within Firehose's limits.
func calls(records [][]byte, indexes []int) (out [][]int) {
	first, bytes := 0, 0
	for i, index := range indexes {
		size := len(records[index])
		if i > first && (i-first == maxCallRecords || bytes+size > maxCallBytes) {
			out = append(out, indexes[first:i])
			first, bytes = i, 0
		}
		bytes += size
	}
	return append(out, indexes[first:])
}

// put makes one call. Of its records it gives back those that may be tried
// again and those for which trying again is of no use.
func (p *Publisher) put(ctx context.Context, records [][]byte, some []int, end time.Time, causes *causes) (refused, hopeless []int) {
	left := min(end.Sub(p.config.Now()), callTimeout)
	if left < leastCall {
		causes.add(errors.New("the time of the invocation is used up"))
		return some, nil
	}
	input := &firehose.PutRecordBatchInput{DeliveryStreamName: &p.config.Stream, Records: make([]types.Record, len(some))}
	for i, index := range some {
		input.Records[i].Data = records[index]
	}
	call, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	answer, err := p.client.PutRecordBatch(call, input)
	if err != nil {
		causes.add(err)
		if permanent(err) {
			return nil, some
		}
		return some, nil
	}
	if sdk.ToInt32(answer.FailedPutCount) == 0 {
		return nil, nil
	}
	// The answers stand in the order of the records.
	if len(answer.RequestResponses) != len(some) {
		causes.add(fmt.Errorf("%d answers to %d records, of which %d failed", len(answer.RequestResponses), len(some), sdk.ToInt32(answer.FailedPutCount)))
		return some, nil
	}
	for i, response := range answer.RequestResponses {
		if response.ErrorCode != nil {
			causes.add(fmt.Errorf("%s: %s", *response.ErrorCode, sdk.ToString(response.ErrorMessage)))
			refused = append(refused, some[i])
		}
	}
	return refused, nil
}

// permanent tells whether AWS refused a call for what it is (no such stream, no
// permission, a disabled key) and not for the moment.
func permanent(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorFault() == smithy.FaultServer {
		return false
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) != sdk.TrueTernary
}

// causes keeps the first of each text among errors, a few of them: an outage
// says the same for every record.
type causes struct {
	seen []error
	more int
}

const maxCauses = 3

func (c *causes) add(err error) {
	text := err.Error()
	if slices.ContainsFunc(c.seen, func(e error) bool { return e.Error() == text }) {
		return
	}
	if len(c.seen) == maxCauses {
		c.more++
		return
	}
	c.seen = append(c.seen, err)
}

func (c *causes) err() error {
	err := errors.Join(c.seen...)
	if c.more > 0 {
		err = errors.Join(err, fmt.Errorf("and %d more", c.more))
	}
	return err
}
