package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Buckets are the names of the two buckets of raw objects.
type Buckets struct{ Events, Users string }

// Of is the name of the bucket that holds objects of a kind.
func (b Buckets) Of(kind warehouse.Kind) string {
	if kind.Bucket() == warehouse.Events {
		return b.Events
	}
	return b.Users
}

// NotificationsConfig is what Notifications need.
type NotificationsConfig struct {
	Queue *Queue
	// Buckets are those whose objects are loaded; a notification of any other
	// is of no use.
	Buckets Buckets
	// Visibility is how long a received message stays hidden: the queue's own
	// setting.
	Visibility time.Duration
	Now        func() time.Time
	Logger     *slog.Logger
}

// Notifications is the queue into which S3 puts a message for each object that
// was created. It implements load.Queue.
type Notifications struct {
	config NotificationsConfig

	mu sync.Mutex
	// open are the messages that are received and not deleted, by receipt.
	open map[string]*openMessage
}

// openMessage is a message of which some objects are not settled.
type openMessage struct {
	// left is the number of its objects that are not settled.
	left int
	// until is when SQS may deliver the message again, to whoever asks.
	until time.Time
}

// NewNotifications reads notifications from a queue.
func NewNotifications(c NotificationsConfig) *Notifications {
	return &Notifications{config: c, open: map[string]*openMessage{}}
}

// Depth implements load.Queue.
func (n *Notifications) Depth(ctx context.Context) (int, error) { return n.config.Queue.Depth(ctx) }

// Receive implements load.Queue. It returns when it has enough, or when the
// queue is empty. What is no notification of a raw object is deleted at once:
// s3:TestEvent, which S3 sends when notifications are set up
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html),
// and whatever else would only come back until it is a dead letter.
func (n *Notifications) Receive(ctx context.Context, most int) ([]load.Message, error) {
	n.forget()
	var messages []load.Message
	for len(messages) < most {
		received, err := n.config.Queue.receive(ctx, most-len(messages))
		if err != nil {
			if len(messages) > 0 {
				// What came is worth loading; an outage that lasts shows at
				// the next receive.
				n.config.Logger.WarnContext(ctx, "receiving stopped early", "received", len(messages), "error", err)
				return messages, nil
			}
			return nil, err
		}
		if len(received) == 0 {
			return messages, nil
		}
		var useless []string
		for _, m := range received {
			objects := n.objects(ctx, m)
			if len(objects) == 0 {
				useless = append(useless, sdk.ToString(m.ReceiptHandle))
				continue
			}
			messages = append(messages, n.take(sdk.ToString(m.ReceiptHandle), objects)...)
		}
		// One that stays comes back and is deleted then.
		if err := n.config.Queue.delete(ctx, useless); err != nil {
			n.config.Logger.WarnContext(ctx, "useless messages stay in the queue", "error", err)
		}
	}
	return messages, nil
}

// take keeps account of a message: SQS can delete it only whole.
func (n *Notifications) take(receipt string, objects []warehouse.Object) []load.Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[receipt] = &openMessage{left: len(objects), until: n.config.Now().Add(n.config.Visibility)}
	messages := make([]load.Message, len(objects))
	for i, o := range objects {
		messages[i] = load.Message{ID: receipt, Object: o}
	}
	return messages
}

// forget drops the account of messages that others may have by now. A function
// that is kept warm would else remember every message that ever failed.
func (n *Notifications) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.config.Now()
	for receipt, m := range n.open {
		if now.After(m.until) {
			delete(n.open, receipt)
		}
	}
}

// Delete implements load.Queue. A message that carries several objects is
// deleted with the last of them.
func (n *Notifications) Delete(ctx context.Context, messages []load.Message) error {
	return n.config.Queue.delete(ctx, n.settle(messages))
}

// settle counts off the objects and gives the receipts of the messages that
// have none left.
func (n *Notifications) settle(messages []load.Message) (receipts []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range messages {
		open := n.open[m.ID]
		if open == nil {
			continue // deleted before, or too late: it is delivered again
		}
		if open.left--; open.left == 0 {
			delete(n.open, m.ID)
			receipts = append(receipts, m.ID)
		}
	}
	return receipts
}

// Keep hides what is received and not deleted from others for as long as the
// work goes on: at each tick its visibility begins anew. It returns when ctx
// ends.
func (n *Notifications) Keep(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			// A message that is not kept is delivered twice, and the ledger
			// counts its objects once.
			if err := n.config.Queue.extend(ctx, n.held(), n.config.Visibility); err != nil && ctx.Err() == nil {
				n.config.Logger.WarnContext(ctx, "messages could not be kept from other runs", "error", err)
			}
		}
	}
}

// held are the receipts of the messages in work; their time begins anew.
func (n *Notifications) held() (receipts []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.config.Now()
	for receipt, m := range n.open {
		if now.After(m.until) {
			continue // others may have it
		}
		m.until = now.Add(n.config.Visibility)
		receipts = append(receipts, receipt)
	}
	return receipts
}

// notification is what S3 sends, as far as it is read
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
type notification struct {
	// Event is "s3:TestEvent" in the message that tests the set-up; it has no
	// Records.
	Event   string
	Records []struct {
		EventName string `json:"eventName"`
		S3        struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key  string `json:"key"`
				Size int64  `json:"size"`
			} `json:"object"`
		} `json:"s3"`
	}
}

// objects are the raw objects that a message tells of.
func (n *Notifications) objects(ctx context.Context, m types.Message) []warehouse.Object {
	id, body := sdk.ToString(m.MessageId), sdk.ToString(m.Body)
	var told notification
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		n.config.Logger.WarnContext(ctx, "a message is no notification of S3", "message", id, "error", err)
		return nil
	}
	if len(told.Records) == 0 && told.Event != "s3:TestEvent" {
		n.config.Logger.WarnContext(ctx, "a message is no notification of S3", "message", id, "error", "it has no Records")
	}
	var objects []warehouse.Object
	for _, r := range told.Records {
		o, err := n.object(r.EventName, r.S3.Bucket.Name, r.S3.Object.Key)
		if err != nil {
			n.config.Logger.WarnContext(ctx, "a notification is passed over", "message", id, "error", err)
			continue
		}
		o.Size = r.S3.Object.Size
		objects = append(objects, o)
	}
	return objects
}

func (n *Notifications) object(event, bucket, key string) (warehouse.Object, error) {
	// The name has "s3:" before it in the settings and not in a message.
	if !strings.HasPrefix(event, "ObjectCreated:") {
		return warehouse.Object{}, fmt.Errorf("%.100q is not the creation of an object", event)
	}
	// Keys are encoded as forms are, a blank as a plus sign.
	plain, err := url.QueryUnescape(key)
	if err != nil {
		return warehouse.Object{}, fmt.Errorf("the key %.200q is not URL-encoded: %w", key, err)
	}
	o, ok := warehouse.ParseKey(bucket, plain)
	if !ok || bucket != n.config.Buckets.Of(o.Kind) {
		return warehouse.Object{}, fmt.Errorf("%.300q in bucket %.100q is no raw object of this stack", plain, bucket)
	}
	return o, nil
}
