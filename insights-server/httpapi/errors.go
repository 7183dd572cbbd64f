package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/cohort"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// statusClientGone is what the log says, after nginx, of a call whose client
// went away; nobody is there to receive it.
const statusClientGone = 499

// apiError is an error as the API shows it.
type apiError struct {
	Status  int
	Code    string
	Message string
	// Field is the path of what is wrong, "" when no one part is.
	Field string
	// RetryAfter is when to try again; 0 for no advice.
	RetryAfter time.Duration
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

var (
	errUnauthorized = &apiError{Status: http.StatusUnauthorized, Code: "unauthorized", Message: "Sign in, or send a bearer token."}
	errOrigin       = &apiError{Status: http.StatusForbidden, Code: "origin_refused", Message: "Calls from other sites' pages are refused. Open the page at this server's own address; behind a proxy, set LOAF_PUBLIC_URL to that address."}
	errCredentials  = &apiError{Status: http.StatusUnauthorized, Code: "wrong_credentials", Message: "The password is wrong, or there is no such user."}
	errInternal     = &apiError{Status: http.StatusInternalServerError, Code: "internal", Message: "Something went wrong here. The server's log has the details under this answer's X-Request-Id."}
	errNoUser       = &apiError{Status: http.StatusNotFound, Code: "not_found", Field: "user_id", Message: "Nothing is known of a user with this id: no attributes and no event. Ids are compared with case."}
	errMediaType    = &apiError{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Message: "Send the body as it is, with Content-Type: application/json."}
)

// statusErrors are the errors that Echo makes itself.
var statusErrors = map[int]*apiError{
	http.StatusNotFound:              {Status: http.StatusNotFound, Code: "not_found", Message: "There is nothing at this path."},
	http.StatusMethodNotAllowed:      {Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Message: "This path does not take this method. The Allow header names those that it takes."},
	http.StatusRequestEntityTooLarge: {Status: http.StatusRequestEntityTooLarge, Code: "body_too_large", Message: "The body is too large."},
	http.StatusUnsupportedMediaType:  errMediaType,
}

// toAPI maps every error to what the API says of it. It is the one place that
// does.
func toAPI(err error) *apiError {
	var (
		api     *apiError
		bad     *insight.Error
		large   *http.MaxBytesError
		inUse   *saved.InUseError
		routing *echo.HTTPError
	)
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &bad):
		return &apiError{Status: http.StatusBadRequest, Code: bad.Code, Message: bad.Message, Field: bad.Field}
	case errors.As(err, &large):
		return &apiError{
			Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
			Message: fmt.Sprintf("The body has more than %d KiB, the most that is taken.", large.Limit>>10),
		}
	case isAuth(err):
		return authError(err)
	case errors.As(err, &inUse):
		return &apiError{
			Status: http.StatusConflict, Code: "in_use",
			Message: fmt.Sprintf("The insight is on %s. Take it off first, or delete it with ?force=true, which removes its cards.", namesOf("dashboard", inUse.Dashboards)),
		}
	case errors.Is(err, document.ErrNotFound):
		return &apiError{Status: http.StatusNotFound, Code: "not_found", Message: "There is none of this id, or no more."}
	case errors.Is(err, document.ErrStale):
		return &apiError{
			Status: http.StatusConflict, Code: "conflict",
			Message: "Somebody else changed it in the meantime, so nothing was saved. Read it again and make your change on top, or save yours as a new one.",
		}
	case errors.Is(err, saved.ErrDefined):
		return &apiError{Status: http.StatusConflict, Code: "definition_exists", Field: "name", Message: "There is a definition of this name already. Read the list anew, and change that one."}
	case errors.Is(err, document.ErrTooLarge):
		return &apiError{
			Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
			Message: fmt.Sprintf("What is saved may have %d bytes in all, and this has more. Shorten its texts, or split it.", document.MaxBytes),
		}
	case errors.Is(err, cohort.ErrInUse):
		return &apiError{Status: http.StatusConflict, Code: "in_use", Message: "A saved insight names this cohort. Change or delete the insight first."}
	case errors.Is(err, query.ErrNoUser):
		return errNoUser
	case errors.Is(err, query.ErrBusy):
		return &apiError{
			Status: http.StatusTooManyRequests, Code: "busy", RetryAfter: time.Second,
			Message: "Too many queries are waiting. Try again in a moment.",
		}
	case errors.Is(err, query.ErrTimeout):
		return &apiError{
			Status: http.StatusGatewayTimeout, Code: "timeout",
			Message: "The warehouse took too long. Ask for a shorter range, or for fewer series.",
		}
	case errors.Is(err, warehouse.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &apiError{
			Status: http.StatusServiceUnavailable, Code: "unavailable", RetryAfter: 5 * time.Second,
			Message: "The warehouse cannot be reached just now. Try again in a moment.",
		}
	case errors.As(err, &routing):
		if known, ok := statusErrors[routing.Code]; ok {
			return known
		}
	}
	return errInternal
}

