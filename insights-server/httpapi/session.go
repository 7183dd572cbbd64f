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
	Email string `json:"email"`
	Role  string `json:"role"`
}

type sessionBody struct {
	User      userBody   `json:"user"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func newSessionBody(user auth.User, session *auth.Session) sessionBody {
	b := sessionBody{User: userBody{Email: user.Email, Role: user.Role}}
	if session != nil {
		b.ExpiresAt = &session.ExpiresAt
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
	attempt, wait := s.limiter.Begin(s.client(r))
	if wait > 0 {
		wait = (wait + time.Second - 1).Truncate(time.Second)
		return &apiError{
			Status: http.StatusTooManyRequests, Code: "too_many_attempts", RetryAfter: wait,
			Message: fmt.Sprintf("There were too many wrong attempts. Try again in %.0f s.", wait.Seconds()),
		}
	}
	user, err := s.config.Users.Authenticate(r.Context(), given["email"], given["password"])
	switch {
	case errors.Is(err, auth.ErrCredentials):
		return errCredentials
	case err != nil:
		attempt.Cancel()
		return err
	}
	attempt.Succeed()
	secure := s.secure(r)
	// Whatever session the browser had ends with the new one.
	if old, err := s.config.Sessions.Read(r, secure); err == nil {
		s.config.Sessions.End(old)
	}
	session, cookie, err := s.config.Sessions.Start(user, secure)
	if err != nil {
		return err
	}
	c.SetCookie(cookie)
	return c.JSON(http.StatusOK, newSessionBody(user, &session))
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
	return c.JSON(http.StatusOK, newSessionBody(who.user, who.session))
}
