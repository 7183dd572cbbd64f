package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// SetPause replaces the waits between tries.
func (q *Queue) SetPause(f func(ctx context.Context, d time.Duration) error) { q.pause = f }

// Objects reads the body of a message.
func (n *Notifications) Objects(ctx context.Context, body string) []warehouse.Object {
	return n.objects(ctx, types.Message{Body: &body})
}
