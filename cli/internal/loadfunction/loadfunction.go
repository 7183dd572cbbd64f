// Package loadfunction invokes the load function of a stack, or of a dev that
// runs: it alone reaches the warehouse.
package loadfunction

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/deployed"
	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
)

// Call invokes the function with an event and reads its answer into one.
type Call func(ctx context.Context, event []byte, into any) error

// Stack is how a stack's function is called.
type Stack struct {
	// Action is the one that is called for, and Doing what the function then does,
	// for errors: "a replay".
	Action, Doing string
	// Tell says something to the person who waits, and Pause waits.
	Tell  func(format string, args ...any)
	Pause func(ctx context.Context, d time.Duration) error
}

// busyPause is how long to wait while a scheduled load runs: one execution may
// be all that the function has.
const busyPause = 15 * time.Second

// Of invokes the function of a stack.
func (c Stack) Of(s *deployed.Stack) Call {
	client := lambda.NewFromConfig(s.Session.Config, func(l *lambda.Options) {
		// The answer comes when the work is done, which may take a quarter of an
		// hour; trying again meanwhile would only wait for the same function.
		l.HTTPClient = awshttp.NewBuildableClient()
		l.Retryer = aws.NopRetryer{}
	})
	name := s.Outputs.Functions["load"]
	return func(ctx context.Context, event []byte, into any) error {
		for {
			out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, InvocationType: types.InvocationTypeRequestResponse, Payload: event})
			var busy *types.TooManyRequestsException
			if errors.As(err, &busy) {
				c.Tell("The load function is at work; waiting for it.")
				if err := c.Pause(ctx, busyPause); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return cloud.Explain(err, "invoke the function %s", name)
			}
			return c.read(out, name, s.Outputs.LogGroups["load"], into)
		}
	}
}

func (c Stack) read(out *lambda.InvokeOutput, name, group string, into any) error {
	if out.FunctionError != nil {
		var failed struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(out.Payload, &failed) != nil || failed.Message == "" {
			failed.Message = *out.FunctionError
		}
		return failure.New(errors.New(failed.Message), "The log group "+group+" says more. Run this again when the cause is mended: it goes on where it ended.", "the function %s failed", name)
	}
	var answer struct {
		Action string `json:"action"`
	}
	err := json.Unmarshal(out.Payload, &answer)
	if err == nil {
		err = json.Unmarshal(out.Payload, into)
	}
	if err != nil || answer.Action != c.Action {
		return failure.New(err, "Is the stack of an older version? `loafctl apply` brings it to this one.", "the function %s does not answer as %s does", name, c.Doing)
	}
	return nil
}

// OfDev asks a dev that runs.
func OfDev(r datadir.Running, timeout time.Duration) (Call, error) {
	if r.Token == "" {
		return nil, failure.Usage("Give its --token (LOAF_TOKEN), or run this on its machine with --data-dir.", "the dev at %s wants to know who asks", r.Address)
	}
	client, err := insights.New(insights.Config{URL: r.Address, Token: r.Token, Timeout: timeout})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, event []byte, into any) error {
		return client.Call(ctx, http.MethodPost, dev.LoadPath, json.RawMessage(event), into)
	}, nil
}
