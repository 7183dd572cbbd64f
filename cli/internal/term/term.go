// Package term is the terminal, or what stands in its place: the three streams
// of a command, and colours where somebody sees them.
package term

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are a command's standard streams.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// NoColor leaves colours out on a terminal, too.
	NoColor bool
}

// Standard are the streams of this process. By NO_COLOR, set to anything, one asks
// every program for no colours (https://no-color.org).
func Standard() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, NoColor: os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"}
}

// IsTerminal reports whether a person looks at, or types into, the stream.
func IsTerminal(stream any) bool {
	file, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}

// Interactive reports whether a person can be asked: they type, and see what
// loafctl says on standard error.
func (s Streams) Interactive() bool { return IsTerminal(s.In) && IsTerminal(s.Err) }

// Width is how many columns a stream has; 80 where nobody knows.
func Width(stream any) int {
	file, ok := stream.(interface{ Fd() uintptr })
	if ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// Style colours text for one stream.
type Style struct{ on bool }

// StyleOf is the style for a stream: colours for a terminal only.
func (s Streams) StyleOf(stream io.Writer) Style {
	return Style{on: !s.NoColor && IsTerminal(stream)}
}

func (s Style) wrap(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold is for what one looks for.
func (s Style) Bold(text string) string { return s.wrap("1", text) }

// Dim is for what one may pass over.
func (s Style) Dim(text string) string { return s.wrap("2", text) }

// Good is for what is as it should be.
func (s Style) Good(text string) string { return s.wrap("32", text) }

// Warn is for what one should know.
func (s Style) Warn(text string) string { return s.wrap("33", text) }

// Bad is for what failed.
func (s Style) Bad(text string) string { return s.wrap("31", text) }
