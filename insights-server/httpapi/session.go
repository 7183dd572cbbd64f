package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

type userBody struct {
	Email string    `json:"email"`
	Role  auth.Role `json:"role"`
}

type sessionBody struct {
	User      userBody   `json:"user"`
	ExpiresAt *time.Time `json:"expires_at"`
	// CollectionURL is null where the page's own address takes events.
	CollectionURL *string `json:"collection_url"`
}

func (s *Server) newSessionBody(user auth.User, session *auth.Session) sessionBody {
	b := sessionBody{User: userBody{Email: user.Email, Role: user.Role}}
	if session != nil {
		b.ExpiresAt = &session.ExpiresAt
	}
	if s.config.CollectionURL != "" {
		b.CollectionURL = &s.config.CollectionURL
	}
	return b
}

func (s *Server) login(c echo.Context) error {
	r := c.Request()
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "password", "email")
	if err != nil {
		return err
	}
	if given["password"] == "" {
		return badRequest(insight.CodeRequired, "password", "The password is missing.")
	}
	attempt, err := s.beginAttempt(r)
	if err != nil {
		return err
	}
	user, err := s.config.Directory.Authenticate(r.Context(), given["email"], given["password"])
	if err := settle(attempt, err); err != nil {
		return err
	}
	return s.startSession(c, user)
}

// beginAttempt counts a try at a secret that people know or were sent, or
// refuses it when there were too many.
func (s *Server) beginAttempt(r *http.Request) (auth.Attempt, error) {
	attempt, wait := s.limiter.Begin(s.client(r))
	if wait == 0 {
		return attempt, nil
	}
	wait = (wait + time.Second - 1).Truncate(time.Second)
	return auth.Attempt{}, &apiError{
		Status: http.StatusTooManyRequests, Code: "too_many_attempts", RetryAfter: wait,
		Message: fmt.Sprintf("There were too many wrong attempts. Try again in %.0f s.", wait.Seconds()),
	}
}

// settle ends an attempt by its outcome: only one that was judged wrong counts.
func settle(attempt auth.Attempt, err error) error {
	switch {
	case err == nil:
		attempt.Succeed()
	case errors.Is(err, auth.ErrCredentials), errors.Is(err, auth.ErrLink):
	default:
		attempt.Cancel()
	}
	return err
}

// startSession begins a session and answers it. Whatever session the browser
// had ends with the new one.
func (s *Server) startSession(c echo.Context, user auth.User) error {
	r := c.Request()
	secure := s.secure(r)
	if old, err := s.config.Sessions.Read(r, secure); err == nil {
		s.config.Sessions.End(old)
	}
	session, cookie, err := s.config.Sessions.Start(user, secure)
	if err != nil {
		return err
	}
	c.SetCookie(cookie)
	return c.JSON(http.StatusOK, s.newSessionBody(user, &session))
}

func (s *Server) logout(c echo.Context) error {
	if session := callerOf(c).session; session != nil {
		s.config.Sessions.End(*session)
	}
	c.SetCookie(s.config.Sessions.Clear(s.secure(c.Request())))
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) session(c echo.Context) error {
	who := callerOf(c)
	return c.JSON(http.StatusOK, s.newSessionBody(who.user, who.session))
}

// setPassword lets people change their own. It ends their other sessions, and
// this one goes on as a new one.
func (s *Server) setPassword(c echo.Context) error {
	r := c.Request()
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "current_password", "password")
	if err != nil {
		return err
	}
	who := callerOf(c)
	if who.session == nil {
		return forbidden("A token has no password. Sign in to change yours.")
	}
	for _, name := range []string{"current_password", "password"} {
		if given[name] == "" {
			return badRequest(insight.CodeRequired, name, "Give %q.", name)
		}
	}
	attempt, err := s.beginAttempt(r)
	if err != nil {
		return err
	}
	user, err := s.config.Directory.SetPassword(r.Context(), who.user, given["current_password"], given["password"])
	if err := settle(attempt, err); errors.Is(err, auth.ErrCredentials) {
		// Not a 401: the session is good.
		return badRequest("wrong_password", "current_password", "The current password is wrong.")
	} else if err != nil {
		return err
	}
	return s.startSession(c, user)
}
