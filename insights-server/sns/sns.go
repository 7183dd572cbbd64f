// Package sns publishes alerts to topics of Amazon SNS.
package sns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/dataloaf/dataloaf/insights-server/alert"
)

// maxSubject is the longest subject
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
const maxSubject = 99

// Sender publishes to topics. It implements alert.Sender.
type Sender struct{ client *sns.Client }

// New makes a sender.
func New(c sdk.Config) *Sender {
	return &Sender{sns.NewFromConfig(c, func(o *sns.Options) {
		// One attempt a call: whoever sends tries again himself.
		o.Retryer = sdk.NopRetryer{}
	})}
}

// Send implements alert.Sender. People get a text, programs the JSON of a webhook.
func (s *Sender) Send(ctx context.Context, to alert.Destination, _ string, n alert.Notification) error {
	body, err := n.Body()
	if err != nil {
		return err
	}
	message, err := json.Marshal(map[string]string{
		"default": n.Text(),
		"sqs":     string(body), "lambda": string(body), "http": string(body), "https": string(body), "firehose": string(body),
	})
	if err != nil {
		return fmt.Errorf("write the message of %s: %w", n.ID, err)
	}
	attribute := func(text string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: sdk.String("String"), StringValue: sdk.String(text)}
	}
	_, err = s.client.Publish(ctx, &sns.PublishInput{
		TopicArn: sdk.String(to.TopicARN), Subject: sdk.String(subject(n.Title())),
		Message: sdk.String(string(message)), MessageStructure: sdk.String("json"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"event": attribute(string(n.Event)), "alert_id": attribute(n.AlertID), "notification_id": attribute(n.ID),
		},
	})
	if err == nil {
		return nil
	}
	e := &alert.SendError{Reason: "SNS could not be reached.", Temporary: true, Err: err}
	var refused smithy.APIError
	if errors.As(err, &refused) {
		e.Reason = "SNS refused the notification: " + refused.ErrorCode() + "."
		// What is the server's fault, or too much at once, may pass.
		e.Temporary = refused.ErrorFault() == smithy.FaultServer || strings.Contains(refused.ErrorCode(), "Throttl")
	}
	return e
}

// subject makes of a title what SNS takes for a subject: ASCII without line breaks.
func subject(title string) string {
	ascii := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r > '~':
			return '?'
		}
		return r
	}, title)
	if len(ascii) > maxSubject {
		ascii = ascii[:maxSubject-3] + "..."
	}
	return ascii
}
