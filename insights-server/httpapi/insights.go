package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/definition"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

func (s *Server) query(c echo.Context) error {
	c.Response().Header().Add(echo.HeaderVary, echo.HeaderAccept)
	body, err := readJSON(c, maxQueryBytes)
	if err != nil {
		return err
	}
	q, err := insight.Parse(body)
	if err != nil {
		return err
	}
	return s.answerQuery(c, q)
}

// answerQuery runs a query and answers in the form that the caller prefers.
func (s *Server) answerQuery(c echo.Context, q insight.Query) error {
	s.metrics.queries.Inc()
	defer s.metrics.queries.Dec()
	answer, err := s.config.Service.Run(c.Request().Context(), q)
	if s.readiness.observe(err); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Status", cacheStatus(q, answer))
	if prefersCSV(c.Request().Header.Values(echo.HeaderAccept)) {
		text, err := answerCSV(answer)
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "text/csv; charset=utf-8; header=present", text)
	}
	return c.JSON(http.StatusOK, answer)
}

// cacheStatus says, as RFC 9211 does, whether the answer is a kept one, and why
// not.
func cacheStatus(q insight.Query, a insight.Answer) string {
	switch {
	case a.Cached:
		return "dataloaf; hit"
	case q.Refresh, q.Explain:
		return "dataloaf; fwd=request"
	default:
		return "dataloaf; fwd=miss"
	}
}

func (s *Server) events(c echo.Context) error {
	all, err := showsHidden(c.Request())
	if err != nil {
		return err
	}
	events, err := s.config.Service.Events(c.Request().Context())
	if s.readiness.observe(err); err != nil {
		return err
	}
	if !all {
		defined, err := s.config.Saved.EventDefinitions.List(c.Request().Context(), "")
		if s.readiness.observe(err); err != nil {
			return err
		}
		hidden := definition.Hidden(defined, func(d saved.EventDefinition) saved.Definition { return d.Definition })
		events = slices.DeleteFunc(slices.Clone(events), func(e query.EventInfo) bool { return hidden[e.Name] })
	}
	return c.JSON(http.StatusOK, map[string][]query.EventInfo{"events": list(events)})
}

func (s *Server) properties(c echo.Context) error {
	p, err := readParameters(c.Request())
	if err != nil {
		return err
	}
	all, err := showsHidden(c.Request())
	if err != nil {
		return err
	}
	properties, err := s.config.Service.Properties(c.Request().Context(), p.Scope, p.Event)
	if s.readiness.observe(err); err != nil {
		return err
	}
	if !all {
		defined, err := s.propertyDefinitions(c.Request().Context(), p.Scope)
		if err != nil {
			return err
		}
		hidden := definition.Hidden(defined, func(d saved.PropertyDefinition) saved.Definition { return d.Definition })
		properties = slices.DeleteFunc(slices.Clone(properties), func(p query.PropertyInfo) bool { return hidden[p.Name] })
	}
	return c.JSON(http.StatusOK, map[string][]query.PropertyInfo{"properties": list(properties)})
}

func (s *Server) propertyValues(c echo.Context) error {
	p, err := readParameters(c.Request())
	if err != nil {
		return err
	}
	if p.Property == "" {
		return badRequest(insight.CodeRequired, "property", "Give the name of the property.")
	}
	values, err := s.config.Service.PropertyValues(c.Request().Context(), p)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]query.ValueCount{"values": list(values)})
}

// list makes sure that an empty list is [] in JSON and not null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// maxParameter is the number of characters that names have at most.
const maxParameter = 200

// readParameters reads the query string of the catalogue's routes.
func readParameters(r *http.Request) (query.ValuesRequest, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query.ValuesRequest{}, badRequest(insight.CodeInvalidValue, "", "The query string is not well formed: %v.", err)
	}
	for _, name := range []string{"scope", "property", "event", "search"} {
		value := values.Get(name)
		switch {
		case !utf8.ValidString(value):
			return query.ValuesRequest{}, badRequest(insight.CodeInvalidUTF8, name, "%q is not valid UTF-8.", name)
		case strings.ContainsRune(value, 0):
			return query.ValuesRequest{}, badRequest(insight.CodeNULCharacter, name, "%q holds a NUL character, which no stored text does.", name)
		case utf8.RuneCountInString(value) > maxParameter:
			return query.ValuesRequest{}, badRequest(insight.CodeInvalidValue, name, "%q has more than %d characters.", name, maxParameter)
		}
	}
	p := query.ValuesRequest{
		Scope:    insight.Scope(values.Get("scope")),
		Property: values.Get("property"),
		Event:    values.Get("event"),
		Search:   values.Get("search"),
	}
	switch p.Scope {
	case insight.ScopeEvent, insight.ScopeUser:
		return p, nil
	case "":
		return p, badRequest(insight.CodeRequired, "scope", `Give the scope: "event" or "user".`)
	default:
		return p, badRequest(insight.CodeUnknownValue, "scope", `The scope %q is unknown. Give "event" or "user".`, p.Scope)
	}
}
