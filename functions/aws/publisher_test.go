package aws_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/awstest"
	"github.com/dataloaf/dataloaf/functions/collect"
)

var _ collect.Publisher = (*aws.Publisher)(nil)

const streamName = "events-stream"

// clock is a time that passes only in pauses.
type clock struct {
	now    time.Time
	pauses []time.Duration
}

func (c *clock) pause(ctx context.Context, d time.Duration) error {
	c.pauses = append(c.pauses, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

func newPublisher(t *testing.T, a *awstest.AWS, random func() float64) (*aws.Publisher, *clock) {
	t.Helper()
	c := &clock{now: time.Now()}
	return aws.NewPublisher(aws.PublisherConfig{
		AWS: a.Config(), Stream: streamName, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Now: func() time.Time { return c.now }, Random: random, Pause: c.pause,
	}), c
}

func newFirehose(t *testing.T) *awstest.AWS {
	a := awstest.New(t)
	a.MakeBucket("bucket")
	a.MakeStream(streamName, "bucket", "events/")
	return a
}

// records are n records that differ from each other.
func records(n, size int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, "%d %s\n", i, strings.Repeat("x", size))
	}
	return out
}

// The stand-in refuses what is beyond Firehose's limits.
func TestCallsKeepToTheLimits(t *testing.T) {
	for name, test := range map[string]struct {
		records [][]byte
		calls   int
	}{
		"500 records":   {records(500, 10), 1},
		"1,201 records": {records(1201, 10), 3},
		// Four records of 1,000 KiB are 4,096,000 bytes of 4,194,304.
		"large records": {[][]byte{bytes.Repeat([]byte("a"), 1000<<10), bytes.Repeat([]byte("b"), 1000<<10), bytes.Repeat([]byte("c"), 1000<<10), bytes.Repeat([]byte("d"), 1000<<10), bytes.Repeat([]byte("e"), 1000<<10)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			a := newFirehose(t)
			p, _ := newPublisher(t, a, nil)
			failed, err := p.Publish(t.Context(), test.records)
			if err != nil || len(failed) != 0 {
				t.Fatalf("failed %v: %v", failed, err)
			}
			if n := len(a.Calls("PutRecordBatch")); n != test.calls {
				t.Errorf("%d calls, want %d", n, test.calls)
			}
			if got := a.Records(streamName); !slices.EqualFunc(got, test.records, bytes.Equal) {
				t.Errorf("%d records are stored, want %d", len(got), len(test.records))
			}
		})
	}
}

func TestARecordThatIsTooLargeFailsAlone(t *testing.T) {
	a := newFirehose(t)
	p, _ := newPublisher(t, a, nil)
	failed, err := p.Publish(t.Context(), [][]byte{[]byte("a\n"), make([]byte, 1000<<10+1), []byte("c\n")})
	if err != nil || !slices.Equal(failed, []int{1}) || len(a.Records(streamName)) != 2 {
		t.Errorf("failed %v: %v; %d are stored", failed, err, len(a.Records(streamName)))
	}
}

// Whatever goes wrong how often: what is reported as failed is exactly what is
// not stored, and nothing is stored twice.
func TestWhatFailedIsWhatIsNotStored(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		a := newFirehose(t)
		bad := r.Float64()
		a.SetFault(func(awstest.Call) awstest.Fault {
			if r.Float64() > bad {
				return awstest.Fault{}
			}
			switch r.IntN(6) {
			case 0:
				return awstest.Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailableException"}
			case 1:
				return awstest.Fault{Status: http.StatusBadRequest, Code: "ThrottlingException"}
			case 2:
				return awstest.Fault{Cut: true}
			case 3:
				return awstest.Fault{Status: http.StatusInternalServerError, Code: "InternalFailure"}
			default:
				share := r.Float64()
				return awstest.Fault{Refuse: func(int) string {
					if r.Float64() < share {
						return []string{"ServiceUnavailableException", "InternalFailure"}[r.IntN(2)]
					}
					return ""
				}}
			}
		})
		p, c := newPublisher(t, a, rand.New(rand.NewPCG(seed, 5)).Float64)
		in := records(1+int(seed*seed)%1300, int(seed*7)%100)
		started := c.now
		failed, err := p.Publish(t.Context(), in)
		stored := map[string]int{}
		for _, record := range a.Records(streamName) {
			stored[string(record)]++
		}
		for i, record := range in {
			want := 1
			if slices.Contains(failed, i) {
				want = 0
			}
			if stored[string(record)] != want {
				t.Fatalf("seed %d: record %d is stored %d times, failed %v", seed, i, stored[string(record)], want == 0)
			}
		}
		if (err != nil) != (len(failed) == len(in)) || !slices.IsSorted(failed) {
			t.Fatalf("seed %d: %d of %d failed: %v", seed, len(failed), len(in), err)
		}
		if spent := c.now.Sub(started); spent > 24*time.Second {
			t.Fatalf("seed %d: waited %v", seed, spent)
		}
	}
}

