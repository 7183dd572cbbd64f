// Package environment reads the environment of the functions, once and at
// their start.
package environment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Environment reads variables and remembers what is wrong with them, so that
// whoever sets them up hears of everything at once.
type Environment struct {
	getenv  func(string) string
	missing []string
	wrong   []error
}

// New reads from a function such as os.Getenv.
func New(getenv func(string) string) *Environment { return &Environment{getenv: getenv} }

// Text is a variable that must be set.
func (e *Environment) Text(name string) string {
	text := e.getenv(name)
	if text == "" {
		e.missing = append(e.missing, name)
	}
	return text
}

// Optional is a variable that may be absent.
func (e *Environment) Optional(name, otherwise string) string {
	return cmp.Or(e.getenv(name), otherwise)
}

// Port is a variable that holds the number of a TCP port.
func (e *Environment) Port(name string, otherwise int) int {
	text := e.getenv(name)
	if text == "" {
		return otherwise
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		e.refuse(name, text, "a port, 1 to 65535")
		return otherwise
	}
	return port
}

// Days is a variable that holds a whole number of days; absent is 0.
func (e *Environment) Days(name string) int {
	text := e.getenv(name)
	if text == "" {
		return 0
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 {
		e.refuse(name, text, "a whole number of days from 1, or absent")
		return 0
	}
	return days
}

// Minutes is a variable that holds a whole number of minutes; absent is 0.
func (e *Environment) Minutes(name string) time.Duration {
	text := e.getenv(name)
	if text == "" {
		return 0
	}
	minutes, err := strconv.Atoi(text)
	if err != nil || minutes < 1 || minutes > 24*60 {
		e.refuse(name, text, "a whole number of minutes from 1 to 1440, or absent")
		return 0
	}
	return time.Duration(minutes) * time.Minute
}

// refuse notes a variable whose value is of no use.
func (e *Environment) refuse(name, value, want string) {
	e.wrong = append(e.wrong, fmt.Errorf("%s is %.100q; it must be %s", name, value, want))
}

// Err names every variable that is missing or wrong; it is nil when none is.
func (e *Environment) Err() error {
	errs := e.wrong
	if len(e.missing) > 0 {
		errs = append([]error{fmt.Errorf("these environment variables must be set: %s", strings.Join(e.missing, ", "))}, errs...)
	}
	return errors.Join(errs...)
}

// Logger writes JSON lines from the level in LOAF_LOG_LEVEL on. A line within
// an invocation carries its request id, which is what AWS's own lines have.
func (e *Environment) Logger(w io.Writer) *slog.Logger {
	const name = "LOAF_LOG_LEVEL"
	var level slog.Level
	if text := e.Optional(name, "info"); level.UnmarshalText([]byte(text)) != nil {
		e.refuse(name, text, "debug, info, warn or error")
	}
	return slog.New(withRequest{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

// withRequest adds the request id of the invocation.
type withRequest struct{ slog.Handler }

func (h withRequest) Handle(ctx context.Context, r slog.Record) error {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("request", invocation.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withRequest) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(attrs)}
}

func (h withRequest) WithGroup(name string) slog.Handler {
	return withRequest{h.Handler.WithGroup(name)}
}
