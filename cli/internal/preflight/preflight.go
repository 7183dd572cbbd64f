// Package preflight looks at an account before a stack is made in it: what would
// fail after some minutes of an apply is said at once.
package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
)

// Level is how a check went.
type Level string

// The levels.
const (
	Good Level = "good"
	// Warn is what one should know, and need not stop for.
	Warn Level = "warn"
	// Bad is what an apply would fail of.
	Bad Level = "bad"
)

// Check is what was looked at.
type Check struct {
	Name    string `json:"name"`
	Level   Level  `json:"level"`
	Message string `json:"message"`
	// Remedy is what to do about it.
	Remedy string `json:"remedy,omitempty"`
}

// Found are the checks, and what follows from them for the answers.
type Found struct {
	Checks []Check
	// ReserveLoadConcurrency and ManageAPILoggingRole are the answers that fit the
	// account; nil where it could not be seen.
	ReserveLoadConcurrency, ManageAPILoggingRole *bool
}

// Bad lists what stops an apply.
func (f *Found) Bad() []Check {
	var bad []Check
	for _, c := range f.Checks {
		if c.Level == Bad {
			bad = append(bad, c)
		}
	}
	return bad
}

// permissions are some of each service that an apply needs, on what it would make:
// enough to see that a role was made for something else. On `*` a role that is
// allowed just one stack, as docs/security.md has it, would seem to be refused.
func permissions(s *stack.Stack, kind string) []cloud.Permission {
	arn := func(service, resource string) string {
		return "arn:aws:" + service + ":" + s.Region() + ":" + s.Identity.Account + ":" + resource
	}
	name := s.Name()
	role := "arn:aws:iam::" + s.Identity.Account + ":role/" + name + "-load"
	bucket := fmt.Sprintf("arn:aws:s3:::%s-%s-%s-events", name, s.Identity.Account, s.Region())
	state := "arn:aws:s3:::" + s.Bucket()
	wanted := []cloud.Permission{
		{Action: "apigateway:POST", Resource: "arn:aws:apigateway:" + s.Region() + "::/restapis"},
		{Action: "cloudwatch:PutMetricAlarm", Resource: arn("cloudwatch", "alarm:"+name+"-load")},
		{Action: "ec2:CreateVpc", Resource: arn("ec2", "vpc/*")},
		{Action: "ec2:CreateLaunchTemplate", Resource: arn("ec2", "launch-template/*")},
		{Action: "events:PutRule", Resource: arn("events", "rule/"+name+"-load")},
		{Action: "firehose:CreateDeliveryStream", Resource: arn("firehose", "deliverystream/"+name+"-events")},
		{Action: "iam:CreateRole", Resource: role},
		{Action: "iam:PutRolePolicy", Resource: role},
		{Action: "lambda:CreateFunction", Resource: arn("lambda", "function:"+name+"-load")},
		{Action: "logs:CreateLogGroup", Resource: arn("logs", "log-group:/aws/lambda/"+name+"-load")},
		{Action: "s3:CreateBucket", Resource: bucket},
		{Action: "s3:PutBucketPolicy", Resource: bucket},
		{Action: "secretsmanager:CreateSecret", Resource: arn("secretsmanager", "secret:"+name+"/insights-AAAAAA")},
		{Action: "sns:CreateTopic", Resource: arn("sns", name+"-alarms")},
		{Action: "sqs:CreateQueue", Resource: arn("sqs", name+"-load")},
	}
	if !s.LocalState {
		wanted = append(wanted,
			cloud.Permission{Action: "s3:CreateBucket", Resource: state},
			cloud.Permission{Action: "s3:PutObject", Resource: state + "/" + stack.StateFile},
			cloud.Permission{Action: "s3:GetObject", Resource: state + "/" + stack.StateFile})
	}
	if kind == "provisioned" {
		wanted = append(wanted, cloud.Permission{Action: "redshift:CreateCluster", Resource: arn("redshift", "cluster:"+name)})
	} else {
		wanted = append(wanted, cloud.Permission{Action: "redshift-serverless:CreateNamespace", Resource: "*"})
	}
	if s.Answers.Domain != "" {
		wanted = append(wanted,
			cloud.Permission{Action: "acm:RequestCertificate", Resource: "*"},
			cloud.Permission{Action: "elasticloadbalancing:CreateLoadBalancer", Resource: arn("elasticloadbalancing", "loadbalancer/app/"+name+"-insights/*")})
	}
	return wanted
}

// mostVPCs is AWS's quota of a region where nobody had it raised.
const mostVPCs = 5

// leastUnreserved is what AWS leaves to functions that reserve nothing.
const leastUnreserved = 100

// Of looks at the account of a stack that is not there yet, or only in part.
func Of(ctx context.Context, s *stack.Stack) (*Found, error) {
	f := &Found{}
	kind := "serverless"
	if w := s.Answers.Warehouse; w != nil && w.Type != "" {
		kind = w.Type
	}
	there, err := s.HasState(ctx)
	if err != nil {
		return nil, err
	}
	f.permissions(ctx, s, kind)
	f.zones(ctx, s, kind)
	f.concurrency(ctx, s)
	// What an earlier run has made is the stack's own.
	if !there {
		f.logging(ctx, s)
		f.name(ctx, s)
		f.network(ctx, s)
	}
	return f, ctx.Err()
}

