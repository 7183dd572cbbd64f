package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Action is what a plan does to one thing.
type Action string

// The actions.
const (
	Add     Action = "add"
	Update  Action = "change"
	Replace Action = "replace"
	Remove  Action = "remove"
)

// Change is one thing that a plan changes.
type Change struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	Action  Action `json:"action"`
	// Because are the attributes that make Terraform replace it.
	Because []string `json:"because,omitempty"`
	name    string
}

// Plan is what an apply would do.
type Plan struct {
	Changes []Change `json:"changes"`
	// Drift are the addresses of what was changed by others than Terraform.
	Drift []string `json:"drift"`
	file  string
}

// newPlan takes from Terraform's plan what loafctl shows, and none of its values.
func newPlan(p *tfjson.Plan, file string) *Plan {
	plan := &Plan{Changes: []Change{}, Drift: []string{}, file: file}
	for _, r := range p.ResourceChanges {
		if r.Change == nil || r.Mode != tfjson.ManagedResourceMode {
			continue
		}
		c := Change{Address: strings.TrimPrefix(r.Address, "module.dataloaf."), Type: r.Type, name: r.Name}
		switch a := r.Change.Actions; {
		case a.Replace():
			c.Action = Replace
			c.Because = paths(r.Change.ReplacePaths)
		case a.Create():
			c.Action = Add
		case a.Update():
			c.Action = Update
		case a.Delete():
			c.Action = Remove
		default:
			continue
		}
		plan.Changes = append(plan.Changes, c)
	}
	for _, r := range p.ResourceDrift {
		if r.Change == nil || r.Change.Actions.NoOp() {
			continue
		}
		plan.Drift = append(plan.Drift, strings.TrimPrefix(r.Address, "module.dataloaf."))
	}
	return plan
}

// paths writes attribute paths, such as subnet_ids or config[0].name.
func paths(all []any) []string {
	var written []string
	for _, path := range all {
		steps, ok := path.([]any)
		if !ok {
			continue
		}
		var text strings.Builder
		for i, step := range steps {
			switch step := step.(type) {
			case string:
				if i > 0 {
					text.WriteByte('.')
				}
				text.WriteString(step)
			default:
				fmt.Fprintf(&text, "[%v]", step)
			}
		}
		written = append(written, text.String())
	}
	return written
}

// Count is how many things get an action.
func (p *Plan) Count(a Action) int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == a {
			n++
		}
	}
	return n
}

// Empty reports whether the plan changes nothing.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }

// keeps are the types of what holds a stack's data.
var keeps = map[string]string{
	"aws_redshiftserverless_namespace": "the warehouse with all its tables",
	"aws_redshiftserverless_workgroup": "the warehouse's workgroup",
	"aws_redshift_cluster":             "the warehouse with all its tables",
	"aws_s3_bucket":                    "a bucket of raw objects",
}

// Guard refuses a plan that takes away what holds the data: no upgrade and no
// changed answer may.
func (p *Plan) Guard() error {
	var lost []string
	for _, c := range p.Changes {
		what, ok := keeps[c.Type]
		if !ok || c.Action != Remove && c.Action != Replace {
			continue
		}
		text := fmt.Sprintf("%s %s, %s", verbs[c.Action], c.Address, what)
		if len(c.Because) > 0 {
			text += " (because of " + strings.Join(c.Because, ", ") + ")"
		}
		lost = append(lost, text)
	}
	if len(lost) == 0 {
		return nil
	}
	return failure.New(nil,
		"Nothing was changed. Take back the answer that asks for it, or go back to the loafctl that applied last. Only `loafctl destroy` removes data.",
		"the plan would\n    %s\n  and only destroy may do that", strings.Join(lost, "\n    "))
}

var verbs = map[Action]string{Add: "make", Update: "change", Replace: "replace", Remove: "remove"}

