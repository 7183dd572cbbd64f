// Package prompt asks questions: on a terminal, and without one by saying which
// flag has the answer.
package prompt

import (
	"context"
	"errors"
	"fmt"

	"github.com/dataloaf/dataloaf/cli/internal/environment"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// ErrInterrupted is Ctrl-C or Ctrl-D at a question. The terminal is as it was
// before.
var ErrInterrupted = errors.New("interrupted")

// Choice is one answer to a Select.
type Choice struct {
	// Label is what is shown, Value what it stands for.
	Label, Value string
	// Detail is shown beside it, dimmed.
	Detail string
}

// Select asks for one of some answers.
type Select struct {
	Label   string
	Choices []Choice
	// Default is the value that is pointed to first.
	Default string
	// Search lets one type to find an answer: for lists that are long.
	Search bool
	// Flag is the flag that has the answer, without its dashes.
	Flag string
}

// Input asks for a line of text.
type Input struct {
	Label string
	// Default is the answer to Enter, shown behind the question.
	Default string
	// hideDefault is set where the label shows it in its own way.
	hideDefault bool
	// Hint is shown under the question.
	Hint string
	// Check says what is wrong with an answer; nil takes any.
	Check func(string) error
	// Flag is the flag that has the answer, without its dashes.
	Flag string
}

// Confirm asks for yes or no.
type Confirm struct {
	Label string
	// Default is the answer to Enter.
	Default bool
	// Flag is the flag that has the answer, without its dashes.
	Flag string
}

// Prompter asks the person at the terminal.
type Prompter interface {
	// Select gives the value of the answer.
	Select(ctx context.Context, question Select) (string, error)
	Input(ctx context.Context, question Input) (string, error)
	Confirm(ctx context.Context, question Confirm) (bool, error)
	// Asks reports whether somebody is there to answer.
	Asks() bool
}

// None is a Prompter where nobody can answer: each question fails and names the
// flag that it wants.
type None struct {
	// Reason says why nobody is asked, such as "there is no terminal".
	Reason string
}

var _ Prompter = None{}

// Select fails.
func (n None) Select(_ context.Context, q Select) (string, error) { return "", n.missing(q.Flag) }

// Input fails.
func (n None) Input(_ context.Context, q Input) (string, error) { return "", n.missing(q.Flag) }

// Confirm fails.
func (n None) Confirm(_ context.Context, q Confirm) (bool, error) { return false, n.missing(q.Flag) }

// Asks is false.
func (None) Asks() bool { return false }

func (n None) missing(flag string) error {
	return failure.Usage(fmt.Sprintf("Give --%s (%s).", flag, environment.Variable(flag)),
		"--%s is missing, and %s to ask", flag, n.Reason)
}
