// Package deployed asks AWS how it is with a stack: its queues, functions,
// streams, alarms and metrics. It changes nothing.
package deployed

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
)

// Stack is a stack that is deployed.
type Stack struct {
	Name    string
	Session *cloud.Session
	Outputs *stack.Outputs
}

// Loads reports whether the stack has a warehouse: one of collection alone has
// no queues and no load.
func (s *Stack) Loads() bool { return s.Outputs.Functions["load"] != "" }

// Queue is how much waits in a queue.
type Queue struct {
	Name string `json:"name"`
	// Waiting can be received, InFlight is being worked on.
	Waiting  int `json:"waiting"`
	InFlight int `json:"in_flight"`
	// DeadLetters were tried too often.
	DeadLetterQueue string `json:"dead_letter_queue"`
	DeadLetters     int    `json:"dead_letters"`
}

// Queues are the queues, in the order of their names.
func (s *Stack) Queues(ctx context.Context) ([]Queue, error) {
	client := sqs.NewFromConfig(s.Session.Config)
	var out []Queue
	for _, key := range sortedKeys(s.Outputs.Queues) {
		names := s.Outputs.Queues[key]
		q := Queue{Name: names.Name, DeadLetterQueue: names.DeadLetter}
		waiting, inFlight, err := depth(ctx, client, s.Outputs.QueueURLs[key], names.Name)
		if err != nil {
			return nil, err
		}
		q.Waiting, q.InFlight = waiting, inFlight
		dead, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &names.DeadLetter})
		if err != nil {
			return nil, cloud.Explain(err, "find the queue %s", names.DeadLetter)
		}
		if q.DeadLetters, _, err = depth(ctx, client, aws.ToString(dead.QueueUrl), names.DeadLetter); err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

func depth(ctx context.Context, client *sqs.Client, url, name string) (waiting, inFlight int, err error) {
	answer, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &url,
		AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible},
	})
	if err != nil {
		return 0, 0, cloud.Explain(err, "ask the queue %s for its depth", name)
	}
	for attribute, into := range map[sqstypes.QueueAttributeName]*int{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages:           &waiting,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &inFlight,
	} {
		if *into, err = strconv.Atoi(answer.Attributes[string(attribute)]); err != nil {
			return 0, 0, fmt.Errorf("read the depth of the queue %s: %w", name, err)
		}
	}
	return waiting, inFlight, nil
}

// QueuePolicy is the policy of a queue, as JSON; empty without one.
func (s *Stack) QueuePolicy(ctx context.Context, key string) (string, error) {
	url := s.Outputs.QueueURLs[key]
	answer, err := sqs.NewFromConfig(s.Session.Config).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNamePolicy},
	})
	if err != nil {
		return "", cloud.Explain(err, "read the policy of the queue %s", s.Outputs.Queues[key].Name)
	}
	return answer.Attributes[string(sqstypes.QueueAttributeNamePolicy)], nil
}

// Function is a Lambda function as it is deployed.
type Function struct {
	Name string `json:"name"`
	// State is Active where it can run; Update is Successful when the newest code
	// or settings are in place.
	State  string `json:"state"`
	Update string `json:"last_update"`
	// Reason says why it is not so.
	Reason string `json:"reason,omitempty"`
	// Code is the SHA-256 of what is deployed, in base64.
	Code     string `json:"code_sha256"`
	Modified string `json:"modified"`
}

// Functions are the functions, in the order of their names.
func (s *Stack) Functions(ctx context.Context) ([]Function, error) {
	client := lambda.NewFromConfig(s.Session.Config)
	var out []Function
	for _, key := range sortedKeys(s.Outputs.Functions) {
		name := s.Outputs.Functions[key]
		c, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return nil, cloud.Explain(err, "look at the function %s", name)
		}
		reason := aws.ToString(c.LastUpdateStatusReason)
		if reason == "" {
			reason = aws.ToString(c.StateReason)
		}
		out = append(out, Function{
			Name: name, State: string(c.State), Update: string(c.LastUpdateStatus), Reason: reason,
			Code: aws.ToString(c.CodeSha256), Modified: aws.ToString(c.LastModified),
		})
	}
	return out, nil
}

// Rule is a schedule of the load function.
type Rule struct {
	Name       string        `json:"name"`
	Enabled    bool          `json:"enabled"`
	Expression string        `json:"expression"`
	Every      time.Duration `json:"-"`
}

