// Package failure has the errors that loafctl shows and maps them to its exit
// codes: what failed, and what to do next.
package failure

import (
	"errors"
	"fmt"
	"io"
)

// The exit codes.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Error is a failure that the person at the terminal can do something about.
type Error struct {
	// Message says what failed.
	Message string
	// Remedy says what to do next; empty where there is nothing to say.
	Remedy string
	// Err is the cause; nil when the message says it all.
	Err error
	// usage is true when the command was used wrongly.
	usage bool
}

// New is a failure with a remedy.
func New(err error, remedy, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Remedy: remedy, Err: err}
}

// Usage is wrong use of a command: a flag, an argument or a variable.
func Usage(remedy, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Remedy: remedy, usage: true}
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Code is the exit code for the end of a command.
func Code(err error) int {
	var known *Error
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &known) && known.usage:
		return ExitUsage
	default:
		return ExitFailed
	}
}

// Print shows an error and its remedy.
func Print(w io.Writer, err error) {
	// There is nowhere left to tell that standard error is closed.
	_, _ = fmt.Fprintf(w, "loafctl: %v\n", err)
	var known *Error
	if errors.As(err, &known) && known.Remedy != "" {
		_, _ = fmt.Fprintf(w, "  %s\n", known.Remedy)
	}
}
