// Package termtest runs a program in a pseudo-terminal and answers it as a person
// would: by what stands on the screen.
package termtest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Keys that a person presses.
const (
	Enter     = "\r"
	Up        = "\x1b[A"
	Down      = "\x1b[B"
	Interrupt = "\x03"
	Backspace = "\x7f"
)

// patience bounds every wait; it is reached only by a defect.
const patience = time.Minute

// Columns of the terminal; it has as many rows as are written.
const Columns = 110

// Terminal is a program in a pseudo-terminal.
type Terminal struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	// slave keeps the terminal's settings to be looked at after the program's end.
	slave  *os.File
	before unix.Termios

	mu      sync.Mutex
	changed *sync.Cond
	screen  screen
	raw     strings.Builder
	// plain is what was written without escape sequences; up to seen a Wait has
	// looked at it.
	plain   strings.Builder
	seen    int
	pending string
	// mark is the first row that is not in the transcript.
	mark   int
	closed bool
}

// Start starts a program in a pseudo-terminal.
func Start(t *testing.T, command *exec.Cmd) *Terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 50, Cols: Columns}); err != nil {
		t.Fatal(err)
	}
	p := &Terminal{t: t, command: command, master: master, slave: slave}
	p.changed = sync.NewCond(&p.mu)
	p.before = p.settings()
	command.Stdin, command.Stdout, command.Stderr = slave, slave, slave
	// The terminal is the program's own, so that Ctrl-C reaches it.
	command.SysProcAttr = ownTerminal()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read()
	t.Cleanup(func() {
		// A test that failed leaves it running.
		_ = command.Process.Kill()
		_ = slave.Close()
		_ = master.Close()
	})
	return p
}

func (p *Terminal) settings() unix.Termios {
	p.t.Helper()
	settings, err := unix.IoctlGetTermios(int(p.slave.Fd()), getTermios)
	if err != nil {
		p.t.Fatal(err)
	}
	return *settings
}

func (p *Terminal) read() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := p.master.Read(buffer)
		p.mu.Lock()
		p.screen.write(string(buffer[:n]))
		p.raw.Write(buffer[:n])
		p.strip(string(buffer[:n]))
		if err != nil {
			// The other end is closed: on Linux that is an error, and no end.
			p.closed = true
		}
		p.changed.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

var escapes = regexp.MustCompile("\x1b(\\[[0-9;?]*[a-zA-Z]|[^\\[])")

// strip adds output without its escape sequences, of which one may be cut in two.
func (p *Terminal) strip(text string) {
	text = p.pending + text
	p.pending = ""
	if at := strings.LastIndexByte(text, 27); at >= 0 && !escapes.MatchString(text[at:]) {
		text, p.pending = text[:at], text[at:]
	}
	p.plain.WriteString(escapes.ReplaceAllString(text, ""))
}

// Wait waits until a text was written, after what the last Wait has seen.
func (p *Terminal) Wait(text string) {
	p.t.Helper()
	late := false
	alarm := time.AfterFunc(patience, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.changed.Broadcast()
	})
	defer alarm.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if at := strings.Index(p.plain.String()[p.seen:], text); at >= 0 {
			p.seen += at + len(text)
			return
		}
		if p.closed || late {
			p.t.Fatalf("%q does not come; the screen:\n%s", text, p.screen.text())
		}
		p.changed.Wait()
	}
}

// Answer waits for a question and presses keys.
func (p *Terminal) Answer(question string, keys ...string) {
	p.t.Helper()
	p.Wait(question)
	p.Press(keys...)
}

// Press presses keys.
func (p *Terminal) Press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		if _, err := io.WriteString(p.master, k); err != nil {
			p.t.Fatal(err)
		}
	}
}

// Transcript is what came to the screen since the last Transcript, once the
// question and the end of its menu stand there: prompts draw anew with every key.
// The question comes again in the next Transcript, with its answer.
func (p *Terminal) Transcript(question, last string) string {
	p.t.Helper()
	late := false
	alarm := time.AfterFunc(patience, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.changed.Broadcast()
	})
	defer alarm.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		// A question that was answered has its mark before it.
		open := p.screen.from(p.mark)
		at := strings.LastIndex(open, question)
		if at >= 0 && !strings.HasSuffix(open[:at], "✔ ") && strings.Contains(open[at:], last) {
			break
		}
		if question == "" {
			break
		}
		if p.closed || late {
			p.t.Fatalf("%q does not stay; the screen:\n%s", question, p.screen.text())
		}
		p.changed.Wait()
	}
	text := strings.TrimRight(p.screen.from(p.mark), "\n") + "\n"
	if question == "" {
		return text
	}
	for row := len(p.screen.rows) - 1; row >= p.mark; row-- {
		if !strings.Contains(string(p.screen.rows[row]), question) {
			continue
		}
		p.mark = row
		// A menu has a line above it.
		if row > 0 && menu.MatchString(string(p.screen.rows[row-1])) {
			p.mark = row - 1
		}
		break
	}
	return text
}

