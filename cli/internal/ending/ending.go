// Package ending is what loafctl says when a stack stands: its addresses, and
// once its key and its password.
package ending

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Stack is what --json prints.
type Stack struct {
	Stack       string `json:"stack"`
	Region      string `json:"region"`
	Endpoint    string `json:"endpoint"`
	InsightsURL string `json:"insights_url"`
	// APIKey and InsightsPassword are there once: for the run that made them.
	APIKey           string `json:"api_key,omitempty"`
	InsightsPassword string `json:"insights_password,omitempty"`
}

// shownFile marks in the working folder that the secrets were shown.
const shownFile = "shown"

// Fresh reports whether the stack's secrets are still to be shown: before an
// apply it has no outputs, or its first apply was cut short.
func Fresh(ctx context.Context, s *stack.Stack) bool {
	if _, err := os.Stat(filepath.Join(s.WorkDir(), shownFile)); err == nil {
		return false
	}
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return true
	}
	return outputs.Endpoint == "" || outputs.InsightsURL == "" || outputs.Dashboard == "" || outputs.Warehouse.Host == ""
}

// Password reads the password of the insights page.
func Password(ctx context.Context, s *stack.Stack, o *stack.Outputs) (string, error) {
	secret, err := secretsmanager.NewFromConfig(s.Session.Config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(o.InsightsSecretARN)})
	if err != nil {
		return "", cloud.Explain(err, "read the password of the insights page")
	}
	var content struct {
		Password string `json:"admin_password"`
	}
	if err := json.Unmarshal([]byte(aws.ToString(secret.SecretString)), &content); err != nil || content.Password == "" {
		return "", failure.New(nil, "Raise password_generation in "+stack.AnswersFile+" and apply, to have it made anew.", "the secret %s has no admin_password", o.InsightsSecretARN)
	}
	return content.Password, nil
}

// Of reads what is to be said; secrets only where they are to be shown, and then
// never again in this folder.
func Of(ctx context.Context, s *stack.Stack, fresh bool) (*Stack, error) {
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return nil, err
	}
	e := &Stack{Stack: s.Name(), Region: s.Region(), Endpoint: outputs.Endpoint, InsightsURL: outputs.InsightsURL}
	if !fresh {
		return e, nil
	}
	for _, name := range slices.Sorted(maps.Keys(outputs.APIKeys)) {
		e.APIKey = outputs.APIKeys[name]
		break
	}
	if e.InsightsPassword, err = Password(ctx, s, outputs); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.WorkDir(), shownFile), nil, 0o600); err != nil {
		return nil, failure.New(err, "", "remember that the secrets were shown")
	}
	return e, nil
}

// Print says it.
func Print(streams term.Streams, e *Stack, asJSON bool) error {
	text := e.text(streams.StyleOf(streams.Out))
	if asJSON {
		encoded, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		text = string(encoded) + "\n"
	}
	if _, err := streams.Out.Write([]byte(text)); err != nil {
		return failure.New(err, "`loafctl output` shows the addresses, `loafctl output api_keys` and `loafctl output insights_password` the secrets.", "write to standard output")
	}
	return nil
}

func (e *Stack) text(style term.Style) string {
	var out strings.Builder
	row := func(name, value string) { fmt.Fprintf(&out, "  %-18s %s\n", name, style.Bold(value)) }
	fmt.Fprintf(&out, "\n%s\n\n", style.Good("The stack "+e.Stack+" stands in "+e.Region+"."))
	row("collection API", e.Endpoint)
	if e.APIKey != "" {
		row("API key", e.APIKey)
	}
	row("insights page", e.InsightsURL)
	if e.InsightsPassword != "" {
		row("password", e.InsightsPassword)
	}
	if e.APIKey == "" {
		out.WriteString("\nThe key: loafctl output api_keys. The password: loafctl output insights_password.\n")
		return out.String()
	}
	fmt.Fprintf(&out, `
Key and password are not shown again; keep them. The key goes into the
environment of whoever sends:

  export DATALOAF_API_KEY=…

A first event:

  curl -sS %s/v1/events \
    -H "x-api-key: $DATALOAF_API_KEY" -d '{"events":[{"event":"hello","user_id":"me"}]}'

From Go (github.com/dataloaf/dataloaf/sdk-go):

  client, err := dataloaf.New(dataloaf.Config{
      Endpoint: %q,
      APIKey:   os.Getenv("DATALOAF_API_KEY"),
  })
  if err != nil { … }
  defer client.Close(ctx)
  err = client.Track(dataloaf.Event{Event: "hello", UserID: "me"})

It is on the page after the next load, with a minute or two for the warehouse to
wake. `+"`loafctl status`"+` says whether data flow.
`, e.Endpoint, e.Endpoint)
	return out.String()
}
