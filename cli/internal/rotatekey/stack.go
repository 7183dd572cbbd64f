package rotatekey

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
)

// stackKeys are the keys of a stack: names in its answers, which Terraform makes
// true.
type stackKeys struct {
	stack   *stack.Stack
	deploy  deploy.Options
	key     string
	now     func() time.Time
	planID  string
	keyIDs  map[string]string
	prepare func(ctx context.Context, s *stack.Stack, o deploy.Options) (deployment, error)
}

// deployment is what is needed of deploy.Deployment.
type deployment interface {
	Plan(ctx context.Context, destroy bool) (*deploy.Plan, error)
	Apply(ctx context.Context, p *deploy.Plan) error
	Discard()
}

func (o *Options) stackKeys(ctx context.Context) (keys, error) {
	if o.Outputs != "" {
		return nil, failure.Usage("Change the variable api_keys of your own configuration: first two names, later the new one alone.",
			"rotate-key changes stacks that `loafctl init` made, and --outputs speaks of another")
	}
	s, err := stack.Open(ctx, o.Flags.Flags)
	if err != nil {
		return nil, err
	}
	return &stackKeys{stack: s, deploy: o.Deploy, key: o.Key, now: o.Now, prepare: o.prepare}, nil
}

func prepare(ctx context.Context, s *stack.Stack, o deploy.Options) (deployment, error) {
	return deploy.Prepare(ctx, s, o)
}

var numbered = regexp.MustCompile(`^(.+)-([0-9]{1,6})$`)

// next is the name of the key that replaces one: default, default-2, default-3.
func next(name string) string {
	if m := numbered.FindStringSubmatch(name); m != nil {
		if n, err := strconv.Atoi(m[2]); err == nil {
			return m[1] + "-" + strconv.Itoa(n+1)
		}
	}
	return name + "-2"
}

// defaultKeys are those of answers that say nothing of keys; see
// terraform/variables.tf.
var defaultKeys = []string{"default"}

func (k *stackKeys) answers() []string {
	if len(k.stack.Answers.APIKeys) == 0 {
		return defaultKeys
	}
	return k.stack.Answers.APIKeys
}

