package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/deployed"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
	"github.com/dataloaf/dataloaf/cli/internal/version"
)

// stack looks at a stack in AWS and at all that it stands on.
func (d *doctor) stack(ctx context.Context) {
	if !d.machine(ctx) {
		return
	}
	var s *deployed.Stack
	if !d.check(ctx, inStack, "state", func(ctx context.Context) result {
		found, err := d.Stack(ctx)
		if err != nil {
			return failed(err)
		}
		s = found
		return ok("the stack %q in %s", s.Name, s.Session.Config.Region)
	}) {
		return
	}
	d.account(ctx, s)
	d.parts(ctx, s)
	if s.Loads() {
		d.loading(ctx, s)
	}
	client := d.page(ctx, s)
	if !d.NoSend {
		d.follow(ctx, d.hops(s, client))
	}
}

// smallQuota is what new accounts have: it can reserve nothing, and a burst of
// calls uses it up.
const smallQuota = 10

func (d *doctor) account(ctx context.Context, s *deployed.Stack) {
	d.check(ctx, account, "Lambda concurrency quota", func(ctx context.Context) result {
		settings, err := lambda.NewFromConfig(s.Session.Config).GetAccountSettings(ctx, nil)
		if err != nil {
			return failed(cloud.Explain(err, "ask for the account's Lambda quota"))
		}
		limit := settings.AccountLimit
		if limit == nil {
			return skip("AWS does not tell it")
		}
		if limit.ConcurrentExecutions <= smallQuota {
			return warn("Ask for more in Service Quotas (Lambda, concurrent executions); it is free.", "%d concurrent executions in this region, which a burst of calls uses up", limit.ConcurrentExecutions)
		}
		return ok("%d concurrent executions, %d of them not reserved", limit.ConcurrentExecutions, aws.ToInt32(limit.UnreservedConcurrentExecutions))
	})
	d.check(ctx, account, "API Gateway's logging role", func(ctx context.Context) result {
		settings, err := apigateway.NewFromConfig(s.Session.Config).GetAccount(ctx, nil)
		if err != nil {
			return failed(cloud.Explain(err, "ask for API Gateway's settings"))
		}
		role := aws.ToString(settings.CloudwatchRoleArn)
		if role == "" {
			return warn("Set manage_api_logging_role = true and apply, or give the region a role of your own.", "the region has none, so calls are not logged")
		}
		return ok("%s", role)
	})
}

// parts looks at what collects.
func (d *doctor) parts(ctx context.Context, s *deployed.Stack) {
	d.check(ctx, inStack, "versions", func(context.Context) result {
		switch have := s.Outputs.DataloafVersion; have {
		case "":
			return skip("which version is deployed is not known; this loafctl is %s", version.Number)
		case version.Number:
			return ok("%s, as this loafctl", have)
		default:
			return warn("`loafctl plan` shows what this loafctl would change.", "%s is deployed, and this loafctl is %s", have, version.Number)
		}
	})
	d.check(ctx, inStack, "functions", func(ctx context.Context) result {
		functions, err := s.Functions(ctx)
		if err != nil {
			return failed(err)
		}
		for _, f := range functions {
			if f.State != "Active" || f.Update == "Failed" {
				return bad("`loafctl apply` deploys it again; the AWS console shows more.", "%s is %s (last update %s) %s", f.Name, f.State, f.Update, f.Reason)
			}
		}
		return ok("%d are active", len(functions))
	})
	d.check(ctx, inStack, "Firehose streams", func(ctx context.Context) result {
		streams, err := s.Streams(ctx)
		if err != nil {
			return failed(err)
		}
		for _, stream := range streams {
			if stream.Status != "ACTIVE" {
				return bad("`loafctl apply` makes it again; the AWS console shows more.", "%s is %s %s", stream.Name, stream.Status, stream.Failure)
			}
		}
		return ok("%d are active", len(streams))
	})
	d.check(ctx, inStack, "alarms", func(ctx context.Context) result {
		ringing, err := s.Ringing(ctx)
		if err != nil {
			return failed(err)
		}
		if len(ringing) == 0 {
			return ok("none rings")
		}
		texts := make([]string, len(ringing))
		for i, a := range ringing {
			texts[i] = a.Name + ": " + a.Description
		}
		return warn("docs/runbooks.md#"+ringing[0].Kind+" says what to do.", "%s", strings.Join(texts, "; "))
	})
}

