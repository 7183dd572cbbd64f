package httpapi

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"
)

// contentPolicy lets the page run its own scripts and styles and nothing else:
// none from elsewhere and none inline. Images may be data and blobs, for
// exported charts.
const contentPolicy = "default-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secureHeaders are on every answer, the page's included.
func secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if isServers(c.Request().URL.Path) {
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// isServers tells the API's paths from the page's.
func isServers(path string) bool {
	switch path {
	case "/api", "/healthz", "/readyz", "/metrics":
		return true
	default:
		return strings.HasPrefix(path, "/api/")
	}
}

// servePage answers what is not the API's from the page.
func (s *Server) servePage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.config.Page == nil || isServers(c.Request().URL.Path) {
			return next(c)
		}
		if m := c.Request().Method; m != http.MethodGet && m != http.MethodHead {
			c.Response().Header().Set(echo.HeaderAllow, "GET, HEAD")
			return echo.ErrMethodNotAllowed
		}
		s.config.Page.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// identify names the call: by the name that a proxy gave it, or a new one.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !requestIDPattern.MatchString(id) {
			b := make([]byte, 12)
			if _, err := io.ReadFull(s.config.Random, b); err != nil {
				return fmt.Errorf("make a request id: %w", err)
			}
			id = hex.EncodeToString(b)
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// observe logs and counts the call. It logs neither headers nor query strings
// nor bodies: those may hold secrets, or what users are like.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := s.config.Now()
		err := next(c)
		if err != nil {
			s.answerError(err, c)
		}
		took := s.config.Now().Sub(start)
		status := c.Response().Status
		if isGone(c, err) {
			status = statusClientGone
		}
		cutOff := errors.As(err, new(errCutOff))
		if cutOff && status == http.StatusOK {
			status = http.StatusInternalServerError
		}
		route := routeName(c)
		s.metrics.observe(c.Request().Method, route, status, took)

		level := slog.LevelInfo
		switch {
		case status >= http.StatusInternalServerError:
			level = slog.LevelError
		case c.Path() == "/healthz", c.Path() == "/readyz", c.Path() == "/metrics":
			level = slog.LevelDebug
		}
		attributes := []slog.Attr{
			slog.String("request_id", c.Response().Header().Get(echo.HeaderXRequestID)),
			slog.String("method", c.Request().Method),
			slog.String("route", route),
			slog.Int("status", status),
			slog.Duration("duration", took),
			slog.Int64("bytes", c.Response().Size),
			slog.String("client", s.client(c.Request()).String()),
		}
		if who := callerOf(c); who.user.Email != "" {
			attributes = append(attributes, slog.String("user", who.user.Email))
		}
		if cause := causeToLog(err, status); cause != nil {
			attributes = append(attributes, slog.String("error", cause.Error()))
		}
		s.config.Logger.LogAttrs(c.Request().Context(), level, "http", attributes...)
		if cutOff {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// routeName is bounded in number, for the metrics, and holds nothing that the
// caller made up, for the log.
func routeName(c echo.Context) string {
	switch {
	case c.Path() != "":
		return c.Path()
	case isServers(c.Request().URL.Path):
		return "unknown"
	default:
		return "page"
	}
}

// recoverPanic turns a panic into an error with the stack for the log.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}
