package main

import (
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/cloud/cloudtest"
	"github.com/dataloaf/dataloaf/cli/internal/shipped/shippedtest"
	"github.com/dataloaf/dataloaf/cli/internal/term/termtest"
	"github.com/dataloaf/dataloaf/cli/internal/tf/tftest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	plantedKey      = "planted-api-key-value"
	plantedPassword = "planted-page-password"
	secretARN       = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:loaf/insights"
)

// setting is an account, a Terraform and a folder to set a stack up with.
type setting struct {
	aws *cloudtest.Server
	tf  *tftest.Fake
	dir string
	env []string
}

func created(addresses ...string) []tftest.Resource {
	var all []tftest.Resource
	for _, a := range addresses {
		parts := strings.Split(a, ".")
		all = append(all, tftest.Resource{Address: a, Type: parts[len(parts)-2], Actions: []string{"create"}})
	}
	return all
}

func scenario() tftest.Scenario {
	return tftest.Scenario{
		Resources: created(
			"module.dataloaf.module.collection.aws_s3_bucket.raw[\"events\"]",
			"module.dataloaf.module.collection.aws_s3_bucket.raw[\"users\"]",
			"module.dataloaf.module.collection.aws_s3_bucket_policy.raw[\"events\"]",
			"module.dataloaf.module.collection.aws_s3_bucket_notification.raw[\"events\"]",
			"module.dataloaf.module.collection.aws_lambda_function.this[\"collect\"]",
			"module.dataloaf.module.collection.aws_lambda_function.this[\"update\"]",
			"module.dataloaf.module.collection.aws_lambda_function.this[\"load\"]",
			"module.dataloaf.module.warehouse.aws_redshiftserverless_namespace.this[0]",
			"module.dataloaf.module.warehouse.aws_redshiftserverless_workgroup.this[0]",
			"module.dataloaf.module.collection.aws_api_gateway_rest_api.this",
		),
		Outputs: map[string]any{
			"endpoint": "https://abc123.execute-api.eu-central-1.amazonaws.com/live", "api_keys": map[string]string{"default": plantedKey},
			"insights_url": "https://198.51.100.20", "insights_secret_arn": secretARN, "dashboard": "loaf", "region": "eu-central-1",
			"warehouse":        map[string]any{"name": "loaf", "host": "h", "port": 5439, "database": "dataloaf", "secret_arns": map[string]string{}},
			"buckets":          map[string]string{"events": "loaf-123456789012-eu-central-1-events", "users": "loaf-123456789012-eu-central-1-users"},
			"dataloaf_version": "development",
		},
		Sensitive: []string{"api_keys"},
	}
}

func newSetting(t *testing.T) *setting {
	t.Helper()
	s := &setting{aws: cloudtest.New(t), tf: tftest.New(t, scenario()), dir: t.TempDir()}
	s.aws.Secrets[secretARN] = fmt.Sprintf(`{"admin_password":%q}`, plantedPassword)
	address := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "198.51.100.7") }))
	t.Cleanup(address.Close)
	modules, err := filepath.Abs("../../../terraform")
	if err != nil {
		t.Fatal(err)
	}
	s.env = append(s.aws.Environ(),
		"LOAF_TERRAFORM="+s.tf.Path, "LOAF_MODULES_DIR="+modules, "LOAF_ARTIFACTS_DIR="+shippedtest.Artifacts(t),
		"LOAF_ADDRESS_URL="+address.URL, "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "TERM=xterm-256color")
	return s
}

// profile adds a profile to the AWS configuration, beside the environment's keys.
func (s *setting) profile(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	config, credentials := filepath.Join(folder, "config"), filepath.Join(folder, "credentials")
	for path, text := range map[string]string{
		config:      "[default]\nregion = us-east-1\n\n[profile work]\nregion = eu-north-1\n\n[sso-session x]\n",
		credentials: "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = planted-secret-of-the-profile\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(s.env, "AWS_CONFIG_FILE="+config, "AWS_SHARED_CREDENTIALS_FILE="+credentials)
}

func (s *setting) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := loafctl(t, s.dir, args...)
	// The race detector does not see that what the test has set was set before the
	// program calls; it knows locks.
	s.aws.Do(func() {})
	// Nothing of whoever runs the tests decides.
	var env []string
	for _, entry := range cmd.Env {
		if !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "TF_") && !strings.HasPrefix(entry, "NO_COLOR=") {
			env = append(env, entry)
		}
	}
	cmd.Env = append(env, s.env...)
	return cmd
}

// step is a question and what a person presses.
type step struct {
	question string
	// last is what stands at the end of a menu.
	last string
	keys []string
}

