package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

const (
	// defaultPage is how many items a page has when the call does not say.
	defaultPage = 50
	// maxUserID is how long a user's id is at most, in bytes.
	maxUserID = 256
)

// parameters are those of a URL's query string. Those that a route does not
// know are refused: a misspelt filter must not answer with everything.
type parameters struct{ values url.Values }

func parametersOf(r *http.Request, known ...string) (parameters, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return parameters{}, badRequest(insight.CodeInvalidValue, "", "The query string is not well formed: %v.", err)
	}
	for name, given := range values {
		switch {
		case !slices.Contains(known, name):
			return parameters{}, badRequest(insight.CodeUnknownField, name, "There is no parameter of this name here. Known are: %s.", strings.Join(known, ", "))
		case len(given) > 1:
			return parameters{}, badRequest(insight.CodeDuplicateField, name, "%q is given twice. Give it once.", name)
		case !utf8.ValidString(given[0]):
			return parameters{}, badRequest(insight.CodeInvalidUTF8, name, "%q is not valid UTF-8.", name)
		case strings.ContainsRune(given[0], 0):
			return parameters{}, badRequest(insight.CodeNULCharacter, name, "%q holds a NUL character, which no stored text does.", name)
		}
	}
	return parameters{values}, nil
}

// text is a parameter of at most maxParameter characters.
func (p parameters) text(name string) (string, error) {
	value := p.values.Get(name)
	if utf8.RuneCountInString(value) > maxParameter {
		return "", badRequest(insight.CodeInvalidValue, name, "%q has more than %d characters.", name, maxParameter)
	}
	return value, nil
}

// limit is the number of items on a page.
func (p parameters) limit() (int, error) {
	if !p.values.Has("limit") {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(p.values.Get("limit"))
	if err != nil || n < 1 || n > query.MaxPage {
		return 0, badRequest(insight.CodeInvalidValue, "limit", "Give a whole number from 1 to %d.", query.MaxPage)
	}
	return n, nil
}

// cursor reads the place where the page begins; nil for the first page.
func cursor[C any](p parameters, parse func(string) (C, bool)) (*C, error) {
	if !p.values.Has("cursor") {
		return nil, nil
	}
	c, ok := parse(p.values.Get("cursor"))
	if !ok {
		return nil, badRequest(insight.CodeInvalidValue, "cursor", `This is no cursor. Give the "next_cursor" of the page before, or leave it out for the first page.`)
	}
	return &c, nil
}

// selection reads event, user_id and filters.
func (p parameters) selection() (query.EventSelection, error) {
	var s query.EventSelection
	var err error
	if s.Event, err = p.text("event"); err != nil {
		return s, err
	}
	if p.values.Has("user_id") {
		id := p.values.Get("user_id")
		switch {
		case id == "":
			return s, badRequest(insight.CodeRequired, "user_id", "Give the id of a user, or leave the parameter out.")
		case len(id) > maxUserID:
			return s, badRequest(insight.CodeInvalidValue, "user_id", "A user's id has at most %d bytes.", maxUserID)
		}
		s.User = &id
	}
	if p.values.Has("filters") {
		s.Filter, err = insight.ParseFilter([]byte(p.values.Get("filters")), "filters")
	}
	return s, err
}

// pathUserID is the id in the path. Echo gives it as the client escaped it
// wherever that differs from the usual, as with a slash.
func pathUserID(c echo.Context) (string, error) {
	id := c.Param("user_id")
	if c.Request().URL.RawPath != "" {
		var err error
		if id, err = url.PathUnescape(id); err != nil {
			return "", badRequest(insight.CodeInvalidValue, "user_id", "The id in the path is not well escaped: %v.", err)
		}
	}
	switch {
	case !utf8.ValidString(id):
		return "", badRequest(insight.CodeInvalidUTF8, "user_id", "The id is not valid UTF-8.")
	case strings.ContainsRune(id, 0):
		return "", badRequest(insight.CodeNULCharacter, "user_id", "The id holds a NUL character, which no stored text does.")
	}
	return id, nil
}
