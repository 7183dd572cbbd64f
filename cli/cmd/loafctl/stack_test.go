package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/cloud/cloudtest"
	"github.com/dataloaf/dataloaf/cli/internal/term/termtest"
	"github.com/dataloaf/dataloaf/cli/internal/tf/tftest"
)

const stateBucket = "loaf-123456789012-eu-central-1-state"

// enough are the answers that --yes wants.
var enough = []string{"init", "--yes", "--name", "loaf", "--region", "eu-central-1", "--allowed-cidrs", "203.0.113.0/24", "--alarm-email", "none"}

// run runs loafctl without a terminal.
func (s *setting) run(t *testing.T, want int, args ...string) (out, errs string) {
	t.Helper()
	cmd := s.command(t, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Fatalf("loafctl %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), got, want, &stdout, &stderr)
	}
	for _, secret := range []string{"planted-secret-access-key", "goroutine "} {
		if strings.Contains(stdout.String()+stderr.String(), secret) {
			t.Errorf("loafctl %s says %q", strings.Join(args, " "), secret)
		}
	}
	return stdout.String(), stderr.String()
}

func has(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestAnswersThatAreMissing(t *testing.T) {
	cases := map[string]struct {
		args  []string
		wants []string
	}{
		"nobody to say yes":    {[]string{"init"}, []string{"--yes", "LOAF_YES", "no terminal"}},
		"no region":            {[]string{"init", "--yes"}, []string{"--region", "LOAF_REGION"}},
		"nobody allowed":       {[]string{"init", "--yes", "--region", "eu-central-1"}, []string{"--allowed-cidrs", "LOAF_ALLOWED_CIDRS"}},
		"no e-mail":            {[]string{"init", "--yes", "--region", "eu-central-1", "--allowed-cidrs", "none"}, []string{"--alarm-email", "LOAF_ALARM_EMAIL"}},
		"a bad name":           {append(slices.Clone(enough), "--name", "X"), []string{"--name", "lower-case"}},
		"a bad region":         {append(slices.Clone(enough), "--region", "Frankfurt"), []string{"--region", "eu-central-1"}},
		"a region not enabled": {append(slices.Clone(enough), "--region", "af-south-1"), []string{"af-south-1 is not enabled", "eu-north-1"}},
		"another account":      {append(slices.Clone(enough), "--account", "1"), []string{"--account", "123456789012"}},
		"a bad size":           {append(slices.Clone(enough), "--warehouse-size", "huge"), []string{"--warehouse-size", "serverless-8"}},
		"a bad interval":       {append(slices.Clone(enough), "--load-interval", "90s"), []string{"--load-interval", "15m"}},
		"a bad idle interval":  {append(slices.Clone(enough), "--idle-load-interval", "3m"), []string{"--idle-load-interval", "1h"}},
		"bad ranges":           {append(slices.Clone(enough), "--allowed-cidrs", "me"), []string{"--allowed-cidrs", "203.0.113.7/32"}},
		"everyone":             {append(slices.Clone(enough), "--allowed-cidrs", "0.0.0.0/0"), []string{"--allow-public-insights"}},
		"no zone":              {append(slices.Clone(enough), "--domain", "loaf.example.org"), []string{"no public hosted zone", "create-hosted-zone"}},
		"a bad e-mail":         {append(slices.Clone(enough), "--alarm-email", "x"), []string{"--alarm-email"}},
		"no terraform":         {append(slices.Clone(enough), "--terraform", "/nowhere"), []string{"--terraform /nowhere"}},
		"apply unasked":        {[]string{"apply"}, []string{"no stack", "loafctl init"}},
		"a folder of nothing":  {append(slices.Clone(enough), "--artifacts-dir", "."), []string{"--artifacts-dir"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			if name == "apply unasked" {
				s.env = append(s.env, "LOAF_REGION=eu-central-1")
			}
			cmd := s.command(t, c.args...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Run(); err == nil {
				t.Error("it succeeded")
			}
			has(t, errs.String(), c.wants...)
			entries, err := os.ReadDir(s.dir)
			if err != nil || len(entries) > 0 || len(s.aws.Buckets()) > 0 {
				t.Errorf("left: %v %v %v", entries, s.aws.Buckets(), err)
			}
		})
	}
}

// TestALifeInAScript makes, looks at, changes and removes a stack as CI would.
func TestALifeInAScript(t *testing.T) {
	s := newSetting(t)
	out, errs := s.run(t, 0, append(slices.Clone(enough), "--json")...)
	var made struct {
		Endpoint string `json:"endpoint"`
		Key      string `json:"api_key"`
		Password string `json:"insights_password"`
		Plan     struct {
			Add int `json:"add"`
		} `json:"plan"`
	}
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		t.Fatal(err, out)
	}
	if made.Key != plantedKey || made.Password != plantedPassword || made.Plan.Add != 10 {
		t.Errorf("%+v", made)
	}
	has(t, errs, "[10 of 10, ", "made module.collection.aws_lambda_function.this[\"load\"]")
	if strings.Contains(errs, plantedKey) || strings.Contains(errs, plantedPassword) {
		t.Error("a secret is on standard error")
	}

	// A second run has nothing to do, and shows no secret.
	out, errs = s.run(t, 0, "apply", "--yes", "--dir", "loaf")
	has(t, errs, "Nothing to change.")
	has(t, out, "loafctl output api_keys")
	if strings.Contains(out+errs, plantedKey) {
		t.Error("the key is shown again")
	}
	out, _ = s.run(t, 0, "plan", "--dir", "loaf", "--json")
	has(t, out, `"changes": []`, `"dollars_per_month"`)

	out, _ = s.run(t, 0, "output", "--dir", "loaf")
	has(t, out, "endpoint", "https://abc123", "buckets.events", "(secret: ask for it by its name)")
	if strings.Contains(out, plantedKey) {
		t.Error("output shows the key")
	}
	for name, want := range map[string]string{"endpoint": made.Endpoint, "api_keys.default": plantedKey, "insights_password": plantedPassword, "buckets.events": "loaf-123456789012-eu-central-1-events"} {
		if out, _ = s.run(t, 0, "output", name, "--dir", "loaf"); out != want+"\n" {
			t.Errorf("output %s: %q", name, out)
		}
	}
	_, errs = s.run(t, 2, "output", "nothing", "--dir", "loaf")
	has(t, errs, "endpoint", "insights_password")
	noSecrets(t, s.dir)

	// Somebody else finds the stack by its name.
	other := *s
	other.dir = t.TempDir()
	out, _ = other.run(t, 0, "output", "endpoint", "--name", "loaf", "--region", "eu-central-1")
	if out != made.Endpoint+"\n" {
		t.Errorf("elsewhere the endpoint is %q", out)
	}
	mine, err := os.ReadFile(filepath.Join(s.dir, "loaf", "dataloaf.tfvars.json"))
	theirs, err2 := os.ReadFile(filepath.Join(other.dir, "loaf", "dataloaf.tfvars.json"))
	if err != nil || err2 != nil || !bytes.Equal(mine, theirs) {
		t.Errorf("the answers elsewhere: %s %v %v", theirs, err, err2)
	}
	_, errs = other.run(t, 1, append(slices.Clone(enough), "--dir", "again")...)
	has(t, errs, "there is a stack", "loafctl apply --name loaf --region eu-central-1")

	// Keeping the data leaves the buckets, and what protects them, alone.
	_, errs = s.run(t, 2, "destroy", "--dir", "loaf")
	has(t, errs, "Lost for ever", "the raw data in the bucket loaf-123456789012-eu-central-1-events", "--confirm", "LOAF_CONFIRM")
	_, errs = s.run(t, 2, "destroy", "--dir", "loaf", "--confirm", "loav")
	has(t, errs, "--confirm loaf")
	_, errs = s.run(t, 2, "destroy", "--dir", "loaf", "--confirm", "loaf")
	has(t, errs, "--keep-data", "LOAF_KEEP_DATA")
	s.aws.Do(func() {
		s.aws.Tagged = []string{"arn:aws:s3:::" + stateBucket, "arn:aws:s3:::loaf-123456789012-eu-central-1-events", "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-1"}
	})
	out, _ = s.run(t, 0, "destroy", "--dir", "loaf", "--confirm", "loaf", "--keep-data", "--json")
	has(t, out, `"removed": 7`, "kept, as you asked", "holds the state", "look at it in the console")
	calls := strings.Join(s.tf.Calls(t), "\n")
	has(t, calls, `state rm`, `module.collection.aws_s3_bucket.raw["events"]`, `aws_s3_bucket_policy.raw["events"]`)
	if strings.Contains(calls, "rm -lock=true -lock-timeout=0s module.dataloaf.module.collection.aws_s3_bucket_notification") {
		t.Error("the notification was kept")
	}
	if !slices.Contains(s.aws.Buckets(), stateBucket) {
		t.Error("the state is gone")
	}
}

func TestDestroyEverything(t *testing.T) {
	s := newSetting(t)
	s.run(t, 0, enough...)
	s.aws.Do(func() { s.aws.Tagged = []string{"arn:aws:s3:::" + stateBucket} })
	out, _ := s.run(t, 0, "destroy", "--dir", "loaf", "--confirm", "loaf", "--keep-data=false", "--remove-state")
	has(t, out, "The stack loaf is removed: 10 things.", "Nothing carries its tag any more.")
	if len(s.aws.Buckets()) > 0 {
		t.Errorf("left: %v", s.aws.Buckets())
	}
	// First the buckets may be deleted, and then everything is.
	var plans []string
	for _, call := range s.tf.Calls(t) {
		if strings.HasPrefix(call, "plan") {
			plans = append(plans, call)
		}
	}
	if len(plans) != 3 {
		t.Fatalf("plans: %v", plans)
	}
	has(t, plans[1], "-var force_destroy=true", "-target=module.dataloaf.module.collection.aws_s3_bucket.raw")
	has(t, plans[2], "-destroy")
}

func TestDestroyInATerminal(t *testing.T) {
	s := newSetting(t)
	s.run(t, 0, enough...)
	p := termtest.Start(t, s.command(t, "destroy", "--dir", "loaf"))
	p.Answer("Type the stack's name", "laof", termtest.Enter)
	p.Wait("not the stack's name")
	p.Press(strings.Repeat(termtest.Backspace, 4), "loaf", termtest.Enter)
	p.Answer("Keep the buckets", "y", termtest.Enter)
	p.Answer("Remove the bucket "+stateBucket, "y", termtest.Enter)
	if code := p.End(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.Screen())
	}
	has(t, p.Screen(), "Lost for ever", "is removed: 7 things")
	for _, question := range []string{"Type the stack's name", "Keep the buckets"} {
		s := newSetting(t)
		s.run(t, 0, enough...)
		p := termtest.Start(t, s.command(t, "destroy", "--dir", "loaf"))
		if question == "Keep the buckets" {
			p.Answer("Type the stack's name", "loaf", termtest.Enter)
		}
		p.Answer(question, termtest.Interrupt)
		if code := p.End(); code != 1 || !strings.Contains(p.Screen(), "Nothing was removed") {
			t.Errorf("exit code %d:\n%s", code, p.Screen())
		}
	}
}

// TestInterruptedApply stops in the middle and goes on.
func TestInterruptedApply(t *testing.T) {
	s := newSetting(t)
	held := scenario()
	held.WaitAt = "module.dataloaf.module.warehouse.aws_redshiftserverless_workgroup.this[0]"
	s.tf.Set(t, held)
	p := termtest.Start(t, s.command(t, enough...))
	p.Wait("making redshiftserverless workgroup")
	p.Wait("Redshift starts its compute")
	p.Press(termtest.Interrupt)
	p.Wait("Stopping. What is under way is waited for")
	if code := p.End(); code != 1 {
		t.Fatalf("exit code %d:\n%s", code, p.Screen())
	}
	has(t, p.Screen(), "The state is kept. Run the same command again")
	noSecrets(t, s.dir)

	s.tf.Set(t, scenario())
	out, errs := s.run(t, 0, "apply", "--yes", "--dir", "loaf")
	has(t, errs, "1 to add")
	// It is the first apply that came to its end, so here are the secrets.
	has(t, out, plantedKey, plantedPassword)
}

func TestFailuresOfTerraform(t *testing.T) {
	workgroup := "module.dataloaf.module.warehouse.aws_redshiftserverless_workgroup.this[0]"
	cases := map[string]struct {
		change func(*tftest.Scenario)
		wants  []string
	}{
		"midway":     {func(s *tftest.Scenario) { s.FailAt, s.Failure = workgroup, "creating Redshift Workgroup: AccessDenied" }, []string{"AccessDenied", "Ask whoever runs the account", "goes on where it stopped"}},
		"expired":    {func(s *tftest.Scenario) { s.FailAt, s.Failure = workgroup, "api error ExpiredToken: expired" }, []string{"Sign in again", "goes on where it stopped"}},
		"locked":     {func(s *tftest.Scenario) { s.FailPlan = "Error acquiring the state lock" }, []string{"Somebody else works on this stack now"}},
		"no network": {func(s *tftest.Scenario) { s.FailInit = "Failed to query available provider packages" }, []string{"registry.terraform.io"}},
		"a replaced warehouse": {func(s *tftest.Scenario) {
			s.Resources = append(s.Resources, tftest.Resource{Address: "module.dataloaf.module.warehouse.aws_redshiftserverless_namespace.this[0]", Type: "aws_redshiftserverless_namespace", Actions: []string{"delete", "create"}, Because: "db_name"})
		}, []string{"replace module.warehouse.aws_redshiftserverless_namespace.this[0]", "because of db_name", "Nothing was changed"}},
		"a deleted bucket": {func(s *tftest.Scenario) {
			s.Resources = append(s.Resources, tftest.Resource{Address: "module.dataloaf.module.collection.aws_s3_bucket.raw[\"old\"]", Type: "aws_s3_bucket", Actions: []string{"delete"}})
		}, []string{"remove module.collection.aws_s3_bucket.raw[\"old\"], a bucket of raw objects", "Only `loafctl destroy` removes data"}},
		"an old terraform": {func(s *tftest.Scenario) { s.Version = "1.5.7" }, []string{"1.5.7", ">= 1.11.0"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			changed := scenario()
			c.change(&changed)
			s.tf.Set(t, changed)
			_, errs := s.run(t, 1, enough...)
			has(t, errs, c.wants...)
			if calls := strings.Join(s.tf.Calls(t), "\n"); (name == "a replaced warehouse" || name == "a deleted bucket") && strings.Contains(calls, "\napply") {
				t.Error("it was applied")
			}
			noSecrets(t, s.dir)
		})
	}
}

func TestDrift(t *testing.T) {
	s := newSetting(t)
	s.run(t, 0, enough...)
	changed := scenario()
	changed.Drift = []string{"module.dataloaf.module.collection.aws_lambda_function.this[\"load\"]"}
	s.tf.Set(t, changed)
	out, _ := s.run(t, 0, "plan", "--dir", "loaf")
	has(t, out, "Changed by others", "module.collection.aws_lambda_function.this[\"load\"]", "Nothing to change.")
}

func TestLocalState(t *testing.T) {
	s := newSetting(t)
	_, errs := s.run(t, 0, append(slices.Clone(enough), "--local-state")...)
	has(t, errs, "whoever works on the stack needs that folder")
	if len(s.aws.Buckets()) > 0 {
		t.Errorf("buckets: %v", s.aws.Buckets())
	}
	info, err := os.Stat(filepath.Join(s.dir, "loaf", "state"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the state: %v %v", info, err)
	}
	out, _ := s.run(t, 0, "output", "endpoint", "--dir", "loaf")
	has(t, out, "https://abc123")
	s.run(t, 0, "destroy", "--dir", "loaf", "--confirm", "loaf", "--keep-data=false", "--remove-state")
	if _, err := os.Stat(filepath.Join(s.dir, "loaf", "state")); err == nil {
		t.Error("the state is still there")
	}
}

func TestFailuresOfAWS(t *testing.T) {
	cases := map[string]struct {
		fail  map[string]*cloudtest.Failure
		wants []string
	}{
		"an expired token": {map[string]*cloudtest.Failure{"sts GetCallerIdentity": {Status: 403, Code: "ExpiredToken", Message: "The security token included in the request is expired"}},
			[]string{"ask AWS who you are: ExpiredToken: The security token", "aws sso login", "--profile"}},
		"unknown keys": {map[string]*cloudtest.Failure{"sts GetCallerIdentity": {Status: 403, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."}},
			[]string{"does not know these credentials"}},
		"throttled": {map[string]*cloudtest.Failure{"sts GetCallerIdentity": {Status: 400, Code: "Throttling", Message: "Rate exceeded"}},
			[]string{"Throttling: Rate exceeded", "Wait a minute"}},
		"no bucket allowed": {map[string]*cloudtest.Failure{"s3 PUT " + stateBucket: {Status: 403, Code: "AccessDenied", Message: "no"}},
			[]string{"make the bucket " + stateBucket, "AccessDenied", "Ask whoever runs the account"}},
		"a bucket elsewhere": {map[string]*cloudtest.Failure{"s3 PUT " + stateBucket: {Status: 400, Code: "IllegalLocationConstraintException", Message: "wrong"}},
			[]string{"another region", "--region"}},
		"no zones allowed to see": {map[string]*cloudtest.Failure{"route53 GET /2013-04-01/hostedzone": {Status: 403, Code: "AccessDenied", Message: "no"}},
			[]string{"hosted zones", "AccessDenied"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			s.aws.Do(func() { s.aws.Fail = c.fail })
			args := slices.Clone(enough)
			if name == "no zones allowed to see" {
				args = append(args, "--domain", "loaf.example.com")
			}
			_, errs := s.run(t, 1, args...)
			has(t, errs, c.wants...)
		})
	}
	t.Run("throttled once", func(t *testing.T) {
		t.Parallel()
		s := newSetting(t)
		s.aws.Do(func() {
			s.aws.Fail["sts GetCallerIdentity"] = &cloudtest.Failure{Status: 400, Code: "Throttling", Message: "Rate exceeded", Times: 1}
		})
		s.run(t, 0, enough...)
	})
	t.Run("no network", func(t *testing.T) {
		t.Parallel()
		s := newSetting(t)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		s.env = append(s.env, "AWS_ENDPOINT_URL=http://"+address)
		_, errs := s.run(t, 1, enough...)
		has(t, errs, "AWS does not answer", "HTTPS_PROXY")
	})
	t.Run("no credentials", func(t *testing.T) {
		t.Parallel()
		s := newSetting(t)
		s.env = append(s.env, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
		_, errs := s.run(t, 1, enough...)
		has(t, errs, "There are no credentials", "aws configure sso")
	})
}

func TestPreflight(t *testing.T) {
	cases := map[string]struct {
		change  func(*cloudtest.Server)
		code    int
		wants   []string
		answers []string
	}{
		"a new account":     {func(s *cloudtest.Server) { s.Concurrency, s.Unreserved = 10, 10 }, 0, []string{"10 at once is too few"}, []string{`"reserve_load_concurrency": false`}},
		"logs are set up":   {func(s *cloudtest.Server) { s.LoggingRole = "arn:aws:iam::123456789012:role/logs" }, 0, []string{"stays as it is"}, []string{`"manage_api_logging_role": false`}},
		"two zones":         {func(s *cloudtest.Server) { s.Zones = 2 }, 1, []string{"Redshift Serverless wants three", "--warehouse-size ra3.large-1"}, nil},
		"refused":           {func(s *cloudtest.Server) { s.Refused = []string{"iam:CreateRole", "ec2:CreateVpc"} }, 1, []string{"may not: ec2:CreateVpc, iam:CreateRole"}, nil},
		"the name is taken": {func(s *cloudtest.Server) { s.Put("loaf-123456789012-eu-central-1-events", "", nil) }, 1, []string{"there is a bucket loaf-123456789012-eu-central-1-events already", "--name"}, nil},
		"one stack's role":  {func(s *cloudtest.Server) { s.Refused = []string{"redshift-serverless:CreateNamespace"} }, 0, []string{"permissions: 19 actions"}, nil},
		"many VPCs":         {func(s *cloudtest.Server) { s.VPCs = 5 }, 0, []string{"eu-central-1 has 5 VPCs"}, nil},
		"nothing may be seen": {func(s *cloudtest.Server) {
			for _, call := range []string{"iam SimulatePrincipalPolicy", "ec2 DescribeRegions", "ec2 DescribeAvailabilityZones", "ec2 DescribeVpcs", "tagging GetResources"} {
				s.Fail[call] = &cloudtest.Failure{Status: 403, Code: "AccessDenied", Message: "no"}
			}
		}, 0, []string{"not checked", "The enabled regions could not be listed"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			c.change(s.aws)
			_, errs := s.run(t, c.code, enough...)
			has(t, errs, c.wants...)
			if c.answers == nil {
				return
			}
			text, err := os.ReadFile(filepath.Join(s.dir, "loaf", "dataloaf.tfvars.json"))
			if err != nil {
				t.Fatal(err)
			}
			has(t, string(text), c.answers...)
		})
	}
}

func TestAnswersByHand(t *testing.T) {
	s := newSetting(t)
	s.run(t, 0, enough...)
	path := filepath.Join(s.dir, "loaf", "dataloaf.tfvars.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(line string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), "{\n", "{\n  "+line+",\n", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A variable that nobody is asked for goes to the modules as it is.
	write(`"raw_retention_days": 90`)
	_, errs := s.run(t, 0, "apply", "--yes", "--dir", "loaf")
	has(t, errs, "not those that were applied last")
	root, err := os.ReadFile(filepath.Join(s.dir, "loaf", ".loafctl", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(root), "raw_retention_days = var.raw_retention_days")
	has(t, string(s.aws.Object(stateBucket, "dataloaf.tfvars.json")), `"raw_retention_days": 90`)

	write(`"raw_retention_day": 90`)
	_, errs = s.run(t, 2, "plan", "--dir", "loaf")
	has(t, errs, "raw_retention_day", "no variable")
	write(`"artifacts_dir": "/tmp"`)
	_, errs = s.run(t, 2, "plan", "--dir", "loaf")
	has(t, errs, "--artifacts-dir")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs = s.run(t, 1, "plan", "--dir", "loaf")
	has(t, errs, "Mend the file")
}

// TestFilesAreTheOwnersAlone looks at the rights of what may hold secrets, whatever
// the umask.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	s := newSetting(t)
	s.run(t, 0, append(slices.Clone(enough), "--local-state")...)
	for _, folder := range []string{".loafctl", "state"} {
		info, err := os.Stat(filepath.Join(s.dir, "loaf", folder))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", folder, info.Mode(), err)
		}
	}
}

func TestArtifacts(t *testing.T) {
	s := newSetting(t)
	out, _ := s.run(t, 0, "artifacts", "--dir", "here")
	has(t, out, "v1.2.3", "here/collect.zip", "here/manifest.json")
	s.run(t, 0, "artifacts", "--dir", "here", "--json") // over the same is nothing new
	if err := os.WriteFile(filepath.Join(s.dir, "here", "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs := s.run(t, 2, "artifacts", "--dir", "here")
	has(t, errs, "here holds mine")
	_, errs = s.run(t, 2, "artifacts")
	has(t, errs, "--dir")
	// Something is wrong with a file.
	if err := os.Remove(filepath.Join(s.dir, "here", "mine")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "here", "load.zip"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs = s.run(t, 1, "artifacts", "--dir", "there", "--artifacts-dir", "here")
	has(t, errs, "load.zip is not what manifest.json says")
}
