package rotatekey

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// fixture is a world whose keys an apply makes what the answers say.
type fixture struct {
	*deployedtest.World
	t *testing.T
	// other is a change to come beside the keys'; planning and applying fail with
	// those errors.
	other              string
	planning, applying error
	applied            [][]string
	discarded          int
	stack              *stack.Stack
}

func (f *fixture) prepare(_ context.Context, s *stack.Stack, _ deploy.Options) (deployment, error) {
	f.stack = s
	return f, nil
}

func (f *fixture) Plan(context.Context, bool) (*deploy.Plan, error) {
	p := &deploy.Plan{Changes: []deploy.Change{{Address: "module.collection.aws_api_gateway_api_key.this", Type: "aws_api_gateway_api_key", Action: deploy.Add}}}
	if f.other != "" {
		p.Changes = append(p.Changes, deploy.Change{Address: "module.collection." + f.other, Type: f.other, Action: deploy.Update})
	}
	return p, f.planning
}

func (f *fixture) Apply(context.Context, *deploy.Plan) error {
	if f.applying != nil {
		return f.applying
	}
	f.applied = append(f.applied, f.stack.Answers.APIKeys)
	f.has(f.stack.Answers.APIKeys...)
	return nil
}

func (f *fixture) Discard() { f.discarded++ }

// has makes the stack have these keys.
func (f *fixture) has(names ...string) {
	keys := map[string]string{}
	for _, name := range names {
		keys[name] = "value-of-" + name
	}
	f.WriteState(f.t, f.Dir(), keys)
}

// answers are the keys in the stack's file.
func (f *fixture) answers() []string {
	a, err := stack.ReadAnswers(filepath.Join(f.Dir(), stack.AnswersFile))
	if err != nil {
		f.t.Fatal(err)
	}
	return a.APIKeys
}

// person answers Selects in turn, and yes to the rest.
type person struct {
	prompt.Prompter
	selects []string
	asked   func(n int)
	n       int
}

func (p *person) Asks() bool { return true }

func (p *person) Confirm(context.Context, prompt.Confirm) (bool, error) { return true, nil }

func (p *person) Select(context.Context, prompt.Select) (string, error) {
	if p.n == len(p.selects) {
		return "", prompt.ErrInterrupted
	}
	p.n++
	if p.asked != nil {
		p.asked(p.n)
	}
	return p.selects[p.n-1], nil
}

func rotate(t *testing.T, f *fixture, change func(*Options)) (out, errs string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	o := Options{
		Streams: term.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr}, Prompter: prompt.None{Reason: "there is no terminal"},
		Quiet: time.Hour, Timeout: 48 * time.Hour, Now: f.Now, Pause: f.Pause, prepare: f.prepare,
	}
	o.Dir = f.Dir()
	change(&o)
	if err = Run(t.Context(), o); err != nil {
		failure.Print(&stderr, err)
	}
	return stdout.String(), stderr.String(), err
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{World: deployedtest.New(t), t: t}
	f.has("default")
	return f
}

func TestAPersonReplacesAKey(t *testing.T) {
	f := newFixture(t)
	f.Usage["default"] = 900
	p := &person{selects: []string{look, look, take}, asked: func(n int) { f.Usage["default-2"] = 10 * n }}
	out, errs, err := rotate(t, f, func(o *Options) { o.Prompter = p })
	if err != nil || out != "value-of-default-2\n" {
		t.Fatalf("%v, %q\n%s", err, out, errs)
	}
	if strings.Count(out+errs, "value-of-default-2") != 1 || strings.Contains(out+errs, "value-of-default\n") {
		t.Errorf("a key is shown twice, or the old one:\n%s%s", out, errs)
	}
	if !slices.EqualFunc(f.applied, [][]string{{"default", "default-2"}, {"default-2"}}, slices.Equal) || !slices.Equal(f.answers(), []string{"default-2"}) || f.discarded != 2 {
		t.Errorf("applied %v, answers %v", f.applied, f.answers())
	}
	if !strings.Contains(errs, "default 900, default-2 20") {
		t.Errorf("the use is not shown:\n%s", errs)
	}
}

