package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// access says who may call a route. Its zero value is the strict one.
type access int

const (
	// signedIn needs a session or a bearer token, and with a session that a
	// call which changes something comes from our own page.
	signedIn access = iota
	// ownPage needs nobody signed in, but no other site's page either.
	ownPage
	// public is open to all.
	public
)

// routes are all that the server answers; every other path under /api is a
// 404, and the rest of the paths are the page's.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = s.answerError
	e.Use(
		s.identify,
		s.observe,
		secureHeaders,
		s.recoverPanic,
		middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1024, Skipper: skipGzip}),
		s.guardUnmatched,
		s.servePage,
	)
	for _, r := range []struct {
		method, path string
		access       access
		handler      echo.HandlerFunc
	}{
		{http.MethodPost, "/api/v1/login", ownPage, s.login},
		{http.MethodPost, "/api/v1/logout", signedIn, s.logout},
		{http.MethodGet, "/api/v1/session", signedIn, s.session},
		{http.MethodPost, "/api/v1/query", signedIn, s.query},
		{http.MethodGet, "/api/v1/events", signedIn, s.events},
		{http.MethodGet, "/api/v1/properties", signedIn, s.properties},
		{http.MethodGet, "/api/v1/property-values", signedIn, s.propertyValues},
		{http.MethodGet, "/api/v1/users", signedIn, s.users},
		{http.MethodGet, "/api/v1/users/:user_id", signedIn, s.profile},
		{http.MethodGet, "/api/v1/activity", signedIn, s.activity},
		{http.MethodGet, streamPath, signedIn, s.activityStream},
		{http.MethodGet, "/api/v1/export", signedIn, s.export},
		{http.MethodGet, "/api/v1/pipeline", signedIn, s.pipeline},
		{http.MethodGet, "/healthz", public, s.healthz},
		{http.MethodGet, "/readyz", public, s.readyz},
		{http.MethodGet, "/metrics", public, s.metrics.serve},
	} {
		handler := s.admit(r.access, r.handler)
		e.Add(r.method, r.path, handler)
		if r.method == http.MethodGet {
			e.Add(http.MethodHead, r.path, handler)
		}
	}
	return e
}

const streamPath = "/api/v1/activity/stream"

// skipGzip leaves alone what compresses itself, what is asked for in parts, and
// messages that must not wait for more to compress.
func skipGzip(c echo.Context) bool {
	return c.Path() == "/metrics" || c.Path() == streamPath || c.Request().Header.Get("Range") != ""
}