// An answer that is lost leaves it open whether the records are stored. What is
// reported as stored is; what is stored twice counts once in the load.
func TestWhatIsNotReportedAsFailedIsStored(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		a := newFirehose(t)
		a.SetFault(func(awstest.Call) awstest.Fault {
			return awstest.Fault{CutAfter: r.IntN(2) == 0, Refuse: func(int) string { return []string{"", "InternalFailure"}[r.IntN(2)] }}
		})
		p, _ := newPublisher(t, a, rand.New(rand.NewPCG(seed, 5)).Float64)
		in := records(20, 10)
		failed, _ := p.Publish(t.Context(), in)
		stored := map[string]bool{}
		for _, record := range a.Records(streamName) {
			stored[string(record)] = true
		}
		for i, record := range in {
			if !stored[string(record)] && !slices.Contains(failed, i) {
				t.Fatalf("seed %d: record %d is neither stored nor reported", seed, i)
			}
		}
	}
}

// The waits double up to a bound and fill the time that there is, and no more:
// the rest is for the answer.
func TestTriesEndInTimeToAnswer(t *testing.T) {
	a := newFirehose(t)
	a.SetFault(func(awstest.Call) awstest.Fault {
		return awstest.Fault{Status: http.StatusBadRequest, Code: "ThrottlingException"}
	})
	p, c := newPublisher(t, a, func() float64 { return 1 })
	deadline := c.now.Add(10 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	failed, err := p.Publish(ctx, records(3, 10))
	if len(failed) != 3 || err == nil || !strings.Contains(err.Error(), streamName) || !strings.Contains(err.Error(), "ThrottlingException") {
		t.Errorf("failed %v: %v", failed, err)
	}
	want := []time.Duration{100, 200, 400, 800, 1600, 3200}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if !slices.Equal(c.pauses, want) {
		t.Errorf("waited %v, want %v", c.pauses, want)
	}
	if left := deadline.Sub(c.now); left < time.Second {
		t.Errorf("%v are left to answer", left)
	}
	// The SDK adds no tries of its own.
	if n := len(a.Calls("PutRecordBatch")); n != len(want)+1 {
		t.Errorf("%d calls", n)
	}
}

// A connection that went silent does not take the answer's time.
func TestASilentConnectionEndsInTime(t *testing.T) {
	a := newFirehose(t)
	a.SetFault(func(awstest.Call) awstest.Fault { return awstest.Fault{Hang: true} })
	p := aws.NewPublisher(aws.PublisherConfig{AWS: a.Config(), Stream: streamName, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithTimeout(t.Context(), 1700*time.Millisecond)
	defer cancel()
	failed, err := p.Publish(ctx, records(2, 10))
	if len(failed) != 2 || err == nil || ctx.Err() != nil {
		t.Errorf("failed %v: %v, %v", failed, err, ctx.Err())
	}
}

// What AWS refuses for what it is does not get better by asking again.
func TestAWrongStreamIsNotTriedAgain(t *testing.T) {
	a := awstest.New(t)
	p, _ := newPublisher(t, a, nil)
	failed, err := p.Publish(t.Context(), records(2, 10))
	if len(failed) != 2 || err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Errorf("failed %v: %v", failed, err)
	}
	if n := len(a.Calls("")); n != 1 {
		t.Errorf("%d calls", n)
	}
}
