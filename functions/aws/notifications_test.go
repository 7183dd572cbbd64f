package aws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/awstest"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

var (
	_ load.Queue        = (*aws.Notifications)(nil)
	_ update.RetryQueue = (*aws.Retries)(nil)
)

const queueName = "load"

type queueTest struct {
	*aws.Notifications
	aws   *awstest.AWS
	queue *aws.Queue
	// passed is how much time has passed.
	passed atomic.Int64
}

func (q *queueTest) advance(d time.Duration) {
	q.aws.Advance(d)
	q.passed.Add(int64(d))
}

func newQueueTest(t *testing.T) *queueTest {
	t.Helper()
	q := &queueTest{aws: awstest.New(t)}
	q.queue = aws.NewQueue(q.aws.Config(), q.aws.MakeQueue(queueName))
	q.queue.SetPause(func(ctx context.Context, _ time.Duration) error { return ctx.Err() })
	q.Notifications = aws.NewNotifications(aws.NotificationsConfig{
		Queue: q.queue, Buckets: buckets, Visibility: awstest.Visibility,
		Now: func() time.Time {
			return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(q.passed.Load()))
		},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	return q
}

// send announces an object.
func (q *queueTest) send(key string) {
	q.aws.Send(queueName, awstest.Notification(bucketOf(key), key, 7), 0)
}

func bucketOf(key string) string {
	if strings.HasPrefix(key, "events/") {
		return buckets.Events
	}
	return buckets.Users
}

func (q *queueTest) receive(t *testing.T, most int) []load.Message {
	t.Helper()
	messages, err := q.Receive(t.Context(), most)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func keys(messages []load.Message) (keys []string) {
	for _, m := range messages {
		keys = append(keys, m.Object.Key)
	}
	slices.Sort(keys)
	return keys
}

// What is in flight belongs to another run, and what is delayed to a later one.
func TestDepthIsWhatCanBeReceived(t *testing.T) {
	q := newQueueTest(t)
	for i := range 5 {
		q.send(fmt.Sprintf("events/%d", i))
	}
	q.aws.Send(queueName, "x", time.Hour)
	q.receive(t, 2)
	if n, err := q.Depth(t.Context()); err != nil || n != 3 {
		t.Errorf("depth %d, %v", n, err)
	}
	if n, err := q.queue.Waiting(t.Context()); err != nil || n != 6 {
		t.Errorf("waiting %d, %v", n, err)
	}
	q.aws.SetFault(func(awstest.Call) awstest.Fault {
		return awstest.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
	})
	if _, err := q.Depth(t.Context()); err == nil || !strings.Contains(err.Error(), queueName) {
		t.Errorf("%v", err)
	}
}

func TestReceiveTakesManyAndDeletesThem(t *testing.T) {
	q := newQueueTest(t)
	var want []string
	for i := range 137 {
		key := fmt.Sprintf("events/2026/01/02/03/%03d.gz", i)
		want = append(want, key)
		q.send(key)
	}
	first := q.receive(t, 100)
	rest := q.receive(t, 100)
	if len(first) != 100 || !slices.Equal(keys(append(slices.Clone(first), rest...)), want) {
		t.Fatalf("received %d and %d", len(first), len(rest))
	}
	if o := first[0].Object; o.Size != 7 || o.Kind != warehouse.Events || o.Bucket != buckets.Events {
		t.Errorf("%+v", o)
	}
	if err := q.Delete(t.Context(), append(first, rest...)); err != nil {
		t.Fatal(err)
	}
	if left := q.aws.Messages(queueName); len(left) != 0 {
		t.Errorf("%d are left", len(left))
	}
	if n := len(q.aws.Calls("DeleteMessageBatch")); n != 14 {
		t.Errorf("%d calls", n)
	}
	if messages := q.receive(t, 10); len(messages) != 0 {
		t.Errorf("an empty queue gave %v", messages)
	}
}

func TestKeysAreDecoded(t *testing.T) {
	q := newQueueTest(t)
	want := []string{"events/a b+c.gz", "events/ü/100%.gz", "users/x=y&z.gz", "updates/plain.gz"}
	for _, key := range want {
		q.send(key)
	}
	slices.Sort(want)
	if got := keys(q.receive(t, 10)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// What is no notification of a raw object would come back until it is a dead
// letter, and keep the queue from being empty.
func TestUselessMessagesAreDeleted(t *testing.T) {
	q := newQueueTest(t)
	for _, body := range []string{
		`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-02T03:04:05.555Z","Bucket":"the-events","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR"}`,
		`not JSON`, `[]`, `"x"`, `{}`, `{"Records":[]}`, `{"Records":[{}]}`,
		awstest.Notification(buckets.Events, "manifests/2026/01/02/a.json", 1),
		awstest.Notification(buckets.Events, "users/a", 1),
		awstest.Notification("another-bucket", "events/a", 1),
		strings.Replace(awstest.Notification(buckets.Events, "events/a", 1), "ObjectCreated:Put", "ObjectRemoved:Delete", 1),
		strings.Replace(awstest.Notification(buckets.Events, "events/a", 1), `"events/a"`, `"events/%zz"`, 1),
	} {
		q.aws.Send(queueName, body, 0)
	}
	q.send("events/good")
	if got := keys(q.receive(t, 100)); !slices.Equal(got, []string{"events/good"}) {
		t.Errorf("%q", got)
	}
	if left := q.aws.Messages(queueName); len(left) != 1 {
		t.Errorf("%d are left: %q", len(left), left)
	}
}

// several is a message that tells of several objects.
func several(keys ...string) string {
	records := make([]string, len(keys))
	for i, key := range keys {
		one := awstest.Notification(bucketOf(key), key, 7)
		records[i] = strings.TrimSuffix(strings.TrimPrefix(one, `{"Records":[`), `]}`)
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func TestAMessageGoesWithTheLastOfItsObjects(t *testing.T) {
	q := newQueueTest(t)
	q.aws.Send(queueName, several("events/a", "manifests/x", "events/b", "users/c"), 0)
	messages := q.receive(t, 10)
	if got := keys(messages); !slices.Equal(got, []string{"events/a", "events/b", "users/c"}) {
		t.Fatalf("%q", got)
	}
	for i, m := range messages {
		if left := len(q.aws.Messages(queueName)); left != 1 {
			t.Fatalf("deleted after %d of its objects", i)
		}
		if err := q.Delete(t.Context(), []load.Message{m}); err != nil {
			t.Fatal(err)
		}
	}
	if left := len(q.aws.Messages(queueName)); left != 0 {
		t.Error("it is still there")
	}
	// Delivered again, it counts from the beginning.
	q.aws.Send(queueName, several("events/a", "events/b"), 0)
	if err := q.Delete(t.Context(), q.receive(t, 10)[:1]); err != nil {
		t.Fatal(err)
	}
	q.advance(awstest.Visibility + time.Second)
	again := q.receive(t, 10)
	if err := q.Delete(t.Context(), again); err != nil || len(again) != 2 || len(q.aws.Messages(queueName)) != 0 {
		t.Errorf("%v, received %d, %d left", err, len(again), len(q.aws.Messages(queueName)))
	}
}

// Some entries of a batch may fail where others do not: exactly those are tried
// again, a few times.
func TestPartsOfADeleteAreTriedAgain(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		q := newQueueTest(t)
		for i := range 25 {
			q.send(fmt.Sprintf("events/%d", i))
		}
		messages := q.receive(t, 100)
		share := r.Float64()
		q.aws.SetFault(func(c awstest.Call) awstest.Fault {
			return awstest.Fault{Refuse: func(int) string {
				if r.Float64() < share {
					return "InternalError"
				}
				return ""
			}}
		})
		err := q.Delete(t.Context(), messages)
		if left := len(q.aws.Messages(queueName)); (left > 0) != (err != nil) {
			t.Errorf("seed %d: %d left, %v", seed, left, err)
		}
		if n := len(q.aws.Calls("DeleteMessageBatch")); n > 3*4 {
			t.Errorf("seed %d: %d calls", seed, n)
		}
	}
}

func TestAReceiptThatIsRefusedIsAnError(t *testing.T) {
	q := newQueueTest(t)
	q.send("events/a")
	messages := q.receive(t, 1)
	// Received by another meanwhile, and deleted.
	q.aws.Advance(awstest.Visibility + time.Second)
	if got := q.receive(t, 1); len(got) != 1 {
		t.Fatal("not delivered again")
	}
	if err := q.Delete(t.Context(), messages); err == nil || !strings.Contains(err.Error(), "ReceiptHandleIsInvalid") {
		t.Errorf("%v", err)
	}
	if n := len(q.aws.Calls("DeleteMessageBatch")); n != 1 {
		t.Errorf("tried %d times", n)
	}
}

// A long load keeps what it works on from others.
func TestKeepExtendsWhatIsInWork(t *testing.T) {
	q := newQueueTest(t)
	for i := range 12 {
		q.send(fmt.Sprintf("events/%02d", i))
	}
	messages := q.receive(t, 100)
	if err := q.Delete(t.Context(), messages[:1]); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		q.Keep(ctx, ticks)
	}()
	for range 3 {
		q.advance(awstest.Visibility - time.Minute)
		// Once the second is taken, the first is done.
		ticks <- time.Time{}
		ticks <- time.Time{}
	}
	cancel() // the last tick may be cut off; those before are done
	<-done
	if n, err := q.Depth(t.Context()); err != nil || n != 0 {
		t.Errorf("%d can be received, %v", n, err)
	}
	if n := len(q.aws.Calls("ChangeMessageVisibilityBatch")); n < 4 {
		t.Errorf("%d calls for two batches", n)
	}
}

func TestAnOutageAmidAReceiveKeepsWhatCame(t *testing.T) {
	q := newQueueTest(t)
	for i := range 25 {
		q.send(fmt.Sprintf("events/%02d", i))
	}
	calls := 0
	q.aws.SetFault(func(awstest.Call) awstest.Fault {
		if calls++; calls > 2 {
			return awstest.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
		}
		return awstest.Fault{}
	})
	if got := q.receive(t, 100); len(got) != 20 {
		t.Errorf("%d messages", len(got))
	}
	if _, err := q.Receive(t.Context(), 100); err == nil {
		t.Error("an outage is an empty queue")
	}
}

func TestTheRetryQueue(t *testing.T) {
	a := awstest.New(t)
	r := aws.NewRetries(aws.NewQueue(a.Config(), a.MakeQueue("retry")))
	o := raw(t, buckets.Users, "updates/2026/01/02/03/a b.gz")
	o.Size = 42
	if err := r.Enqueue(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	body := a.Messages("retry")[0]
	if want := `{"bucket":"the-users","key":"updates/2026/01/02/03/a b.gz","size":42}`; body != want {
		t.Errorf("%s", body)
	}
	if got, err := aws.ParseRetry(body); err != nil || got != o {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{``, `x`, `{}`, `{"bucket":"b"}`, `{"bucket":"b","key":"manifests/a"}`, `{"key":"updates/a"}`, `[]`} {
		if o, err := aws.ParseRetry(bad); err == nil {
			t.Errorf("%s is %+v", bad, o)
		}
	}
	a.SetFault(func(awstest.Call) awstest.Fault {
		return awstest.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
	})
	if err := r.Enqueue(t.Context(), o); err == nil || !strings.Contains(err.Error(), o.ID()) || errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// FuzzNotification reads whatever may lie in the queue: only raw objects of this
// stack's own buckets come out of it.
func FuzzNotification(f *testing.F) {
	f.Add(awstest.Notification(buckets.Events, "events/2026/01/02/03/a b+c.gz", 7))
	f.Add(awstest.Notification(buckets.Users, "updates/2026/01/02/03/é.gz", 0))
	f.Add(awstest.Notification(buckets.Users, "events/2026/01/02/03/x.gz", 1))
	f.Add(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`)
	f.Add(`{"Records":[{"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"` + buckets.Events + `"},"object":{"key":"events/x"}}}]}`)
	f.Add(`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"` + buckets.Events + `"},"object":{"key":"events/%zz","size":-1}}},null,{}]}`)
	f.Add(`{"Records":null}`)
	f.Add(`[`)
	n := aws.NewNotifications(aws.NotificationsConfig{Buckets: buckets, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, body string) {
		for _, o := range n.Objects(t.Context(), body) {
			parsed, ok := warehouse.ParseKey(o.Bucket, o.Key)
			parsed.Size = o.Size
			if !ok || parsed != o || o.Bucket != buckets.Of(o.Kind) {
				t.Fatalf("%q names %+v", body, o)
			}
		}
	})
}
