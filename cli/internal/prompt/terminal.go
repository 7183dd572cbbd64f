package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"

	"github.com/manifoldco/promptui"
	xterm "golang.org/x/term"

	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// For is the Prompter for the streams: a terminal, or one that names flags. With
// yes nobody is asked on a terminal either.
func For(streams term.Streams, yes bool) Prompter {
	switch {
	case yes:
		return None{Reason: "--yes leaves nobody"}
	case !streams.Interactive():
		return None{Reason: "there is no terminal"}
	}
	in, ok := streams.In.(*os.File)
	if !ok {
		return None{Reason: "there is no terminal"}
	}
	return &terminal{in: in, out: streams.Err, style: streams.StyleOf(streams.Err)}
}

// terminal asks with promptui. What it shows goes to standard error: standard
// output is for answers.
type terminal struct {
	in    *os.File
	out   io.Writer
	style term.Style
}

// Asks is true.
func (t *terminal) Asks() bool { return true }

// quiet is the output without the bell, which promptui rings at every key, and
// not closed with the question.
type quiet struct{ io.Writer }

func (q quiet) Write(text []byte) (int, error) {
	if _, err := q.Writer.Write(bytes.ReplaceAll(text, []byte{7}, nil)); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (quiet) Close() error { return nil }

func (t *terminal) functions() template.FuncMap {
	return template.FuncMap{
		"bold": t.style.Bold, "dim": t.style.Dim, "good": t.style.Good, "bad": t.style.Bad, "warn": t.style.Warn,
	}
}

// ask runs a question, and gives the terminal back as it was, however it ends.
func ask[A any](ctx context.Context, t *terminal, question func() (A, error)) (A, error) {
	var none A
	fd := int(t.in.Fd())
	before, err := xterm.GetState(fd)
	if err != nil {
		return none, fmt.Errorf("read the state of the terminal: %w", err)
	}
	type answer struct {
		value A
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		value, err := question()
		answered <- answer{value, err}
	}()
	restore := func() error {
		// The cursor is hidden while one selects.
		_, err := io.WriteString(t.out, "\x1b[?25h")
		return errors.Join(err, xterm.Restore(fd, before))
	}
	select {
	case <-ctx.Done():
		return none, errors.Join(ErrInterrupted, restore())
	case a := <-answered:
		err := errors.Join(a.err, restore())
		if errors.Is(err, promptui.ErrInterrupt) || errors.Is(err, promptui.ErrEOF) || errors.Is(err, promptui.ErrAbort) {
			return none, ErrInterrupted
		}
		return a.value, err
	}
}

// Select shows the answers to choose from.
func (t *terminal) Select(ctx context.Context, q Select) (string, error) {
	if len(q.Choices) == 0 {
		return "", fmt.Errorf("ask %q: there is nothing to choose from", q.Label)
	}
	at := 0
	for i, c := range q.Choices {
		if c.Value == q.Default {
			at = i
		}
	}
	const size = 8
	help := "arrow keys and Enter"
	if q.Search {
		help = "type to search, arrow keys and Enter"
	}
	asked := promptui.Select{
		Label: q.Label, Items: q.Choices, Size: size, CursorPos: at,
		Stdin: t.in, Stdout: quiet{t.out}, StartInSearchMode: q.Search,
		Templates: &promptui.SelectTemplates{
			FuncMap:  t.functions(),
			Help:     `{{ "` + help + `" | dim }}`,
			Label:    `{{ . | bold }}`,
			Active:   `{{ ">" | good }} {{ .Label | bold }}  {{ .Detail | dim }}`,
			Inactive: `  {{ .Label }}  {{ .Detail | dim }}`,
			Selected: `{{ "✔" | good }} {{ "` + strings.ReplaceAll(q.Label, `"`, `'`) + `" }}: {{ .Label | bold }}`,
		},
	}
	if q.Search {
		asked.Searcher = func(text string, i int) bool {
			c := q.Choices[i]
			return strings.Contains(strings.ToLower(c.Label+" "+c.Value+" "+c.Detail), strings.ToLower(strings.TrimSpace(text)))
		}
	}
	return ask(ctx, t, func() (string, error) {
		i, _, err := asked.RunCursorAt(at, max(0, min(at-size/2, len(q.Choices)-size)))
		if err != nil {
			return "", err
		}
		return q.Choices[i].Value, nil
	})
}

// Input asks for a line.
func (t *terminal) Input(ctx context.Context, q Input) (string, error) {
	if q.Hint != "" {
		if _, err := fmt.Fprintln(t.out, t.style.Dim(wrapped(q.Hint, term.Width(t.out)))); err != nil {
			return "", fmt.Errorf("ask %q: %w", q.Label, err)
		}
	}
	asked := promptui.Prompt{
		Label: q.Label, Default: q.Default, Pointer: promptui.PipeCursor,
		Stdin: t.in, Stdout: quiet{t.out},
		Templates: &promptui.PromptTemplates{
			FuncMap:         t.functions(),
			Prompt:          `{{ . | bold }}: `,
			Valid:           `{{ . | bold }}: `,
			Invalid:         `{{ . | bold }}: `,
			ValidationError: `{{ ">>" | bad }} {{ . | bad }}`,
			Success:         `{{ "✔" | good }} {{ . }}: `,
		},
	}
	if q.Check != nil {
		asked.Validate = func(text string) error { return q.Check(strings.TrimSpace(text)) }
	}
	return ask(ctx, t, func() (string, error) {
		text, err := asked.Run()
		return strings.TrimSpace(text), err
	})
}

// wrapped breaks a text between words.
func wrapped(text string, width int) string {
	var out strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) >= width:
			out.WriteByte('\n')
			column = 0
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += len(word)
	}
	return out.String()
}

// Confirm asks for yes or no.
func (t *terminal) Confirm(ctx context.Context, q Confirm) (bool, error) {
	choices, byDefault := " (y/N)", "n"
	if q.Default {
		choices, byDefault = " (Y/n)", "y"
	}
	text, err := t.Input(ctx, Input{Label: q.Label + choices, Default: byDefault, Flag: q.Flag, Check: func(text string) error {
		if _, ok := yesOrNo(text, q.Default); !ok {
			return errors.New("answer y or n")
		}
		return nil
	}})
	if err != nil {
		return false, err
	}
	yes, _ := yesOrNo(text, q.Default)
	return yes, nil
}

func yesOrNo(text string, byDefault bool) (yes, ok bool) {
	switch strings.ToLower(text) {
	case "":
		return byDefault, true
	case "y", "yes":
		return true, true
	case "n", "no":
		return false, true
	}
	return false, false
}
