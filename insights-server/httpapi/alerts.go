package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/alert"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Alerts keeps alerts; *alert.Store is the one that is used.
type Alerts interface {
	List(ctx context.Context) ([]alert.Alert, error)
	Get(ctx context.Context, id string) (alert.Alert, error)
	Create(ctx context.Context, text []byte, by string) (alert.Alert, error)
	Replace(ctx context.Context, id string, text []byte, version int64, by string) (alert.Alert, error)
	Delete(ctx context.Context, id string, version int64) error
	Topics() []string
}

// AlertTester sends test notifications; *alert.Checker is the one that is used.
type AlertTester interface {
	Test(ctx context.Context, id string) ([]alert.Delivery, error)
}

// alertBody is an alert as the API shows it.
type alertBody struct {
	ID                string            `json:"id"`
	Name              string            `json:"name"`
	Description       string            `json:"description"`
	Enabled           bool              `json:"enabled"`
	InsightID         string            `json:"insight_id"`
	Measure           alert.Measure     `json:"measure"`
	Group             *alert.Group      `json:"group"`
	Bucket            alert.Bucket      `json:"bucket"`
	Condition         alert.Condition   `json:"condition"`
	CheckEvery        int               `json:"check_every_minutes"`
	CheckWithoutLoads bool              `json:"check_without_loads"`
	NotifyRecovery    bool              `json:"notify_recovery"`
	RepeatAfter       int               `json:"repeat_after_hours"`
	Destinations      []destinationBody `json:"destinations"`
	State             alert.State       `json:"state"`
	Version           int64             `json:"version"`
	CreatedAt         time.Time         `json:"created_at"`
	CreatedBy         string            `json:"created_by"`
	UpdatedAt         time.Time         `json:"updated_at"`
	UpdatedBy         string            `json:"updated_by"`
}

// destinationBody is a destination as the API shows it.
type destinationBody struct {
	ID   string                `json:"id"`
	Kind alert.DestinationKind `json:"kind"`
	// URL is a webhook's: to a viewer its host alone, for the rest of it is what
	// some receivers know a sender by.
	URL      string `json:"url,omitempty"`
	TopicARN string `json:"topic_arn,omitempty"`
	// HasSecret is true for a webhook; Secret is told once, when it was made.
	HasSecret bool   `json:"has_secret"`
	Secret    string `json:"secret,omitempty"`
}

func showAlert(a alert.Alert, who caller) alertBody {
	d := a.Definition
	b := alertBody{
		ID: a.ID, Name: d.Name, Description: d.Description, Enabled: d.Enabled, InsightID: d.InsightID, Measure: d.Measure, Group: d.Group,
		Bucket: d.Bucket, Condition: d.Condition, CheckEvery: d.CheckEvery, CheckWithoutLoads: d.CheckWithoutLoads,
		NotifyRecovery: d.NotifyRecovery, RepeatAfter: d.RepeatAfter, Destinations: []destinationBody{}, State: a.State,
		Version: a.Version, CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, UpdatedAt: a.UpdatedAt, UpdatedBy: a.UpdatedBy,
	}
	for _, to := range d.Destinations {
		shown := destinationBody{ID: to.ID, Kind: to.Kind, URL: to.URL, TopicARN: to.TopicARN, HasSecret: to.Sealed != "", Secret: a.Secrets[to.ID]}
		if shown.URL != "" && !who.user.Role.May(auth.RoleEditor) {
			scheme, _, _ := strings.Cut(to.URL, "://")
			shown.URL = scheme + "://" + alert.Host(to.URL) + "/…"
		}
		b.Destinations = append(b.Destinations, shown)
	}
	return b
}

func (s *Server) listAlerts(c echo.Context) error {
	all, err := s.config.Alerts.List(c.Request().Context())
	if s.readiness.observe(err); err != nil {
		return err
	}
	body := struct {
		Alerts []alertBody `json:"alerts"`
		Topics []string    `json:"topics"`
	}{Alerts: []alertBody{}, Topics: list(s.config.Alerts.Topics())}
	for _, a := range all {
		body.Alerts = append(body.Alerts, showAlert(a, callerOf(c)))
	}
	return c.JSON(http.StatusOK, body)
}

func (s *Server) createAlert(c echo.Context) error {
	body, err := readJSON(c, maxQueryBytes)
	if err != nil {
		return err
	}
	a, err := s.config.Alerts.Create(c.Request().Context(), body, callerOf(c).user.Email)
	if s.readiness.observe(err); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/alerts/"+a.ID)
	return answerAlert(c, http.StatusCreated, a)
}

func (s *Server) getAlert(c echo.Context) error {
	a, err := s.config.Alerts.Get(c.Request().Context(), c.Param("id"))
	if s.readiness.observe(err); err != nil {
		return err
	}
	return answerAlert(c, http.StatusOK, a)
}

func (s *Server) replaceAlert(c echo.Context) error {
	version, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	body, err := readJSON(c, maxQueryBytes)
	if err != nil {
		return err
	}
	a, err := s.config.Alerts.Replace(c.Request().Context(), c.Param("id"), body, version, callerOf(c).user.Email)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return answerAlert(c, http.StatusOK, a)
}

func (s *Server) deleteAlert(c echo.Context) error {
	version, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	err = s.config.Alerts.Delete(c.Request().Context(), c.Param("id"), version)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) alertHistory(c echo.Context) error {
	a, err := s.config.Alerts.Get(c.Request().Context(), c.Param("id"))
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]alert.Entry{"history": list(a.History)})
}

// testAlert tells all destinations of an alert that this is a test. What does not
// get through is part of the answer and no error of the call.
func (s *Server) testAlert(c echo.Context) error {
	deliveries, err := s.config.AlertTester.Test(c.Request().Context(), c.Param("id"))
	if s.readiness.observe(err); err != nil {
		return err
	}
	if len(deliveries) == 0 {
		return badRequest(insight.CodeTooFew, "destinations", "The alert has no destination. Add one, and test it then.")
	}
	return c.JSON(http.StatusOK, map[string][]alert.Delivery{"deliveries": deliveries})
}

func answerAlert(c echo.Context, status int, a alert.Alert) error {
	setVersion(c, a.Version)
	return c.JSON(status, showAlert(a, callerOf(c)))
}
