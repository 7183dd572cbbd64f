package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Warehouse is the answer about the warehouse; see terraform/variables.tf.
type Warehouse struct {
	Type           string  `json:"type"`
	BaseCapacity   int     `json:"base_capacity,omitempty"`
	RPUHoursPerDay float64 `json:"rpu_hours_per_day,omitempty"`
	NodeType       string  `json:"node_type,omitempty"`
	Nodes          int     `json:"nodes,omitempty"`
}

// Answers are the variables of a stack. Their file is Terraform's own format,
// and may have any variable of the modules.
type Answers struct {
	Name                string     `json:"name"`
	Region              string     `json:"region"`
	Warehouse           *Warehouse `json:"warehouse,omitempty"`
	LoadIntervalMinutes int        `json:"load_interval_minutes,omitempty"`
	// IdleLoadIntervalMinutes is 0 where loads do not wait while nobody asks.
	IdleLoadIntervalMinutes int      `json:"idle_load_interval_minutes,omitempty"`
	AllowedCIDRs            []string `json:"allowed_cidrs,omitempty"`
	AllowPublicInsights     *bool    `json:"allow_public_insights,omitempty"`
	Domain                  string   `json:"domain,omitempty"`
	ZoneID                  string   `json:"zone_id,omitempty"`
	AlarmEmail              string   `json:"alarm_email,omitempty"`
	APIKeys                 []string `json:"api_keys,omitempty"`
	ReserveLoadConcurrency  *bool    `json:"reserve_load_concurrency,omitempty"`
	ManageAPILoggingRole    *bool    `json:"manage_api_logging_role,omitempty"`
	ForceDestroy            *bool    `json:"force_destroy,omitempty"`
	PasswordGeneration      int      `json:"password_generation,omitempty"`

	// others are variables that loafctl asks nothing about, as they were written.
	others map[string]json.RawMessage
}

// plainAnswers are Answers without methods.
type plainAnswers Answers

// MarshalJSON writes the known variables first, in their order, then the rest.
func (a Answers) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(plainAnswers(a))
	if err != nil || len(a.others) == 0 {
		return text, err
	}
	out := bytes.NewBuffer(text[:len(text)-1])
	for _, name := range slices.Sorted(maps.Keys(a.others)) {
		fmt.Fprintf(out, ",%q:%s", name, a.others[name])
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// UnmarshalJSON keeps the variables that have no field.
func (a *Answers) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*plainAnswers)(a)); err != nil {
		return err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for name := range known {
		delete(all, name)
	}
	a.others = all
	return nil
}

// known are the names of the fields.
var known = func() map[string]bool {
	names := map[string]bool{}
	enabled := true
	text, err := json.Marshal(plainAnswers{
		Warehouse: &Warehouse{}, LoadIntervalMinutes: 1, IdleLoadIntervalMinutes: 1, AllowedCIDRs: []string{""}, AllowPublicInsights: &enabled, Domain: "-", ZoneID: "-",
		AlarmEmail: "-", APIKeys: []string{""}, ReserveLoadConcurrency: &enabled, ManageAPILoggingRole: &enabled, ForceDestroy: &enabled, PasswordGeneration: 1,
	})
	var fields map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		panic(err) // the type is wrong
	}
	for name := range fields {
		names[name] = true
	}
	return names
}()

// Names are the variables that have an answer.
func (a *Answers) Names() ([]string, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write the answers: %w", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// ReadAnswers reads a file of answers.
func ReadAnswers(path string) (*Answers, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	a, err := parseAnswers(text)
	if err != nil {
		return nil, failure.New(err, "Mend the file, or move it away and run `loafctl init`.", "read %s", path)
	}
	return a, nil
}

func parseAnswers(text []byte) (*Answers, error) {
	var a Answers
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, err
	}
	if err := CheckName(a.Name); err != nil {
		return nil, fmt.Errorf("name %q: %w", a.Name, err)
	}
	if a.Region == "" {
		return nil, errors.New("it has no region")
	}
	return &a, nil
}

// text is the file.
func (a *Answers) text() ([]byte, error) {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the answers: %w", err)
	}
	return append(text, '\n'), nil
}

// SaveAnswers writes the answers into the stack's folder, all or nothing.
func (s *Stack) SaveAnswers() error {
	text, err := s.Answers.text()
	if err != nil {
		return err
	}
	return writeFile(s.AnswersPath(), text, 0o644)
}

// writeFile replaces a file in one step, and makes its folder.
func writeFile(path string, text []byte, mode os.FileMode) error {
	dir := filepath.Dir(path)
	fail := func(err error) error {
		return failure.New(err, "Give a folder that you may write to with --dir (LOAF_DIR).", "write %s", path)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	temporary, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fail(err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(text)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}