func (f *Found) add(name string, level Level, remedy, format string, args ...any) {
	f.Checks = append(f.Checks, Check{name, level, fmt.Sprintf(format, args...), remedy})
}

// unseen is a check that could not be made. It stops nobody: who may not look may
// yet be allowed to make.
func (f *Found) unseen(name string, err error) {
	f.add(name, Warn, "", "not checked: %v", err)
}

func (f *Found) permissions(ctx context.Context, s *stack.Stack, kind string) {
	const name = "permissions"
	if s.Identity.Root() {
		f.add(name, Warn, "Use a role of your own, with `aws configure sso`.", "you are the account's root user")
		return
	}
	wanted := permissions(s, kind)
	refused, err := s.Session.Refused(ctx, s.Identity, wanted)
	switch {
	case err != nil:
		f.unseen(name, err)
	case len(refused) > 0:
		f.add(name, Bad, "Ask whoever runs the account for a role that may do this; docs/security.md has policies for it.",
			"%s may not: %s", s.Identity.ARN, strings.Join(refused, ", "))
	default:
		f.add(name, Good, "", "%d actions that stand for the rest are allowed", len(wanted))
	}
}

func (f *Found) zones(ctx context.Context, s *stack.Stack, kind string) {
	const name = "availability zones"
	least := map[string]int{"serverless": 3, "provisioned": 2}[kind]
	zones, err := s.Session.Zones(ctx)
	switch {
	case err != nil:
		f.unseen(name, err)
	case zones < least && kind == "serverless":
		f.add(name, Bad, "Choose another region, or a provisioned warehouse (--warehouse-size ra3.large-1), which wants two.",
			"%s has %d, and Redshift Serverless wants three", s.Region(), zones)
	case zones < least:
		f.add(name, Bad, "Choose another region.", "%s has %d, and Redshift wants two", s.Region(), zones)
	default:
		f.add(name, Good, "", "%s has %d", s.Region(), zones)
	}
}

func (f *Found) concurrency(ctx context.Context, s *stack.Stack) {
	const name = "Lambda concurrency"
	all, unreserved, err := s.Session.LambdaConcurrency(ctx)
	if err != nil {
		f.unseen(name, err)
		return
	}
	// What the stack's own load function has reserved counts as free.
	reserve := unreserved-1 >= leastUnreserved
	if mine := s.Answers.ReserveLoadConcurrency; mine != nil && *mine {
		reserve = reserve || unreserved >= leastUnreserved
	}
	f.ReserveLoadConcurrency = &reserve
	if reserve {
		f.add(name, Good, "", "%d at once, %d of them not reserved", all, unreserved)
		return
	}
	f.add(name, Warn, "", "%d at once is too few to reserve one for the loader, as in new accounts: none is reserved (loads stay exact)", all)
}

func (f *Found) logging(ctx context.Context, s *stack.Stack) {
	const name = "API Gateway's logs"
	role, err := s.Session.APILoggingRole(ctx)
	if err != nil {
		f.unseen(name, err)
		return
	}
	manage := role == ""
	f.ManageAPILoggingRole = &manage
	if manage {
		f.add(name, Good, "", "the account has no role for them; the stack makes it")
		return
	}
	f.add(name, Good, "", "the account has a role for them, which stays as it is")
}

func (f *Found) name(ctx context.Context, s *stack.Stack) {
	const name = "name"
	remedy := "Choose another name with --name (LOAF_NAME). If it is a stack whose state is kept elsewhere, apply it from there."
	for _, bucket := range []string{"events", "users"} {
		bucket = fmt.Sprintf("%s-%s-%s-%s", s.Name(), s.Identity.Account, s.Region(), bucket)
		there, err := s.Session.HasBucket(ctx, bucket)
		if err != nil {
			f.unseen(name, err)
			return
		}
		if there {
			f.add(name, Bad, remedy+" If you kept its data when you destroyed it, choose another name, too, or delete the bucket.",
				"there is a bucket %s already", bucket)
			return
		}
	}
	tagged, err := s.Session.Tagged(ctx, stack.Tag, s.Name())
	switch {
	case err != nil:
		f.unseen(name, err)
	case len(tagged) > 0:
		f.add(name, Warn, remedy, "%d things carry the tag of a stack %s already, such as %s; those of one that was just removed do so for some minutes", len(tagged), s.Name(), tagged[0])
	default:
		f.add(name, Good, "", "%s is free", s.Name())
	}
}

func (f *Found) network(ctx context.Context, s *stack.Stack) {
	const name = "network"
	vpcs, err := s.Session.VPCs(ctx)
	switch {
	case err != nil:
		f.unseen(name, err)
	case vpcs >= mostVPCs:
		f.add(name, Warn, "Delete one, have the quota raised, or give one of your own as vpc in "+stack.AnswersFile+".",
			"%s has %d VPCs; where the quota was not raised from %d, one more cannot be made", s.Region(), vpcs, mostVPCs)
	default:
		f.add(name, Good, "", "one more VPC may be made in %s (there: %d)", s.Region(), vpcs)
	}
}
