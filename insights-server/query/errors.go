package query

import (
	"context"
	"errors"
	"fmt"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// ErrTimeout is wrapped when a question took longer than Options.Timeout.
var ErrTimeout = errors.New("the query took too long")

// ErrBusy is wrapped when too many questions were asked at once.
var ErrBusy = errors.New("too many queries at once")

// ErrNoUser is wrapped when nothing is known of a user.
var ErrNoUser = errors.New("there is no such user")

// explain wraps an error of the database so that callers can tell apart, with
// errors.Is, what passes (warehouse.ErrUnavailable), what took too long
// (ErrTimeout) and that the asker went away (context.Canceled).
func explain(ctx context.Context, doing string, err error) error {
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case errors.Is(err, ErrTimeout), errors.Is(err, ErrBusy):
		return err
	case errors.Is(cause, ErrTimeout), errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", doing, ErrTimeout)
	case cause != nil:
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case warehouse.ConnectionFailed(err):
		return fmt.Errorf("%s: %w: %w", doing, warehouse.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// nameError turns an engine's refusal of a property's name into an error that
// the asker can act on.
func nameError(err error, field string) error {
	if !errors.Is(err, dialect.ErrName) {
		return err
	}
	return &insight.Error{
		Code:    insight.CodeNotSupported,
		Field:   field,
		Message: fmt.Sprintf("This property cannot be queried: %v. Send it under another name.", err),
	}
}