// authErrors are what package auth refuses.
var authErrors = []struct {
	err    error
	answer *apiError
}{
	{auth.ErrCredentials, errCredentials},
	{auth.ErrNoMember, &apiError{Status: http.StatusNotFound, Code: "not_found", Message: "There is no such member, or no more."}},
	{auth.ErrNoToken, &apiError{Status: http.StatusNotFound, Code: "not_found", Message: "There is no such token, or no more."}},
	{auth.ErrMemberExists, &apiError{Status: http.StatusConflict, Code: "member_exists", Field: "email", Message: "There is a member with this address. Change their role, or make a new link for them."}},
	{auth.ErrTooManyMembers, &apiError{Status: http.StatusConflict, Code: "too_many_members", Message: fmt.Sprintf("There are %d members, the most that there can be. Remove some first.", auth.MaxMembers)}},
	{auth.ErrTooManyTokens, &apiError{Status: http.StatusConflict, Code: "too_many_tokens", Message: fmt.Sprintf("There are %d tokens, the most that there can be. Revoke some first.", auth.MaxTokens)}},
	{auth.ErrFirstAdmin, &apiError{Status: http.StatusConflict, Code: "first_admin", Message: "The first admin comes from the server's configuration, and is changed there alone: LOAF_ADMIN_EMAIL, and LOAF_ADMIN_PASSWORD or the secret that holds the password."}},
	{auth.ErrDisabled, &apiError{Status: http.StatusConflict, Code: "member_disabled", Message: "This member is disabled. Enable them first."}},
	{auth.ErrLink, &apiError{Status: http.StatusNotFound, Code: "link_invalid", Message: "This link is unknown, has been used, or is too old. Ask an admin for a new one."}},
	{auth.ErrPasswordTooShort, &apiError{Status: http.StatusBadRequest, Code: "password_too_short", Field: "password", Message: fmt.Sprintf("The password is too short. Choose one of at least %d characters.", auth.MinPasswordCharacters)}},
	{auth.ErrPasswordTooLong, &apiError{Status: http.StatusBadRequest, Code: "password_too_long", Field: "password", Message: fmt.Sprintf("The password has more than %d bytes, the most that is taken.", auth.MaxPasswordBytes)}},
}

// authError gives the answer to an error of package auth, nil for any other.
func authError(err error) *apiError {
	for _, known := range authErrors {
		if errors.Is(err, known.err) {
			return known.answer
		}
	}
	return nil
}

func isAuth(err error) bool { return authError(err) != nil }

// namesOf writes "the dashboard \"A\"", or of several the first few.
func namesOf(what string, names []string) string {
	const most = 5
	quoted := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, strconv.Quote(name))
	}
	text := strings.Join(quoted, ", ")
	switch more := len(names) - most; {
	case len(names) == 1:
		return "the " + what + " " + text
	case more > 0:
		return fmt.Sprintf("the %ss %s and %d more", what, text, more)
	default:
		return "the " + what + "s " + text
	}
}

// isGone reports that the client did not wait for the answer.
func isGone(c echo.Context, err error) bool {
	return err != nil && c.Request().Context().Err() != nil
}

// causeToLog is the error when it tells the operator more than the status
// does.
func causeToLog(err error, status int) error {
	if err == nil || status < http.StatusInternalServerError {
		return nil
	}
	return err
}

// answerError writes {"error":{…}}.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed || isGone(c, err) {
		return
	}
	e := toAPI(err)
	if e.RetryAfter > 0 {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.FormatInt(int64(seconds), 10))
	}
	var field *string
	if e.Field != "" {
		field = &e.Field
	}
	type body struct {
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Field   *string `json:"field"`
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if err := c.JSON(e.Status, map[string]body{"error": {e.Code, e.Message, field}}); err != nil {
		s.config.Logger.Debug("write an error's answer", "error", err)
	}
}