func TestAKeyIsReplacedInSteps(t *testing.T) {
	f := newFixture(t)
	out, _, err := rotate(t, f, func(o *Options) { o.Start, o.JSON = true, true })
	if err != nil || out != `{"step":"made","name":"default-2","key":"value-of-default-2"}`+"\n" {
		t.Fatalf("%v, %q", err, out)
	}
	// The old one is used for a while, then no more.
	f.Usage["default"], f.Usage["default-2"] = 100, 1
	began := f.Now()
	busy := 0
	out, errs, err := rotate(t, f, func(o *Options) {
		o.Yes, o.JSON = true, true
		o.Pause = func(ctx context.Context, d time.Duration) error {
			if busy++; busy < 30 {
				f.Usage["default"]++
			}
			return f.Pause(ctx, d)
		}
	})
	if err != nil || out != `{"step":"removed","name":"default"}`+"\n" || strings.Contains(errs, "value-of") {
		t.Fatalf("%v, %q\n%s", err, out, errs)
	}
	if took := f.Now().Sub(began); took < 89*time.Minute || took > 91*time.Minute {
		t.Errorf("it goes after %v", took)
	}
	// The next one is the third.
	out, _, err = rotate(t, f, func(o *Options) { o.Start = true })
	if err != nil || out != "value-of-default-3\n" {
		t.Errorf("%v, %q", err, out)
	}
}

func TestAKeyInUseStays(t *testing.T) {
	for name, c := range map[string]struct {
		old, new int // used at each look
		words    string
	}{
		"the old one is used": {1, 1, "still in use"},
		"nobody has the new":  {0, 0, "not used at all"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.has("default", "default-2")
			_, errs, err := rotate(t, f, func(o *Options) {
				o.Yes = true
				o.Pause = func(ctx context.Context, d time.Duration) error {
					f.Usage["default"] += c.old
					f.Usage["default-2"] += c.new
					return f.Pause(ctx, time.Hour)
				}
			})
			if failure.Code(err) != 1 || !strings.Contains(errs, c.words) || len(f.applied) != 0 {
				t.Errorf("%v, applied %v\n%s", err, f.applied, errs)
			}
		})
	}
}

func TestItGoesOnWhereItWas(t *testing.T) {
	f := newFixture(t)
	// The person leaves at the question.
	if _, errs, err := rotate(t, f, func(o *Options) { o.Prompter = &person{} }); failure.Code(err) != 1 || !strings.Contains(errs, "go on") {
		t.Errorf("%v\n%s", err, errs)
	}
	// Later, too.
	if out, _, err := rotate(t, f, func(o *Options) { o.Prompter = &person{selects: []string{later}} }); err != nil || out != "" {
		t.Errorf("%v, %q", err, out)
	}
	// The last apply is cut short, and done by the next run.
	f.applying = errors.New("interrupted")
	if _, _, err := rotate(t, f, func(o *Options) { o.Prompter = &person{selects: []string{take}} }); err == nil {
		t.Error("an apply that fails is a success")
	}
	f.applying = nil
	if _, _, err := rotate(t, f, func(o *Options) { o.Prompter = &person{selects: []string{take}} }); err != nil || !slices.Equal(f.answers(), []string{"default-2"}) {
		t.Errorf("%v, %v", err, f.answers())
	}
	// So is a first one.
	f = newFixture(t)
	f.applying = errors.New("interrupted")
	if out, _, err := rotate(t, f, func(o *Options) { o.Start = true }); err == nil || out != "" {
		t.Errorf("%v, %q", err, out)
	}
	f.applying = nil
	if out, _, err := rotate(t, f, func(o *Options) { o.Start = true }); err != nil || out != "value-of-default-2\n" {
		t.Errorf("%v, %q", err, out)
	}
}