// answers are those of somebody who knows what they want.
func answers() []step {
	return []step{
		{"Which credentials", "work", []string{termtest.Down, termtest.Down, termtest.Enter}},
		{"Use this account", "", []string{termtest.Enter}},
		{"Region", "us-west-2", []string{"frank", termtest.Enter}},
		{"Name of the stack", "", []string{"loaf", termtest.Enter}},
		{"Events a second", "", []string{"10", termtest.Enter}},
		{"Warehouse, loaded every", "2 × ra3.xlplus", []string{termtest.Enter}},
		{"Load new events into it", "every 60 minutes", []string{termtest.Down, termtest.Down, termtest.Enter}},
		{"While nobody uses", "every 60 minutes", []string{termtest.Down, termtest.Enter}},
		{"Who may open the insights page", "", []string{termtest.Enter}},
		{"Host name of the page", "", []string{termtest.Enter}},
		{"E-mail for alarms", "", []string{"ops@example.com", termtest.Enter}},
		{"Apply this", "", []string{"y", termtest.Enter}},
	}
}

func TestInitInATerminal(t *testing.T) {
	golden(t, "../../../docs/transcripts/init.txt", initInATerminal(t))
}

func initInATerminal(t *testing.T) string {
	s := newSetting(t)
	s.profile(t)
	p := termtest.Start(t, s.command(t, "init"))
	var transcript strings.Builder
	for _, step := range answers() {
		p.Wait(step.question)
		if step.last != "" {
			p.Wait(step.last)
		}
		// What one sees when one is asked is in the transcript, menus, too.
		transcript.WriteString(p.Transcript(step.question, step.last))
		p.Press(step.keys...)
	}
	if code := p.End(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.Screen())
	}
	transcript.WriteString(p.Transcript("", ""))
	screen := p.Screen()
	for _, want := range []string{
		"You are arn:aws:sts::123456789012:assumed-role/Admin/jo", "Looking at the account", "10 to add", "3 Lambda functions",
		"198.51.100.7/32", "10 of 10 done", "https://abc123", plantedKey, plantedPassword, "curl", "dataloaf.New",
	} {
		if !strings.Contains(screen, want) {
			t.Errorf("%q is not on the screen", want)
		}
	}
	for _, secret := range []string{plantedKey, plantedPassword} {
		if n := strings.Count(p.Raw(), secret); n != 1 {
			t.Errorf("%s is shown %d times", secret, n)
		}
	}
	if t.Failed() {
		t.Log(screen)
	}

	answers, err := os.ReadFile(filepath.Join(s.dir, "loaf", "dataloaf.tfvars.json"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "name": "loaf",
  "region": "eu-central-1",
  "warehouse": {
    "type": "serverless",
    "base_capacity": 4,
    "rpu_hours_per_day": 64
  },
  "load_interval_minutes": 15,
  "idle_load_interval_minutes": 60,
  "allowed_cidrs": [
    "198.51.100.7/32"
  ],
  "alarm_email": "ops@example.com",
  "reserve_load_concurrency": true,
  "manage_api_logging_role": true
}
`
	if string(answers) != want {
		t.Errorf("the answers are\n%s", answers)
	}
	const bucket = "loaf-123456789012-eu-central-1-state"
	if got := string(s.aws.Object(bucket, "dataloaf.tfvars.json")); got != want {
		t.Errorf("the answers in the bucket are\n%s", got)
	}
	for setting, part := range map[string]string{
		"versioning": "Enabled", "encryption": "AES256", "publicAccessBlock": "<RestrictPublicBuckets>true", "policy": "aws:SecureTransport", "tagging": "dataloaf:stack",
	} {
		if got := s.aws.Setting(bucket, setting); !strings.Contains(got, part) {
			t.Errorf("the bucket's %s is %q", setting, got)
		}
	}
	// Terraform is told of the profile, and not of keys.
	if env := s.tf.Environ(t); !strings.Contains(env, "AWS_PROFILE=work") || strings.Contains(env, "LOAF_") {
		t.Errorf("Terraform's environment: %s", env)
	}
	calls := strings.Join(s.tf.Calls(t), "\n")
	for _, part := range []string{"-backend-config=use_lockfile=true", "-backend-config=encrypt=true", "-backend-config=bucket=" + bucket} {
		if !strings.Contains(calls, part) {
			t.Errorf("%s is not among the calls\n%s", part, calls)
		}
	}
	noSecrets(t, s.dir)
	for _, secret := range secrets {
		found := s.aws.Holding(secret)
		// API Gateway's keys are in Terraform's state: docs/security.md tells it.
		if secret == plantedKey {
			found = slices.DeleteFunc(found, func(object string) bool { return object == bucket+"/terraform.tfstate" })
		}
		if len(found) > 0 {
			t.Errorf("%s lies in %v", secret, found)
		}
	}
	return tidied(s, transcript.String())
}

// tidied is a transcript without what differs from run to run.
func tidied(s *setting, text string) string {
	text = strings.ReplaceAll(text, s.tf.Path, "/usr/local/bin/terraform")
	text = regexp.MustCompile(`done in [0-9ms]+\.`).ReplaceAllString(text, "done in 11m42s.")
	text = strings.NewReplacer(plantedKey, "xQ3…", plantedPassword, "kT9…").Replace(text)
	return "$ loafctl init\n" + strings.TrimRight(text, "\n") + "\n"
}

// secrets are what was planted.
var secrets = []string{plantedKey, plantedPassword, "planted-secret-access-key", "planted-secret-of-the-profile"}

// noSecrets looks for the planted secrets in every file, and for files that others
// may read where secrets may be.
func noSecrets(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, secret := range secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s has %s", path, secret)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	plans, err := filepath.Glob(filepath.Join(dir, "*", ".loafctl", "plan"))
	if err != nil || len(plans) > 0 {
		t.Errorf("a plan is left: %v %v", plans, err)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}

func TestInitWithWrongAnswers(t *testing.T) {
	s := newSetting(t)
	p := termtest.Start(t, s.command(t, "init"))
	p.Answer("Use this account", "maybe", termtest.Enter)
	p.Wait("answer y or n")
	p.Press(strings.Repeat(termtest.Backspace, 5), "y", termtest.Enter)
	p.Wait("✔ Use this account")
	// Nothing is found, and Enter does nothing; then the search is mended.
	p.Answer("Region", "atlantis", termtest.Enter)
	p.Wait("No results")
	p.Press(strings.Repeat(termtest.Backspace, 8), "sydney", termtest.Enter)
	p.Answer("Name of the stack", "My_Stack", termtest.Enter)
	p.Wait("lower-case letters")
	p.Press(strings.Repeat(termtest.Backspace, 8), "aws-stack", termtest.Enter)
	p.Wait("AWS keeps names")
	p.Press(strings.Repeat(termtest.Backspace, 9), "loaf", termtest.Enter)
	p.Answer("Events a second", "many", termtest.Enter)
	p.Wait("no number of events")
	p.Press(strings.Repeat(termtest.Backspace, 4), "5", termtest.Enter)
	p.Answer("Warehouse, loaded", termtest.Down, termtest.Up, termtest.Enter)
	p.Answer("Load new events", termtest.Enter)
	p.Answer("While nobody uses", termtest.Enter)
	p.Answer("Who may open", "everybody", termtest.Enter)
	p.Wait("is no address range")
	p.Press(strings.Repeat(termtest.Backspace, 9), "203.0.113.9,10.0.0.0/8", termtest.Enter)
	p.Answer("Host name of the page", "loaf.example.org", termtest.Enter)
	p.Wait("no public hosted zone for loaf.example.org")
	p.Wait("Host name of the page")
	p.Press("loaf.example.com", termtest.Enter)
	p.Wait("hosted zone example.com")
	p.Answer("E-mail for alarms", "nobody", termtest.Enter)
	p.Wait("no e-mail address")
	p.Press(strings.Repeat(termtest.Backspace, 6), "none", termtest.Enter)
	p.Answer("Apply this", "n", termtest.Enter)
	if code := p.End(); code != 1 {
		t.Fatalf("exit code %d:\n%s", code, p.Screen())
	}
	if !strings.Contains(p.Screen(), "not applied") || strings.Contains(strings.Join(s.tf.Calls(t), "\n"), "apply") {
		t.Errorf("it was applied:\n%s", p.Screen())
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "loaf", "dataloaf.tfvars.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"region": "ap-southeast-2"`, `"203.0.113.9/32"`, `"10.0.0.0/8"`, `"domain": "loaf.example.com"`, `"zone_id": "Z0EXAMPLE"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}

func TestInterruptAtEveryQuestion(t *testing.T) {
	steps := answers()
	for at, last := range steps {
		t.Run(last.question, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			s.profile(t)
			p := termtest.Start(t, s.command(t, "init"))
			for _, step := range steps[:at] {
				p.Answer(step.question, step.keys...)
			}
			p.Answer(last.question, termtest.Interrupt)
			if code := p.End(); code != 1 {
				t.Fatalf("exit code %d:\n%s", code, p.Screen())
			}
			entries, err := os.ReadDir(s.dir)
			if err != nil {
				t.Fatal(err)
			}
			if last.question == "Apply this" {
				// The answers and the place of the state are whole, and wait for apply.
				if len(s.aws.Buckets()) != 1 || len(entries) != 1 || !strings.Contains(p.Screen(), "loafctl apply") {
					t.Errorf("%v %v\n%s", s.aws.Buckets(), entries, p.Screen())
				}
				noSecrets(t, s.dir)
				return
			}
			if !strings.Contains(p.Screen(), "Nothing was written or made") || len(entries) != 0 || len(s.aws.Buckets()) != 0 {
				t.Errorf("left: %v %v\n%s", entries, s.aws.Buckets(), p.Screen())
			}
		})
	}
}