// Schedules are the rules by which loads and sweeps begin and, where loads are rare,
// the one by which a new stack gets its tables.
func (s *Stack) Schedules(ctx context.Context) ([]Rule, error) {
	client := eventbridge.NewFromConfig(s.Session.Config)
	var out []Rule
	prepare := s.Name + "-prepare"
	for _, name := range []string{s.Name + "-load", s.Name + "-sweep", prepare} {
		r, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name})
		var none *eventtypes.ResourceNotFoundException
		switch {
		case errors.As(err, &none) && name == prepare:
			continue
		case errors.As(err, &none):
			return nil, failure.New(nil, "`loafctl apply` makes it again.", "there is no schedule %s", name)
		}
		if err != nil {
			return nil, cloud.Explain(err, "look at the schedule %s", name)
		}
		expression := aws.ToString(r.ScheduleExpression)
		out = append(out, Rule{Name: name, Enabled: r.State == eventtypes.RuleStateEnabled, Expression: expression, Every: every(expression)})
	}
	return out, nil
}

// every reads "rate(3 minutes)"; 0 for what it does not know.
func every(expression string) time.Duration {
	var n int
	var unit string
	if _, err := fmt.Sscanf(strings.NewReplacer("rate(", "", ")", "").Replace(expression), "%d %s", &n, &unit); err != nil {
		return 0
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	return time.Duration(n) * units[strings.TrimSuffix(unit, "s")]
}

// Mapping feeds the retry queue to the update function.
type Mapping struct {
	ID    string `json:"id"`
	State string `json:"state"`
	// Queue is the queue's ARN.
	Queue string `json:"queue"`
}

// Mappings are the event source mappings of the update function.
func (s *Stack) Mappings(ctx context.Context) ([]Mapping, error) {
	name := s.Outputs.Functions["update"]
	answer, err := lambda.NewFromConfig(s.Session.Config).ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: &name})
	if err != nil {
		return nil, cloud.Explain(err, "look at what feeds the function %s", name)
	}
	var out []Mapping
	for _, m := range answer.EventSourceMappings {
		out = append(out, Mapping{ID: aws.ToString(m.UUID), State: aws.ToString(m.State), Queue: aws.ToString(m.EventSourceArn)})
	}
	return out, nil
}

// Stream is a Firehose stream.
type Stream struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	// Failure says why, where the status tells of one.
	Failure string `json:"failure,omitempty"`
}

// Streams are the Firehose streams, in the order of their names.
func (s *Stack) Streams(ctx context.Context) ([]Stream, error) {
	client := firehose.NewFromConfig(s.Session.Config)
	var out []Stream
	for _, key := range sortedKeys(s.Outputs.Streams) {
		name := s.Outputs.Streams[key]
		answer, err := client.DescribeDeliveryStream(ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
		if err != nil {
			return nil, cloud.Explain(err, "look at the stream %s", name)
		}
		d := answer.DeliveryStreamDescription
		stream := Stream{Name: name, Status: string(d.DeliveryStreamStatus)}
		if f := d.FailureDescription; f != nil {
			stream.Failure = strings.TrimSpace(string(f.Type) + " " + aws.ToString(f.Details))
		}
		out = append(out, stream)
	}
	return out, nil
}

// Notifies reports whether a raw bucket tells the load queue of new objects.
func (s *Stack) Notifies(ctx context.Context, key string) (bool, error) {
	bucket := s.Outputs.Buckets[key]
	c, err := s.Session.S3().GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &bucket})
	if err != nil {
		return false, cloud.Explain(err, "read whom the bucket %s notifies", bucket)
	}
	for _, q := range c.QueueConfigurations {
		if strings.HasSuffix(aws.ToString(q.QueueArn), ":"+s.Outputs.Queues["load"].Name) {
			return true, nil
		}
	}
	return false, nil
}

// Instance is an instance of the page.
type Instance struct {
	ID    string `json:"id"`
	State string `json:"state"`
	// Healthy is what the group thinks of it.
	Healthy bool `json:"healthy"`
}

// Instances are those of the page's group.
func (s *Stack) Instances(ctx context.Context) ([]Instance, error) {
	group := s.Name + "-insights"
	answer, err := autoscaling.NewFromConfig(s.Session.Config).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{group}})
	if err != nil {
		return nil, cloud.Explain(err, "look at the group %s", group)
	}
	var out []Instance
	for _, g := range answer.AutoScalingGroups {
		for _, i := range g.Instances {
			out = append(out, Instance{ID: aws.ToString(i.InstanceId), State: string(i.LifecycleState), Healthy: aws.ToString(i.HealthStatus) == "Healthy"})
		}
	}
	return out, nil
}

// Secret reads a secret.
func (s *Stack) Secret(ctx context.Context, id string) (string, error) {
	answer, err := secretsmanager.NewFromConfig(s.Session.Config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return "", cloud.Explain(err, "read the secret %s", id)
	}
	return aws.ToString(answer.SecretString), nil
}

// Described tells whether a secret is there, without reading it.
func (s *Stack) Described(ctx context.Context, id string) error {
	answer, err := secretsmanager.NewFromConfig(s.Session.Config).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	if err != nil {
		return cloud.Explain(err, "look at the secret %s", id)
	}
	if answer.DeletedDate != nil {
		return errors.New("the secret " + id + " is about to be deleted")
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
