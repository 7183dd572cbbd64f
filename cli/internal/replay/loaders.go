package replay

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
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
)

// busyPause is how long to wait while a scheduled load runs: one execution may
// be all that the function has.
const busyPause = 15 * time.Second

// function invokes the stack's load function.
func (o *Options) function(s *deployed.Stack) loader {
	client := lambda.NewFromConfig(s.Session.Config, func(l *lambda.Options) {
		// The answer comes when the work is done, which may take a quarter of an
		// hour; trying again meanwhile would only wait for the same function.
		l.HTTPClient = awshttp.NewBuildableClient()
		l.Retryer = aws.NopRetryer{}
	})
	name := s.Outputs.Functions["load"]
	return func(ctx context.Context, event []byte) (invoke.Report, error) {
		for {
			out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, InvocationType: types.InvocationTypeRequestResponse, Payload: event})
			var busy *types.TooManyRequestsException
			if errors.As(err, &busy) {
				o.tell("The load function is at work; waiting for it.")
				if err := o.Pause(ctx, busyPause); err != nil {
					return invoke.Report{}, err
				}
				continue
			}
			if err != nil {
				return invoke.Report{}, cloud.Explain(err, "invoke the function %s", name)
			}
			return read(out, name, s.Outputs.LogGroups["load"])
		}
	}
}

func read(out *lambda.InvokeOutput, name, group string) (invoke.Report, error) {
	var report invoke.Report
	if out.FunctionError != nil {
		var failed struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(out.Payload, &failed) != nil || failed.Message == "" {
			failed.Message = *out.FunctionError
		}
		return report, failure.New(errors.New(failed.Message), "The log group "+group+" says more. Run this again when the cause is mended: it goes on where it ended.", "the function %s failed", name)
	}
	if err := json.Unmarshal(out.Payload, &report); err != nil || report.Action != "replay" {
		return report, failure.New(err, "Is the stack of an older version? `loafctl apply` brings it to this one.", "the function %s does not answer as a replay does", name)
	}
	return report, nil
}

// dev asks the dev that runs.
func (o *Options) dev(r datadir.Running) (loader, error) {
	if r.Token == "" {
		return nil, failure.Usage("Give its --token (LOAF_TOKEN), or run this on its machine with --data-dir.", "the dev at %s wants to know who asks", r.Address)
	}
	client, err := insights.New(insights.Config{URL: r.Address, Token: r.Token, Timeout: o.Timeout})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, event []byte) (invoke.Report, error) {
		var report invoke.Report
		return report, client.Call(ctx, http.MethodPost, dev.LoadPath, json.RawMessage(event), &report)
	}, nil
}
