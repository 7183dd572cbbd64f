package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// listSaved answers {name:[…]} with the items whose name holds ?search.
func listSaved[C any](s *Server, name string, all *saved.Collection[C]) echo.HandlerFunc {
	return func(c echo.Context) error {
		values, err := queryString(c.Request(), "search")
		if err != nil {
			return err
		}
		items, err := all.List(c.Request().Context(), values.Get("search"))
		if s.readiness.observe(err); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string][]saved.Item[C]{name: list(items)})
	}
}

func createSaved[C any](s *Server, path string, all *saved.Collection[C]) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, err := readJSON(c, maxQueryBytes)
		if err != nil {
			return err
		}
		item, err := all.Create(c.Request().Context(), body, callerOf(c).user.Email)
		if s.readiness.observe(err); err != nil {
			return err
		}
		return answerCreated(c, path, item)
	}
}

func readSaved[C any](s *Server, all *saved.Collection[C]) echo.HandlerFunc {
	return func(c echo.Context) error {
		item, err := all.Get(c.Request().Context(), c.Param("id"))
		if s.readiness.observe(err); err != nil {
			return err
		}
		return answerSaved(c, http.StatusOK, item)
	}
}

func replaceSaved[C any](s *Server, all *saved.Collection[C]) echo.HandlerFunc {
	return func(c echo.Context) error {
		version, err := ifMatch(c.Request())
		if err != nil {
			return err
		}
		body, err := readJSON(c, maxQueryBytes)
		if err != nil {
			return err
		}
		item, err := all.Replace(c.Request().Context(), c.Param("id"), body, version, callerOf(c).user.Email)
		if s.readiness.observe(err); err != nil {
			return err
		}
		return answerSaved(c, http.StatusOK, item)
	}
}

func duplicateSaved[C any](s *Server, path string, all *saved.Collection[C]) echo.HandlerFunc {
	return func(c echo.Context) error {
		item, err := all.Duplicate(c.Request().Context(), c.Param("id"), callerOf(c).user.Email)
		if s.readiness.observe(err); err != nil {
			return err
		}
		return answerCreated(c, path, item)
	}
}

func deleteSaved[C any](s *Server, all *saved.Collection[C]) echo.HandlerFunc {
	return func(c echo.Context) error {
		version, err := ifMatch(c.Request())
		if err != nil {
			return err
		}
		err = all.Delete(c.Request().Context(), c.Param("id"), version)
		if s.readiness.observe(err); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}

// deleteInsight asks first whether a dashboard shows it.
func (s *Server) deleteInsight(c echo.Context) error {
	version, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	values, err := queryString(c.Request(), "force")
	if err != nil {
		return err
	}
	force := false
	switch values.Get("force") {
	case "", "false":
	case "true":
		force = true
	default:
		return badRequest(insight.CodeUnknownValue, "force", `Give "true" to take the insight off its dashboards as well, or leave "force" out.`)
	}
	err = s.config.Saved.DeleteInsight(c.Request().Context(), c.Param("id"), version, force, callerOf(c).user.Email)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// runInsight answers a saved insight as query does; the body, which may be
// empty, gives another range or time zone.
func (s *Server) runInsight(c echo.Context) error {
	c.Response().Header().Add(echo.HeaderVary, echo.HeaderAccept)
	body, err := readJSON(c, maxQueryBytes)
	if err != nil {
		return err
	}
	q, err := s.config.Saved.Question(c.Request().Context(), c.Param("id"), bytes.TrimSpace(body))
	if s.readiness.observe(err); err != nil {
		return err
	}
	return s.answerQuery(c, q)
}

func (s *Server) listAnnotations(c echo.Context) error {
	values, err := queryString(c.Request(), "from", "to")
	if err != nil {
		return err
	}
	var bounds [2]time.Time
	for i, name := range []string{"from", "to"} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if bounds[i], err = time.Parse(time.RFC3339Nano, text); err != nil {
			return badRequest(insight.CodeInvalidValue, name, "%q is not a time in RFC 3339. Write it like 2026-11-24T08:00:00Z, a + as %%2B.", text)
		}
	}
	items, err := s.config.Saved.AnnotationsBetween(c.Request().Context(), bounds[0], bounds[1])
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]saved.Item[saved.Annotation]{"annotations": list(items)})
}

func answerCreated[C any](c echo.Context, path string, item saved.Item[C]) error {
	c.Response().Header().Set(echo.HeaderLocation, path+"/"+item.ID)
	return answerSaved(c, http.StatusCreated, item)
}

func answerSaved[C any](c echo.Context, status int, item saved.Item[C]) error {
	setVersion(c, item.Version)
	return c.JSON(status, item)
}

// setVersion names the version that an answer is of; ifMatch reads it.
func setVersion(c echo.Context, version int64) {
	c.Response().Header().Set("ETag", fmt.Sprintf("%q", strconv.FormatInt(version, 10)))
}

// A proxy that compresses makes an ETag weak on its way; the version is the same.
var etagPattern = regexp.MustCompile(`^(?:W/)?"([1-9][0-9]{0,15})"$`)

// ifMatch reads the version that a change is made to; 0 where the caller names
// none, or takes any.
func ifMatch(r *http.Request) (int64, error) {
	given := r.Header.Get("If-Match")
	if given == "" || given == "*" {
		return 0, nil
	}
	m := etagPattern.FindStringSubmatch(given)
	if m == nil {
		return 0, badRequest(insight.CodeInvalidValue, "If-Match", `If-Match takes one version, such as "3" with its quotes: the ETag that the item was read with.`)
	}
	version, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read If-Match %q: %w", given, err)
	}
	return version, nil
}

// queryString reads the query string, and checks the parameters of these names.
func queryString(r *http.Request, names ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest(insight.CodeInvalidValue, "", "The query string is not well formed: %v.", err)
	}
	for _, name := range names {
		value := values.Get(name)
		switch {
		case !utf8.ValidString(value):
			return nil, badRequest(insight.CodeInvalidUTF8, name, "%q is not valid UTF-8.", name)
		case utf8.RuneCountInString(value) > maxParameter:
			return nil, badRequest(insight.CodeInvalidValue, name, "%q has more than %d characters.", name, maxParameter)
		}
	}
	return values, nil
}
