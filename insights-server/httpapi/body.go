package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// The largest bodies that are read.
const (
	maxQueryBytes = 256 << 10
	maxLoginBytes = 8 << 10
)

// bodyTime is how long a client may take to send a body.
const bodyTime = 15 * time.Second

// readJSON reads a body that is declared as JSON, or not declared at all. What
// curl -d and many libraries say when nobody told them is let pass, as the
// collection API does: the body itself decides. (A form of another site is
// stopped by its Origin, not by its type.)
func readJSON(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	if declared := r.Header.Get(echo.HeaderContentType); declared != "" {
		if media, _, err := mime.ParseMediaType(declared); err != nil || (media != echo.MIMEApplicationJSON && media != echo.MIMEApplicationForm) {
			return nil, errMediaType
		}
	}
	if coding := r.Header.Get(echo.HeaderContentEncoding); coding != "" && coding != "identity" {
		return nil, errMediaType
	}
	// The deadline must be gone before the query runs: net/http takes a read
	// that fails later for a client that went away.
	connection := http.NewResponseController(c.Response())
	if err := connection.SetReadDeadline(time.Now().Add(bodyTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("limit the time for the body: %w", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	if err := connection.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("lift the limit of time for the body: %w", err)
	}
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &large):
		return nil, err
	default:
		return nil, badRequest("incomplete_body", "", "The body ended early: %v.", err)
	}
}

func badRequest(code, field, format string, args ...any) error {
	return &apiError{Status: http.StatusBadRequest, Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// readStrings reads an object whose fields are strings. A field that is null
// counts as absent; names are compared with case.
func readStrings(body []byte, known ...string) (map[string]string, error) {
	object, err := readObject(body, known...)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, raw := range object {
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, badRequest(insight.CodeWrongType, name, "%q is not a string.", name)
		}
		values[name] = value
	}
	return values, nil
}

// readObject takes an object apart. A field that is null counts as absent; names
// are compared with case.
func readObject(body []byte, known ...string) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, badRequest(insight.CodeInvalidUTF8, "", "The body is not valid UTF-8.")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			return nil, badRequest(insight.CodeWrongType, "", "The body is not a JSON object.")
		}
		return nil, badRequest(insight.CodeInvalidJSON, "", "The body is not JSON: %v.", err)
	}
	for name, raw := range object {
		switch {
		case !slices.Contains(known, name):
			return nil, badRequest(insight.CodeUnknownField, name, "There is no field of this name. Known are: %s.", strings.Join(known, ", "))
		case string(raw) == "null":
			delete(object, name)
		}
	}
	return object, nil
}