// Keys alone change, and a plan that would change more leaves the answers.
func TestNothingElseIsChanged(t *testing.T) {
	for name, f := range map[string]*fixture{"other changes": {other: "aws_lambda_function"}, "no plan": {planning: errors.New("no plan")}} {
		t.Run(name, func(t *testing.T) {
			f.World, f.t = deployedtest.New(t), t
			f.has("default")
			before, err := os.ReadFile(filepath.Join(f.Dir(), stack.AnswersFile))
			if err != nil {
				t.Fatal(err)
			}
			_, errs, err := rotate(t, f, func(o *Options) { o.Start = true })
			if failure.Code(err) != 1 || len(f.applied) != 0 || len(f.answers()) != 0 {
				t.Errorf("%v, applied %v, answers %v\nbefore %s\n%s", err, f.applied, f.answers(), before, errs)
			}
			if f.other != "" && !strings.Contains(errs, "loafctl apply") {
				t.Errorf("%s", errs)
			}
		})
	}
}

func TestWhichKey(t *testing.T) {
	for name, c := range map[string]struct {
		has   []string
		key   string
		code  int
		words string
	}{
		"several":         {[]string{"ios", "web"}, "", 2, "--key"},
		"one of several":  {[]string{"ios", "web"}, "ios", 0, "ios-2 is made"},
		"none of that":    {[]string{"ios"}, "android", 2, "no key"},
		"one begun":       {[]string{"ios", "ios-2", "web"}, "", 0, "being replaced by ios-2"},
		"by the new name": {[]string{"ios", "ios-2", "web", "web-2"}, "web-2", 0, "being replaced by web-2"},
		"two begun":       {[]string{"ios", "ios-2", "web", "web-2"}, "", 2, "--key"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.has(c.has...)
			names := `"` + strings.Join(c.has, `","`) + `"`
			text := `{"name":"shop","region":"` + deployedtest.Region + `","api_keys":[` + names + `]}`
			if err := os.WriteFile(filepath.Join(f.Dir(), stack.AnswersFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, errs, err := rotate(t, f, func(o *Options) { o.Start, o.Key = true, c.key })
			if failure.Code(err) != c.code || !strings.Contains(errs, c.words) {
				t.Errorf("%v\n%s", err, errs)
			}
		})
	}
}

func TestWrongUse(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		change func(*Options)
		words  string
	}{
		"nobody to ask":  {func(*Options) {}, "--yes"},
		"both":           {func(o *Options) { o.Yes, o.Start = true, true }, "--start"},
		"no time":        {func(o *Options) { o.Yes, o.Timeout = true, 0 }, "--timeout"},
		"another's keys": {func(o *Options) { o.Yes, o.Outputs = true, "outputs.json" }, "api_keys"},
	} {
		if _, errs, err := rotate(t, f, c.change); failure.Code(err) != 2 || !strings.Contains(errs, c.words) {
			t.Errorf("%s: %v\n%s", name, err, errs)
		}
	}
	if len(f.Calls()) != 0 {
		t.Errorf("AWS is called: %v", f.Calls())
	}
}

func TestNamesOfKeys(t *testing.T) {
	for name, want := range map[string]string{"default": "default-2", "default-2": "default-3", "ios-app": "ios-app-2", "a-9": "a-10", "x-": "x--2"} {
		if got := next(name); got != want {
			t.Errorf("%s is followed by %s, want %s", name, got, want)
		}
	}
}

func TestAPIGatewaySaysNo(t *testing.T) {
	f := newFixture(t)
	f.has("default", "default-2")
	f.Fail["apigateway GetUsage"] = deployedtest.Fault{Status: 403, Code: "AccessDeniedException"}
	_, errs, err := rotate(t, f, func(o *Options) { o.Yes = true })
	if failure.Code(err) != 1 || !strings.Contains(errs, "permission") || len(f.applied) != 0 {
		t.Errorf("%v\n%s", err, errs)
	}
}
