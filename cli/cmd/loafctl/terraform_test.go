package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/cli/internal/tf"
)

// TestPlanWithTheRealTerraform runs the modules in loafctl's small root, with the
// real provider, and with the state in a bucket and in a folder.
func TestPlanWithTheRealTerraform(t *testing.T) {
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("Terraform is not installed")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed")
	}
	config, err := filepath.Abs("../../../.tools/terraform/aws-" + tf.AWSProvider + "/cli.tfrc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(config); err != nil {
		t.Skip("the AWS provider is not here: `scripts/terraform validate terraform` gets it")
	}
	s := newSetting(t)
	standin := exec.CommandContext(t.Context(), node, "../../../scripts/lib/aws-standin.mjs")
	out, err := standin.StdoutPipe()
	if err == nil {
		err = standin.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// It does not end by itself.
		_ = standin.Process.Kill()
		_ = standin.Wait()
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := s.aws.Behind(strings.TrimSpace(url)); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "LOAF_TERRAFORM="+terraform, "TF_CLI_CONFIG_FILE="+config, "PATH="+os.Getenv("PATH"))

	answers := map[string]any{
		"name": "loaf", "region": "eu-central-1", "load_interval_minutes": 15, "allowed_cidrs": []string{"203.0.113.0/24"},
		"warehouse": map[string]any{"type": "serverless", "base_capacity": 8, "rpu_hours_per_day": 64}, "alarm_email": "ops@example.com",
		"reserve_load_concurrency": false, "manage_api_logging_role": false,
	}
	text, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for _, place := range []string{"bucket", "folder"} {
		dir := filepath.Join(s.dir, place)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "dataloaf.tfvars.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if place == "folder" {
			if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
				t.Fatal(err)
			}
		} else {
			s.aws.Put(stateBucket, "", nil)
		}
		planned, _ := s.run(t, 0, "plan", "--dir", dir, "--json")
		var plan struct {
			Add     int `json:"add"`
			Changes []struct {
				Address string `json:"address"`
			} `json:"changes"`
			Replace, Remove int
		}
		if err := json.Unmarshal([]byte(planned), &plan); err != nil {
			t.Fatal(err, planned)
		}
		// Fewer would mean that a module is not in.
		if plan.Add < 100 || plan.Replace != 0 || plan.Remove != 0 {
			t.Errorf("%s: %d to add, %d to replace, %d to remove", place, plan.Add, plan.Replace, plan.Remove)
		}
		has(t, planned, "module.warehouse.aws_redshiftserverless_namespace.this[0]", "module.collection.aws_lambda_function.this[\\\"load\\\"]")
		if strings.Contains(planned, "api_logging") {
			t.Error("an answer did not come to the module")
		}
		if all := fmt.Sprint(plan.Changes); first != "" && all != first {
			t.Error("the two plans differ")
		} else {
			first = all
		}
		if locked := s.aws.Object(stateBucket, "terraform.tfstate.tflock"); locked != nil {
			t.Errorf("the lock is left: %s", locked)
		}
	}
	// The bucket was locked while it planned, by a file.
	var locks int
	s.aws.Do(func() {
		for _, call := range s.aws.Calls {
			if call == "s3 PUT "+stateBucket+"/terraform.tfstate.tflock" {
				locks++
			}
		}
	})
	if locks == 0 {
		t.Errorf("no lock was taken: %v", s.aws.Calls)
	}
	// What the modules refuse comes through, with its remedy.
	answers["warehouse"] = map[string]any{"type": "serverless", "base_capacity": 8, "rpu_hours_per_day": 1}
	if text, err = json.Marshal(answers); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "folder", "dataloaf.tfvars.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs := s.run(t, 1, "plan", "--dir", filepath.Join(s.dir, "folder"))
	has(t, errs, "Terraform could not plan", "rpu_hours_per_day is less than the loads alone may take")
}