// words are types in plain words, for one and for many.
var words = map[string][2]string{
	"aws_lambda_function":                  {"Lambda function", "Lambda functions"},
	"aws_s3_bucket":                        {"S3 bucket for raw data", "S3 buckets for raw data"},
	"aws_kinesis_firehose_delivery_stream": {"Firehose stream", "Firehose streams"},
	"aws_sqs_queue":                        {"SQS queue", "SQS queues"},
	"aws_redshiftserverless_namespace":     {"Redshift Serverless warehouse", "Redshift Serverless warehouses"},
	"aws_redshift_cluster":                 {"Redshift cluster", "Redshift clusters"},
	"aws_api_gateway_rest_api":             {"collection API", "collection APIs"},
	"aws_autoscaling_group":                {"machine with the insights page", "machines with the insights page"},
	"aws_lb":                               {"load balancer", "load balancers"},
	"aws_acm_certificate":                  {"certificate", "certificates"},
	"aws_vpc":                              {"private network (VPC)", "private networks (VPC)"},
	"aws_vpc_endpoint":                     {"VPC endpoint", "VPC endpoints"},
	"aws_cloudwatch_metric_alarm":          {"alarm", "alarms"},
	"aws_iam_role":                         {"role", "roles"},
	"aws_secretsmanager_secret":            {"secret", "secrets"},
}

// order is in which order they are told.
var order = []string{
	"aws_api_gateway_rest_api", "aws_lambda_function", "aws_kinesis_firehose_delivery_stream", "aws_s3_bucket", "aws_sqs_queue",
	"aws_redshiftserverless_namespace", "aws_redshift_cluster", "aws_autoscaling_group", "aws_lb", "aws_acm_certificate",
	"aws_vpc", "aws_vpc_endpoint", "aws_secretsmanager_secret", "aws_iam_role", "aws_cloudwatch_metric_alarm",
}

// Text is the plan in plain words.
func (p *Plan) Text() string {
	var out strings.Builder
	if len(p.Drift) > 0 {
		fmt.Fprintf(&out, "Changed by others since the last apply; this one changes it back where the answers say otherwise:\n")
		for _, address := range p.Drift {
			fmt.Fprintf(&out, "  %s\n", address)
		}
	}
	if p.Empty() {
		out.WriteString("Nothing to change.\n")
		return out.String()
	}
	fmt.Fprintf(&out, "%d to add, %d to change, %d to replace, %d to remove.\n", p.Count(Add), p.Count(Update), p.Count(Replace), p.Count(Remove))
	counts := map[string]int{}
	for _, c := range p.Changes {
		if c.Action == Add {
			counts[c.Type]++
		}
	}
	var told []string
	rest := p.Count(Add)
	for _, kind := range order {
		n := counts[kind]
		if n == 0 {
			continue
		}
		rest -= n
		told = append(told, counted(n, words[kind]))
	}
	if len(told) > 0 && rest > 0 {
		told = append(told, fmt.Sprintf("%d smaller things that belong to them", rest))
	}
	for _, line := range told {
		fmt.Fprintf(&out, "  + %s\n", line)
	}
	for _, action := range []Action{Update, Replace, Remove} {
		// The names of a few say more than their number; those of a hundred do not.
		byType := map[string][]Change{}
		for _, c := range p.Changes {
			if c.Action == action {
				byType[c.Type] = append(byType[c.Type], c)
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(byType)) {
			for _, c := range byType[kind] {
				fmt.Fprintf(&out, "  %s %s", signs[action], c.Address)
				if len(c.Because) > 0 {
					fmt.Fprintf(&out, " (because of %s)", strings.Join(c.Because, ", "))
				}
				out.WriteByte('\n')
			}
		}
	}
	return out.String()
}

var signs = map[Action]string{Update: "~", Replace: "±", Remove: "-"}

func counted(n int, word [2]string) string {
	if n == 1 {
		return "1 " + word[0]
	}
	return fmt.Sprintf("%d %s", n, word[1])
}
