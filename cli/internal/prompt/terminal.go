package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/template"

	"github.com/manifoldco/promptui"
	"github.com/mattn/go-runewidth"
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

// terminal asks: with promptui's menus, and for lines with x/term's editor, since
// promptui's draws a question once more, beside its answer, from a goroutine of its
// own. What it shows goes to standard error: standard output is for answers.
type terminal struct {
	in    *os.File
	out   io.Writer
	style term.Style
}

// keys are the keys pressed, one a Read: what is typed ahead stays in the terminal
// for the next question.
type keys struct{ in *os.File }

func (k keys) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	return k.in.Read(into[:1])
}

// menuKeys are the keys for a menu, of which Ctrl-C and Ctrl-D are the end: promptui
// ends then without drawing the menu again below what comes after it.
type menuKeys struct{ keys }

func (k menuKeys) Read(into []byte) (int, error) {
	const ctrlC, ctrlD = 3, 4
	n, err := k.keys.Read(into)
	if n == 1 && (into[0] == ctrlC || into[0] == ctrlD) {
		return 0, io.EOF
	}
	return n, err
}

func (menuKeys) Close() error { return nil }

// Asks is true.
func (t *terminal) Asks() bool { return true }

// menuOutput is the output of one menu: without the bell, which promptui rings at
// every key, not closed with the menu, and shut once it is answered, since readline
// cleans the line after Enter from a goroutine of its own, by then the line of the
// next question.
type menuOutput struct {
	mu   sync.Mutex
	out  io.Writer
	shut bool
}

func (m *menuOutput) Write(text []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return len(text), nil
	}
	if _, err := m.out.Write(bytes.ReplaceAll(text, []byte{7}, nil)); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (m *menuOutput) shutDown() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut = true
}

func (*menuOutput) Close() error { return nil }

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
		if errors.Is(err, promptui.ErrInterrupt) || errors.Is(err, promptui.ErrEOF) || errors.Is(err, io.EOF) {
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
	out := &menuOutput{out: t.out}
	asked := promptui.Select{
		Label: q.Label, Items: q.Choices, Size: size, CursorPos: at,
		Stdin: menuKeys{keys{t.in}}, Stdout: out, StartInSearchMode: q.Search,
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
		defer out.shutDown()
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
	label := q.Label
	if q.Default != "" && !q.hideDefault {
		label += " (" + q.Default + ")"
	}
	prompt := t.style.Bold(label) + ": "
	return ask(ctx, t, func() (string, error) {
		fd := int(t.in.Fd())
		if _, err := xterm.MakeRaw(fd); err != nil {
			return "", fmt.Errorf("ask %q: %w", q.Label, err)
		}
		editor := xterm.NewTerminal(struct {
			io.Reader
			io.Writer
		}{keys{t.in}, t.out}, prompt)
		width := term.Width(t.out)
		if err := editor.SetSize(width, 1); err != nil {
			return "", fmt.Errorf("ask %q: %w", q.Label, err)
		}
		for {
			text, err := editor.ReadLine()
			if err != nil {
				if errors.Is(err, io.EOF) {
					// The question stays where it is, and what comes begins below it.
					_, err = io.WriteString(t.out, "\r\n")
					return "", errors.Join(io.EOF, err)
				}
				return "", fmt.Errorf("ask %q: %w", q.Label, err)
			}
			answer := strings.TrimSpace(text)
			if answer == "" {
				answer = q.Default
			}
			if q.Check != nil {
				if wrong := q.Check(answer); wrong != nil {
					if _, err := fmt.Fprintf(editor, "%s %s\n", t.style.Bad(">>"), t.style.Bad(wrong.Error())); err != nil {
						return "", fmt.Errorf("ask %q: %w", q.Label, err)
					}
					continue
				}
			}
			// The question is written anew with its answer, as menus are. The editor
			// goes to a new row as soon as one is full.
			rows := runewidth.StringWidth(label+": "+text)/width + 1
			if _, err := fmt.Fprintf(t.out, "\x1b[%dA\x1b[J%s %s: %s\r\n", rows, t.style.Good("✔"), q.Label, answer); err != nil {
				return "", fmt.Errorf("ask %q: %w", q.Label, err)
			}
			return answer, nil
		}
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
	text, err := t.Input(ctx, Input{Label: q.Label + choices, Default: byDefault, hideDefault: true, Flag: q.Flag, Check: func(text string) error {
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
