package stack

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Queue is a queue and its dead-letter queue, by name.
type Queue struct {
	Name       string `json:"name"`
	DeadLetter string `json:"dead_letter"`
}

// WarehouseOutput says where the warehouse is.
type WarehouseOutput struct {
	Name       string            `json:"name"`
	Host       string            `json:"host"`
	Port       int               `json:"port"`
	Database   string            `json:"database"`
	SecretARNs map[string]string `json:"secret_arns"`
}

// Outputs are what the stack tells about itself; see terraform/outputs.tf.
type Outputs struct {
	Endpoint string `json:"endpoint"`
	// APIKeys are secret.
	APIKeys           map[string]string `json:"api_keys"`
	InsightsURL       string            `json:"insights_url"`
	InsightsSecretARN string            `json:"insights_secret_arn"`
	Buckets           map[string]string `json:"buckets"`
	Streams           map[string]string `json:"streams"`
	Functions         map[string]string `json:"functions"`
	Queues            map[string]Queue  `json:"queues"`
	QueueURLs         map[string]string `json:"queue_urls"`
	LogGroups         map[string]string `json:"log_groups"`
	Warehouse         WarehouseOutput   `json:"warehouse"`
	VPCID             string            `json:"vpc_id"`
	AlarmTopicARN     string            `json:"alarm_topic_arn"`
	Dashboard         string            `json:"dashboard"`
	Region            string            `json:"region"`
	// IdleLoadIntervalMinutes is for how long data may wait while nobody asks; 0
	// where it does not.
	IdleLoadIntervalMinutes int `json:"idle_load_interval_minutes"`
	// DataloafVersion is the loafctl that applied last; empty when the stack is
	// older than this output.
	DataloafVersion string `json:"dataloaf_version"`
}

// Output is one output, as the state has it.
type Output struct {
	Value     json.RawMessage `json:"value"`
	Sensitive bool            `json:"sensitive"`
}

// Outputs reads the outputs from the state, without Terraform.
func (s *Stack) Outputs(ctx context.Context) (*Outputs, error) {
	raw, err := s.RawOutputs(ctx)
	if err != nil {
		return nil, err
	}
	values := map[string]json.RawMessage{}
	for name, output := range raw {
		values[name] = output.Value
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, failure.New(err, "", "read the outputs of the stack %q", s.Name())
	}
	var outputs Outputs
	if err := json.Unmarshal(text, &outputs); err != nil {
		return nil, failure.New(err, "Upgrade loafctl: the stack was made by another version.", "read the outputs of the stack %q", s.Name())
	}
	return &outputs, nil
}

// RawOutputs reads all outputs from the state, as they are.
func (s *Stack) RawOutputs(ctx context.Context) (map[string]Output, error) {
	text, err := s.readState(ctx)
	if err != nil {
		return nil, err
	}
	var state struct {
		Outputs map[string]Output `json:"outputs"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, failure.New(err, "", "read the state of the stack %q", s.Name())
	}
	if len(state.Outputs) == 0 {
		return nil, s.notDeployed()
	}
	return state.Outputs, nil
}

func (s *Stack) readState(ctx context.Context) ([]byte, error) {
	if s.LocalState {
		text, err := os.ReadFile(s.StatePath())
		if errors.Is(err, fs.ErrNotExist) {
			return nil, s.notDeployed()
		}
		if err != nil {
			return nil, failure.New(err, "", "read the state of the stack %q", s.Name())
		}
		return text, nil
	}
	text, err := s.read(ctx, StateFile)
	if missing(err) {
		return nil, s.notDeployed()
	}
	if err != nil {
		return nil, cloud.Explain(err, "read the state of the stack %q from the bucket %s", s.Name(), s.Bucket())
	}
	return text, nil
}

func (s *Stack) notDeployed() error {
	return failure.New(nil, "`loafctl apply` makes it.", "the stack %q is not in %s yet", s.Name(), s.Region())
}

// ARNs are the ARNs of what the state holds: what Terraform made and knows of.
func (s *Stack) ARNs(ctx context.Context) (map[string]bool, error) {
	text, err := s.readState(ctx)
	if err != nil {
		return nil, err
	}
	var state struct {
		Resources []struct {
			Mode      string `json:"mode"`
			Instances []struct {
				Attributes struct {
					ARN string `json:"arn"`
				} `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, failure.New(err, "", "read the state of the stack %q", s.Name())
	}
	arns := map[string]bool{}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			if r.Mode == "managed" && i.Attributes.ARN != "" {
				arns[i.Attributes.ARN] = true
			}
		}
	}
	return arns, nil
}