// State goes by the keys that there are and those that the answers ask for: an
// apply may have been interrupted between the two.
func (k *stackKeys) State(ctx context.Context) (state, error) {
	outputs, err := k.stack.Outputs(ctx)
	if err != nil {
		return state{}, err
	}
	names := slices.Clone(k.answers())
	for name := range outputs.APIKeys {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var begun, all []state
	for _, name := range names {
		s := state{Old: name, New: next(name)}
		if k.key != "" && name != k.key && s.New != k.key {
			continue
		}
		all = append(all, s)
		if slices.Contains(names, s.New) {
			_, s.Made = outputs.APIKeys[s.New]
			begun = append(begun, s)
		}
	}
	if len(begun) == 1 {
		return begun[0], nil
	}
	if len(begun) == 0 && len(all) == 1 {
		return all[0], nil
	}
	remedy := "Name one with --key (LOAF_KEY): " + strings.Join(names, ", ") + "."
	if len(all) == 0 {
		return state{}, failure.Usage(remedy, "the stack %q has no key %q", k.stack.Name(), k.key)
	}
	return state{}, failure.Usage(remedy, "the stack %q has several keys", k.stack.Name())
}

func (k *stackKeys) Make(ctx context.Context, s state) (string, error) {
	names := slices.Clone(k.answers())
	if !slices.Contains(names, s.New) {
		names = append(names, s.New)
	}
	if err := k.apply(ctx, names); err != nil {
		return "", err
	}
	outputs, err := k.stack.Outputs(ctx)
	if err != nil {
		return "", err
	}
	value := outputs.APIKeys[s.New]
	if value == "" {
		return "", failure.New(nil, "Run `loafctl apply`, then this again.", "the key %s was applied, and the stack's outputs do not have it", s.New)
	}
	return value, nil
}

func (k *stackKeys) Remove(ctx context.Context, s state) error {
	return k.apply(ctx, slices.DeleteFunc(slices.Clone(k.answers()), func(name string) bool { return name == s.Old }))
}

// keyTypes are what a change of the keys may touch.
var keyTypes = []string{"aws_api_gateway_api_key", "aws_api_gateway_usage_plan_key"}

// apply makes the stack have keys of these names, and changes nothing else.
func (k *stackKeys) apply(ctx context.Context, names []string) error {
	before := k.stack.Answers.APIKeys
	k.stack.Answers.APIKeys = names
	restore := func(err error) error {
		k.stack.Answers.APIKeys = before
		if saving := k.stack.SaveAnswers(); saving != nil {
			return fmt.Errorf("%w; and %w", err, saving)
		}
		return err
	}
	if err := k.stack.SaveAnswers(); err != nil {
		return err
	}
	d, err := k.prepare(ctx, k.stack, k.deploy)
	if err != nil {
		return restore(err)
	}
	defer d.Discard()
	plan, err := d.Plan(ctx, false)
	if err == nil {
		err = onlyKeys(plan)
	}
	if err != nil {
		return restore(err)
	}
	// From here on the answers stay: what an interrupted apply has made is known
	// by them, and the next run goes on.
	if err := d.Apply(ctx, plan); err != nil {
		return err
	}
	return k.stack.ShareAnswers(ctx)
}

func onlyKeys(p *deploy.Plan) error {
	for _, c := range p.Changes {
		if !slices.Contains(keyTypes, c.Type) || c.Action == deploy.Replace {
			return failure.New(nil, "Run `loafctl apply` first, then this again.", "the stack has other changes to come, such as %s (%s), and rotate-key changes keys alone", c.Address, c.Action)
		}
	}
	return nil
}

// Use reads the usage plan's counts of yesterday and today (UTC).
func (k *stackKeys) Use(ctx context.Context, s state) (use, error) {
	client := apigateway.NewFromConfig(k.stack.Session.Config)
	if k.planID == "" {
		if err := k.find(ctx, client); err != nil {
			return use{}, err
		}
	}
	today := k.now().UTC()
	usage := map[string]int64{}
	pages := apigateway.NewGetUsagePaginator(client, &apigateway.GetUsageInput{
		UsagePlanId: &k.planID, StartDate: aws.String(today.AddDate(0, 0, -1).Format(time.DateOnly)), EndDate: aws.String(today.Format(time.DateOnly)),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return use{}, cloud.Explain(err, "read how much the keys are used")
		}
		for id, days := range page.Items {
			for _, day := range days {
				if len(day) > 0 {
					usage[id] += day[0] // used, and what is left
				}
			}
		}
	}
	return use{Old: usage[k.keyIDs[s.Old]], New: usage[k.keyIDs[s.New]]}, nil
}

// find finds the stack's usage plan and the ids of its keys by their names.
func (k *stackKeys) find(ctx context.Context, client *apigateway.Client) error {
	plans := apigateway.NewGetUsagePlansPaginator(client, &apigateway.GetUsagePlansInput{})
	for k.planID == "" && plans.HasMorePages() {
		page, err := plans.NextPage(ctx)
		if err != nil {
			return cloud.Explain(err, "find the usage plan %s", k.stack.Name())
		}
		for _, plan := range page.Items {
			if aws.ToString(plan.Name) == k.stack.Name() {
				k.planID = aws.ToString(plan.Id)
			}
		}
	}
	if k.planID == "" {
		return failure.New(nil, "`loafctl apply` makes it again.", "there is no usage plan %s", k.stack.Name())
	}
	k.keyIDs = map[string]string{}
	members := apigateway.NewGetUsagePlanKeysPaginator(client, &apigateway.GetUsagePlanKeysInput{UsagePlanId: &k.planID})
	for members.HasMorePages() {
		page, err := members.NextPage(ctx)
		if err != nil {
			return cloud.Explain(err, "list the keys of the usage plan %s", k.stack.Name())
		}
		for _, key := range page.Items {
			k.keyIDs[strings.TrimPrefix(aws.ToString(key.Name), k.stack.Name()+"-")] = aws.ToString(key.Id)
		}
	}
	return nil
}
