package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/auth"
)

// caller is who makes a call.
type caller struct {
	user auth.User
	// session is nil for a bearer token.
	session *auth.Session
	// scopes are what a token may be used for; a session has all.
	scopes []auth.Scope
}

const callerKey = "dataloaf.caller"

// callerOf gives who made a call to a route that needs someone signed in.
func callerOf(c echo.Context) caller {
	who, _ := c.Get(callerKey).(caller)
	return who
}

// admit wraps a handler in the checks of its route.
func (s *Server) admit(a access, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch a {
		case public:
		case ownPage:
			if !s.fromOwnPage(c.Request()) {
				return errOrigin
			}
		default:
			if err := s.authenticate(c); err != nil {
				return err
			}
			if err := a.allows(callerOf(c)); err != nil {
				return err
			}
			if s.config.Asked != nil {
				s.config.Asked()
			}
		}
		return next(c)
	}
}

// need is what a route asks of who calls it.
type need struct {
	role  auth.Role
	scope auth.Scope
}

// needs holds what each access asks for. Whatever is not in it asks for a role
// that nobody has.
var needs = map[access]need{
	viewer: {auth.RoleViewer, auth.ScopeRead},
	editor: {auth.RoleEditor, auth.ScopeWrite},
	admin:  {auth.RoleAdmin, auth.ScopeWrite},
}

// allows tells whether the caller may call a route of this access.
func (a access) allows(who caller) error {
	n := needs[a]
	if !who.user.Role.May(n.role) {
		if who.session == nil {
			return forbidden("This token may not do this: it needs the role %s. A token with the scope write has the role editor, one without it viewer.", n.role)
		}
		return forbidden("This needs the role %s, and yours is %s. An admin can change that.", n.role, who.user.Role)
	}
	if !slices.Contains(who.scopes, n.scope) {
		return forbidden("This needs a token with the scope %s.", n.scope)
	}
	return nil
}

func forbidden(format string, args ...any) error {
	return &apiError{Status: http.StatusForbidden, Code: "forbidden", Message: fmt.Sprintf(format, args...)}
}

// guardUnmatched asks for a sign-in before it tells what does not exist under
// the API's prefix.
func (s *Server) guardUnmatched(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		path := r.URL.Path
		if routed(c) || (path != "/api/v1" && !strings.HasPrefix(path, "/api/v1/")) {
			return next(c)
		}
		// A wrong method on the way in is no secret, and names the right one.
		if c.Path() != "/api/v1/login" && c.Path() != "/api/v1/invitations/accept" {
			if err := s.authenticate(c); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// routed reports whether a handler of ours takes the call, as opposed to
// Echo's for 404, 405 and OPTIONS.
func routed(c echo.Context) bool {
	if c.Path() == "" {
		return false
	}
	_, wrongMethod := c.Get(echo.ContextKeyHeaderAllow).(string)
	return !wrongMethod
}

// authenticate finds out who calls: by the bearer token if there is one, else
// by the session cookie. A wrong token is not made up for by a cookie.
func (s *Server) authenticate(c echo.Context) error {
	who, err := s.identifyCaller(c.Request())
	switch {
	case errors.Is(err, auth.ErrToken), errors.Is(err, auth.ErrNoSession):
		return unauthorized(c)
	case err != nil:
		return err
	}
	c.Set(callerKey, who)
	// Everybody has an allowance of their own; a token's user is its name.
	if wait := s.throttle.Take(who.user.Email); wait > 0 {
		return &apiError{
			Status: http.StatusTooManyRequests, Code: "too_many_calls", RetryAfter: wait,
			Message: "There were too many calls in a short time. Try again in a moment.",
		}
	}
	return nil
}

func (s *Server) identifyCaller(r *http.Request) (caller, error) {
	if scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " "); strings.EqualFold(scheme, "Bearer") {
		user, scopes, err := s.config.Directory.Bearer(r.Context(), strings.TrimSpace(token))
		if err != nil {
			return caller{}, err
		}
		return caller{user: user, scopes: scopes}, nil
	}
	session, err := s.config.Sessions.Read(r, s.secure(r))
	if err != nil {
		return caller{}, err
	}
	if !safe(r.Method) && !s.fromOwnPage(r) {
		return caller{}, errOrigin
	}
	return caller{user: session.User, session: &session, scopes: auth.AllScopes}, nil
}

func unauthorized(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="dataloaf"`)
	return errUnauthorized
}

// safe methods change nothing.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// fromOwnPage reports that the call was not made by another site's page. A
// program sends neither of the two headers, and no browser lets a page forge
// them.
func (s *Server) fromOwnPage(r *http.Request) bool {
	origins := r.Header.Values(echo.HeaderOrigin)
	if len(origins) == 0 {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
			return true
		default:
			return false
		}
	}
	if len(origins) > 1 {
		return false
	}
	// "null", from a sandboxed frame or a file, has no host and fails here.
	u, err := url.Parse(origins[0])
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	host := hostOf(u.Host, u.Scheme)
	if s.origins[u.Scheme+"://"+host] {
		return true
	}
	if u.Scheme == "http" && s.secure(r) {
		return false
	}
	return host == hostOf(r.Host, u.Scheme)
}

// hostOf lower-cases a host and leaves out the port that the scheme implies.
func hostOf(host, scheme string) string {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err != nil || !(scheme == "http" && port == "80" || scheme == "https" && port == "443") {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}