var menu = regexp.MustCompile(`^(Search: |arrow keys|type to search)`)

// Screen is all that stands on the screen, and what has left it at the top.
func (p *Terminal) Screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.text()
}

// Raw is everything that was written to the terminal.
func (p *Terminal) Raw() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

// End waits for the program's end, gives its exit code, and checks that the
// terminal is as it was.
func (p *Terminal) End() int {
	p.t.Helper()
	alarm := time.AfterFunc(patience, func() { _ = p.command.Process.Kill() })
	err := p.command.Wait()
	alarm.Stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if after := p.settings(); after != p.before {
		p.t.Errorf("the terminal's settings were %+v and are %+v", p.before, after)
	}
	// What it wrote last may not be read yet; then the terminal is closed.
	if err := p.slave.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		p.changed.Wait()
	}
	if hidden := strings.LastIndex(p.raw.String(), "\x1b[?25l"); hidden > strings.LastIndex(p.raw.String(), "\x1b[?25h") {
		p.t.Error("the cursor stays hidden")
	}
	return p.command.ProcessState.ExitCode()
}

// screen is as much of a terminal as prompts need.
type screen struct {
	rows     [][]rune
	row, col int
	pending  string
}

func (s *screen) line() []rune {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
	return s.rows[s.row]
}

func (s *screen) put(r rune) {
	if s.col >= Columns {
		s.row, s.col = s.row+1, 0
	}
	line := s.line()
	for len(line) <= s.col {
		line = append(line, ' ')
	}
	line[s.col] = r
	s.rows[s.row] = line
	s.col++
}

// write draws a piece of output; an escape sequence may be cut in two.
func (s *screen) write(text string) {
	text = s.pending + text
	s.pending = ""
	for len(text) > 0 {
		switch text[0] {
		case '\n':
			s.row, s.col = s.row+1, 0
			s.line()
			text = text[1:]
			continue
		case '\r':
			s.col = 0
			text = text[1:]
			continue
		case '\b':
			s.col = max(0, s.col-1)
			text = text[1:]
			continue
		case 7:
			text = text[1:]
			continue
		case 27:
			rest, whole := s.escape(text)
			if !whole {
				s.pending = text
				return
			}
			text = rest
			continue
		}
		r := []rune(text[:min(len(text), 4)])[0]
		if r == '\uFFFD' && len(text) < 4 {
			s.pending = text
			return
		}
		s.put(r)
		text = text[len(string(r)):]
	}
}

func (s *screen) escape(text string) (rest string, whole bool) {
	if len(text) < 2 {
		return "", false
	}
	if text[1] != '[' {
		return text[2:], true
	}
	end := strings.IndexFunc(text[2:], func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return "", false
	}
	number, err := strconv.Atoi(text[2 : 2+end])
	if err != nil {
		number = 0
	}
	line := s.line()
	switch text[2+end] {
	case 'A':
		s.row = max(0, s.row-max(1, number))
	case 'B':
		s.row += max(1, number)
	case 'C':
		s.col += max(1, number)
	case 'D':
		s.col = max(0, s.col-max(1, number))
	case 'G':
		s.col = max(0, number-1)
	case 'K':
		switch number {
		case 0:
			s.rows[s.row] = line[:min(s.col, len(line))]
		default:
			s.rows[s.row] = nil
		}
	case 'J':
		s.rows[s.row] = line[:min(s.col, len(line))]
		s.rows = s.rows[:s.row+1]
	}
	return text[3+end:], true
}

func (s *screen) from(row int) string {
	var lines []string
	for i := row; i < len(s.rows); i++ {
		lines = append(lines, strings.TrimRight(string(s.rows[i]), " "))
	}
	return strings.Join(lines, "\n")
}

func (s *screen) text() string { return s.from(0) }
