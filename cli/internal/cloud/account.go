package cloud

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Regions lists the regions that are enabled for the account.
func (s *Session) Regions(ctx context.Context) ([]string, error) {
	var found struct {
		Names []string `xml:"regionInfo>item>regionName"`
	}
	if err := s.ec2(ctx, "DescribeRegions", nil, &found); err != nil {
		return nil, Explain(err, "list the regions that are enabled")
	}
	slices.Sort(found.Names)
	return found.Names, nil
}

// Zones counts the availability zones of the region in which everything runs.
func (s *Session) Zones(ctx context.Context) (int, error) {
	var found struct {
		Names []string `xml:"availabilityZoneInfo>item>zoneName"`
	}
	filters := url.Values{
		"Filter.1.Name": {"state"}, "Filter.1.Value.1": {"available"},
		"Filter.2.Name": {"opt-in-status"}, "Filter.2.Value.1": {"opt-in-not-required"},
	}
	if err := s.ec2(ctx, "DescribeAvailabilityZones", filters, &found); err != nil {
		return 0, Explain(err, "list the availability zones of %s", s.Config.Region)
	}
	return len(found.Names), nil
}

// VPCs counts the region's VPCs, of which all come in one answer.
func (s *Session) VPCs(ctx context.Context) (int, error) {
	var found struct {
		IDs []string `xml:"vpcSet>item>vpcId"`
	}
	if err := s.ec2(ctx, "DescribeVpcs", nil, &found); err != nil {
		return 0, Explain(err, "count the VPCs of %s", s.Config.Region)
	}
	return len(found.IDs), nil
}

// LambdaConcurrency gives the account's executions at once, and those that no
// function has reserved.
func (s *Session) LambdaConcurrency(ctx context.Context) (all, unreserved int, err error) {
	settings, err := lambda.NewFromConfig(s.Config).GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err != nil {
		return 0, 0, Explain(err, "read Lambda's quotas")
	}
	if limit := settings.AccountLimit; limit != nil {
		all = int(limit.ConcurrentExecutions)
		unreserved = int(aws.ToInt32(limit.UnreservedConcurrentExecutions))
	}
	return all, unreserved, nil
}

// APILoggingRole is the role by which API Gateway writes logs in the region; empty
// when it has none.
func (s *Session) APILoggingRole(ctx context.Context) (string, error) {
	account, err := apigateway.NewFromConfig(s.Config).GetAccount(ctx, &apigateway.GetAccountInput{})
	if err != nil {
		return "", Explain(err, "read API Gateway's settings")
	}
	return aws.ToString(account.CloudwatchRoleArn), nil
}

// HasBucket reports whether a bucket of a name is there, whoever has it.
func (s *Session) HasBucket(ctx context.Context, name string) (bool, error) {
	_, err := s.S3().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(name)})
	switch {
	case err == nil, Code(err) == "Forbidden":
		return true, nil
	case Code(err) == "NotFound", Code(err) == "NoSuchBucket":
		return false, nil
	}
	return false, Explain(err, "look for a bucket %s", name)
}

// Zone is a public hosted zone of Route 53.
type Zone struct {
	ID, Name string
}

// HostedZone finds the public hosted zone in which a host name lies, the longest
// where several do; nil when there is none.
func (s *Session) HostedZone(ctx context.Context, host string) (*Zone, error) {
	c := s.Config
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	var best *Zone
	pages := route53.NewListHostedZonesPaginator(route53.NewFromConfig(c), &route53.ListHostedZonesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, Explain(err, "list the hosted zones of Route 53")
		}
		for _, z := range page.HostedZones {
			name := strings.TrimSuffix(aws.ToString(z.Name), ".")
			if z.Config != nil && z.Config.PrivateZone || host != name && !strings.HasSuffix(host, "."+name) {
				continue
			}
			if best == nil || len(name) > len(best.Name) {
				best = &Zone{ID: strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"), Name: name}
			}
		}
	}
	return best, nil
}

// Permission is an action on a resource.
type Permission struct {
	Action, Resource string
}

// Refused lists those among the permissions that the identity does not have, by
// the policies that are attached to it. One that hangs on what a call brings with
// it, such as a tag, is not known beforehand and not among them.
func (s *Session) Refused(ctx context.Context, who Identity, wanted []Permission) ([]string, error) {
	// A call takes all its actions on all its resources.
	actions := map[string][]string{}
	for _, p := range wanted {
		actions[p.Resource] = append(actions[p.Resource], p.Action)
	}
	var refused []string
	for _, resource := range slices.Sorted(maps.Keys(actions)) {
		pages := iam.NewSimulatePrincipalPolicyPaginator(iam.NewFromConfig(s.Config), &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: aws.String(policySource(who.ARN)), ActionNames: actions[resource], ResourceArns: []string{resource},
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, Explain(err, "check the permissions of %s", who.ARN)
			}
			for _, r := range page.EvaluationResults {
				if r.EvalDecision != iamtypes.PolicyEvaluationDecisionTypeAllowed && len(r.MissingContextValues) == 0 {
					refused = append(refused, aws.ToString(r.EvalActionName))
				}
			}
		}
	}
	slices.Sort(refused)
	return refused, nil
}

// policySource is the role of who is in a session of it: policies hang on that.
// arn:aws:sts::1:assumed-role/NAME/SESSION is arn:aws:iam::1:role/NAME.
func policySource(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "sts" {
		return arn
	}
	name, ok := strings.CutPrefix(parts[5], "assumed-role/")
	if !ok {
		return arn
	}
	name, _, _ = strings.Cut(name, "/")
	return strings.Join([]string{parts[0], parts[1], "iam", "", parts[4], "role/" + name}, ":")
}

// Root reports whether it is the account's root user, which nobody should work as.
func (i Identity) Root() bool { return strings.HasSuffix(i.ARN, ":root") }

// Profiles lists the profiles of the AWS configuration, from the files that the
// environment names or those in the home folder.
func Profiles(lookup func(string) (string, bool), read func(string) ([]byte, error)) []string {
	files := []string{awsconfig.DefaultSharedConfigFilename(), awsconfig.DefaultSharedCredentialsFilename()}
	for i, variable := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		if path, ok := lookup(variable); ok && path != "" {
			files[i] = path
		}
	}
	var names []string
	for i, file := range files {
		text, err := read(file)
		if err != nil {
			continue // it is not there, or not ours to read
		}
		for line := range strings.Lines(string(text)) {
			section, ok := strings.CutPrefix(strings.TrimSpace(line), "[")
			section, closed := strings.CutSuffix(section, "]")
			if !ok || !closed {
				continue
			}
			section = strings.TrimSpace(section)
			// Profiles have their word in one file and not in the other; what else
			// the first holds, such as SSO sessions, is none.
			if i == 0 && section != "default" {
				if section, ok = strings.CutPrefix(section, "profile "); !ok {
					continue
				}
			}
			if section = strings.TrimSpace(section); !slices.Contains(names, section) {
				names = append(names, section)
			}
		}
	}
	slices.Sort(names)
	return names
}