// loading looks at the way from the buckets into the warehouse.
func (d *doctor) loading(ctx context.Context, s *deployed.Stack) {
	d.check(ctx, inStack, "schedules", func(ctx context.Context) result {
		rules, err := s.Schedules(ctx)
		if err != nil {
			return failed(err)
		}
		var texts []string
		for _, r := range rules {
			if !r.Enabled {
				return bad("Enable it: `aws events enable-rule --name "+r.Name+"`, or `loafctl apply`.", "%s is switched off", r.Name)
			}
			texts = append(texts, r.Name+" "+r.Expression)
		}
		return ok("%s", strings.Join(texts, ", "))
	})
	d.check(ctx, inStack, "retry queue's feed", func(ctx context.Context) result {
		mappings, err := s.Mappings(ctx)
		if err != nil {
			return failed(err)
		}
		for _, m := range mappings {
			if !strings.HasSuffix(m.Queue, ":"+s.Outputs.Queues["retry"].Name) {
				continue
			}
			if m.State != "Enabled" {
				return bad("Enable it: `aws lambda update-event-source-mapping --enabled --uuid "+m.ID+"`, or `loafctl apply`.", "the event source mapping %s is %s", m.ID, m.State)
			}
			return ok("enabled")
		}
		return bad("`loafctl apply` makes it again.", "the function %s is not fed from the queue %s", s.Outputs.Functions["update"], s.Outputs.Queues["retry"].Name)
	})
	d.check(ctx, inStack, "queues", func(ctx context.Context) result { return queues(ctx, s) })
	d.check(ctx, inStack, "load queue's policy", func(ctx context.Context) result {
		policy, err := s.QueuePolicy(ctx, "load")
		if err != nil {
			return failed(err)
		}
		if !letsIn(policy, s.Outputs.Buckets["events"]) || !letsIn(policy, s.Outputs.Buckets["users"]) {
			return bad("`loafctl apply` puts it back.", "it does not let the buckets send, so no new object is told of; the daily sweep still finds them")
		}
		return ok("lets the buckets send")
	})
	d.check(ctx, inStack, "bucket notifications", func(ctx context.Context) result {
		for _, key := range []string{"events", "users"} {
			tells, err := s.Notifies(ctx, key)
			if err != nil {
				return failed(err)
			}
			if !tells {
				return bad("`loafctl apply` puts it back; until then the daily sweep finds new objects.", "the bucket %s does not tell the load queue of new objects", s.Outputs.Buckets[key])
			}
		}
		return ok("both buckets tell the load queue")
	})
	d.check(ctx, inStack, "warehouse's secrets", func(ctx context.Context) result {
		for _, user := range []string{"load", "update", "insights"} {
			if err := s.Described(ctx, s.Outputs.Warehouse.SecretARNs[user]); err != nil {
				r := failed(err)
				r.remedy = cmp.Or(r.remedy, "`loafctl apply` makes it again.")
				return r
			}
		}
		return ok("all three are there")
	})
}

func queues(ctx context.Context, s *deployed.Stack) result {
	all, err := s.Queues(ctx)
	if err != nil {
		return failed(err)
	}
	texts := make([]string, len(all))
	for i, q := range all {
		if q.DeadLetters > 0 {
			return warn("docs/runbooks.md#"+strings.TrimPrefix(q.Name, s.Name+"-")+"-dead-letters says what to do.", "%d messages lie in %s", q.DeadLetters, q.DeadLetterQueue)
		}
		texts[i] = fmt.Sprintf("%s has %d waiting and %d in work", q.Name, q.Waiting, q.InFlight)
	}
	return ok("%s", strings.Join(texts, ", "))
}

// letsIn tells whether a policy of ours lets S3 send for a bucket.
func letsIn(policy, bucket string) bool {
	var p struct {
		Statement []struct {
			Effect    string
			Condition struct {
				ArnEquals map[string]any
			}
		}
	}
	if json.Unmarshal([]byte(policy), &p) != nil {
		return false
	}
	for _, s := range p.Statement {
		if s.Effect != "Allow" {
			continue
		}
		// AWS writes a list of one as the one.
		switch sources := s.Condition.ArnEquals["aws:SourceArn"].(type) {
		case string:
			if strings.HasSuffix(sources, ":"+bucket) {
				return true
			}
		case []any:
			for _, source := range sources {
				if text, ok := source.(string); ok && strings.HasSuffix(text, ":"+bucket) {
					return true
				}
			}
		}
	}
	return false
}

// page looks at the insights page, and gives a client of it where one may ask.
func (d *doctor) page(ctx context.Context, s *deployed.Stack) *insights.Client {
	if s.Outputs.InsightsURL == "" {
		return nil
	}
	d.check(ctx, inStack, "page's instance", func(ctx context.Context) result {
		instances, err := s.Instances(ctx)
		if err != nil {
			return failed(err)
		}
		for _, i := range instances {
			if i.Healthy && i.State == "InService" {
				return ok("%s is healthy and in service", i.ID)
			}
		}
		return bad("docs/runbooks.md#page-down says what to do.", "none is healthy and in service, of %d", len(instances))
	})
	if d.Token == "" && d.Password == "" {
		d.check(ctx, inStack, "page's secret", func(ctx context.Context) result {
			text, err := s.Secret(ctx, s.Outputs.InsightsSecretARN)
			if err != nil && cloud.Denied(err) {
				return skip("you may not read it; give --token or --password to ask the page")
			}
			if err != nil {
				return failed(err)
			}
			var secret struct {
				Password string `json:"admin_password"`
			}
			if json.Unmarshal([]byte(text), &secret) != nil || secret.Password == "" {
				return bad("Raise password_generation and apply, to have it made anew.", "it holds no admin_password")
			}
			d.Password = secret.Password
			return ok("readable")
		})
	}
	var client *insights.Client
	d.check(ctx, inStack, "page", func(ctx context.Context) result {
		c, err := d.Insights(s.Outputs.InsightsURL)
		if err == nil {
			err = c.Call(ctx, "GET", "/healthz", nil, nil)
		}
		if err != nil {
			return failed(err)
		}
		if d.Token != "" || d.Password != "" {
			client = c
		}
		return ok("%s answers", s.Outputs.InsightsURL)
	})
	return client
}
