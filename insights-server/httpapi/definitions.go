package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/definition"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// Seen reads what the warehouse knows of events and properties;
// *query.Service is the one that is used.
type Seen interface {
	EventVolumes(ctx context.Context, r insight.Query) ([]query.EventVolume, error)
	SeenProperties(ctx context.Context, scope insight.Scope, event string) ([]query.SeenProperty, error)
	PropertyVolumes(ctx context.Context, property string, r insight.Query) ([]query.PropertyVolume, error)
}

const (
	eventDefinitionsPath    = "/api/v1/definitions/events"
	propertyDefinitionsPath = "/api/v1/definitions/properties"
	propertyVolumesPath     = "/api/v1/definitions/property-volumes"
)

// definedRange is the range of volumes when the call does not say.
const definedRange = "30d"

// rangeAnswer says which instants were counted: from <= t < to.
type rangeAnswer struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (s *Server) listEventDefinitions(c echo.Context) error {
	p, err := parametersOf(c.Request(), "from", "to", "last", "timezone")
	if err != nil {
		return err
	}
	r, bounds, err := s.period(p)
	if err != nil {
		return err
	}
	defined, err := s.config.Saved.EventDefinitions.List(c.Request().Context(), "")
	if s.readiness.observe(err); err != nil {
		return err
	}
	seen, err := s.config.Service.EventVolumes(c.Request().Context(), r)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Range  rangeAnswer        `json:"range"`
		Events []definition.Event `json:"events"`
	}{bounds, definition.Events(seen, defined)})
}

func (s *Server) listPropertyDefinitions(c echo.Context) error {
	if _, err := parametersOf(c.Request(), "scope", "event"); err != nil {
		return err
	}
	p, err := readParameters(c.Request())
	if err != nil {
		return err
	}
	defined, err := s.propertyDefinitions(c.Request().Context(), p.Scope)
	if err != nil {
		return err
	}
	seen, err := s.config.Service.SeenProperties(c.Request().Context(), p.Scope, p.Event)
	if s.readiness.observe(err); err != nil {
		return err
	}
	if p.Scope == insight.ScopeEvent && p.Event != "" && p.Event != insight.AnyEvent {
		// A definition is of the property on all events: of those that this event
		// never had, nothing says that it is to have them.
		defined = slices.DeleteFunc(defined, func(d saved.Item[saved.PropertyDefinition]) bool {
			return !slices.ContainsFunc(seen, func(p query.SeenProperty) bool { return p.Name == d.Content.Name })
		})
	}
	return c.JSON(http.StatusOK, map[string][]definition.Property{"properties": definition.Properties(seen, defined)})
}

// propertyDefinitions gives those of one scope.
func (s *Server) propertyDefinitions(ctx context.Context, scope insight.Scope) ([]saved.Item[saved.PropertyDefinition], error) {
	defined, err := s.config.Saved.PropertyDefinitions.List(ctx, "")
	s.readiness.observe(err)
	return slices.DeleteFunc(defined, func(d saved.Item[saved.PropertyDefinition]) bool { return d.Content.Scope != scope }), err
}

func (s *Server) propertyVolumes(c echo.Context) error {
	p, err := parametersOf(c.Request(), "property", "from", "to", "last", "timezone")
	if err != nil {
		return err
	}
	property, err := p.text("property")
	if err != nil {
		return err
	}
	if property == "" {
		return badRequest(insight.CodeRequired, "property", "Give the name of a property of events.")
	}
	r, bounds, err := s.period(p)
	if err != nil {
		return err
	}
	volumes, err := s.config.Service.PropertyVolumes(c.Request().Context(), property, r)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Range  rangeAnswer            `json:"range"`
		Events []query.PropertyVolume `json:"events"`
	}{bounds, list(volumes)})
}

// period reads from, to, last and timezone: a query of which only the range
// counts, and its instants.
func (s *Server) period(p parameters) (insight.Query, rangeAnswer, error) {
	given := map[string]string{}
	for _, name := range []string{"from", "to", "last"} {
		if p.values.Has(name) {
			given[name] = p.values.Get(name)
		}
	}
	if len(given) == 0 {
		given["last"] = definedRange
	}
	r, err := insight.ParsePeriod(given, p.values.Get("timezone"))
	if err != nil {
		return insight.Query{}, rangeAnswer{}, err
	}
	bounds := r.Bounds(s.config.Now())
	return r, rangeAnswer{bounds.From, bounds.To}, nil
}

// showsHidden reads the parameter hidden of the catalogue: without it, or with
// true, names that their definitions hide are listed as well.
func showsHidden(r *http.Request) (bool, error) {
	values, err := queryString(r, "hidden")
	if err != nil {
		return false, err
	}
	switch values.Get("hidden") {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, badRequest(insight.CodeUnknownValue, "hidden", `Give "false" to leave out what is hidden, or leave "hidden" out.`)
	}
}
