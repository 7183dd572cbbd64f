package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// access says who may call a route. Its zero value is the strict one, so that a
// route which forgets to declare its own is open to admins alone.
type access int

const (
	// admin is for deciding who may do what: members, tokens, what is deleted for
	// good. Tokens that were made here may not; those of the configuration may.
	admin access = iota
	// editor is for changing what people save; a token needs the scope write.
	editor
	// viewer is for asking and reading, and for what concerns nobody but the
	// caller; a token needs the scope read.
	viewer
	// ownPage needs nobody signed in, but no other site's page either. The three
	// above ask the same of a session's call that changes something.
	ownPage
	// public is open to all.
	public
)

// route is one entry of the table that the server answers by.
type route struct {
	method, path string
	access       access
}

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
	kept := s.config.Saved
	for _, r := range []struct {
		method, path string
		access       access
		handler      echo.HandlerFunc
	}{
		{http.MethodPost, "/api/v1/login", ownPage, s.login},
		{http.MethodPost, "/api/v1/logout", viewer, s.logout},
		{http.MethodGet, "/api/v1/session", viewer, s.session},
		{http.MethodPost, "/api/v1/session/password", viewer, s.setPassword},
		{http.MethodPost, "/api/v1/invitations", admin, s.invite},
		{http.MethodPost, "/api/v1/invitations/accept", ownPage, s.acceptInvitation},
		{http.MethodGet, "/api/v1/members", admin, s.members},
		{http.MethodPatch, "/api/v1/members/:id", admin, s.changeMember},
		{http.MethodDelete, "/api/v1/members/:id", admin, s.removeMember},
		{http.MethodPost, "/api/v1/members/:id/link", admin, s.newLink},
		{http.MethodGet, "/api/v1/tokens", admin, s.tokens},
		{http.MethodPost, "/api/v1/tokens", admin, s.newToken},
		{http.MethodDelete, "/api/v1/tokens/:id", admin, s.revokeToken},
		{http.MethodGet, "/api/v1/deletions", admin, s.deletions},
		{http.MethodPost, "/api/v1/deletions", admin, s.askDeletion},
		{http.MethodPost, "/api/v1/deletions/lookup", admin, s.findDeletions},
		{http.MethodGet, "/api/v1/deletions/:id", admin, s.deletion},
		{http.MethodPost, "/api/v1/query", viewer, s.query},
		{http.MethodGet, "/api/v1/events", viewer, s.events},
		{http.MethodGet, "/api/v1/properties", viewer, s.properties},
		{http.MethodGet, "/api/v1/property-values", viewer, s.propertyValues},
		{http.MethodGet, "/api/v1/pipeline", viewer, s.pipeline},
		{http.MethodGet, "/api/v1/audit", viewer, s.audit},

		{http.MethodGet, eventDefinitionsPath, viewer, s.listEventDefinitions},
		{http.MethodPost, eventDefinitionsPath, editor, createSaved(s, eventDefinitionsPath, kept.EventDefinitions)},
		{http.MethodGet, eventDefinitionsPath + "/:id", viewer, readSaved(s, kept.EventDefinitions)},
		{http.MethodPut, eventDefinitionsPath + "/:id", editor, replaceSaved(s, kept.EventDefinitions)},
		{http.MethodDelete, eventDefinitionsPath + "/:id", editor, deleteSaved(s, kept.EventDefinitions)},
		{http.MethodGet, propertyDefinitionsPath, viewer, s.listPropertyDefinitions},
		{http.MethodPost, propertyDefinitionsPath, editor, createSaved(s, propertyDefinitionsPath, kept.PropertyDefinitions)},
		{http.MethodGet, propertyDefinitionsPath + "/:id", viewer, readSaved(s, kept.PropertyDefinitions)},
		{http.MethodPut, propertyDefinitionsPath + "/:id", editor, replaceSaved(s, kept.PropertyDefinitions)},
		{http.MethodDelete, propertyDefinitionsPath + "/:id", editor, deleteSaved(s, kept.PropertyDefinitions)},
		{http.MethodGet, propertyVolumesPath, viewer, s.propertyVolumes},

		{http.MethodGet, "/api/v1/insights", viewer, listSaved(s, "insights", kept.Insights)},
		{http.MethodPost, "/api/v1/insights", editor, createSaved(s, "/api/v1/insights", kept.Insights)},
		{http.MethodGet, "/api/v1/insights/:id", viewer, readSaved(s, kept.Insights)},
		{http.MethodPut, "/api/v1/insights/:id", editor, replaceSaved(s, kept.Insights)},
		{http.MethodDelete, "/api/v1/insights/:id", editor, s.deleteInsight},
		{http.MethodPost, "/api/v1/insights/:id/duplicate", editor, duplicateSaved(s, "/api/v1/insights", kept.Insights)},
		{http.MethodPost, "/api/v1/insights/:id/run", viewer, s.runInsight},
		{http.MethodGet, "/api/v1/dashboards", viewer, listSaved(s, "dashboards", kept.Dashboards)},
		{http.MethodPost, "/api/v1/dashboards", editor, createSaved(s, "/api/v1/dashboards", kept.Dashboards)},
		{http.MethodGet, "/api/v1/dashboards/:id", viewer, readSaved(s, kept.Dashboards)},
		{http.MethodPut, "/api/v1/dashboards/:id", editor, replaceSaved(s, kept.Dashboards)},
		{http.MethodDelete, "/api/v1/dashboards/:id", editor, deleteSaved(s, kept.Dashboards)},
		{http.MethodPost, "/api/v1/dashboards/:id/duplicate", editor, duplicateSaved(s, "/api/v1/dashboards", kept.Dashboards)},
		{http.MethodGet, "/api/v1/annotations", viewer, s.listAnnotations},
		{http.MethodPost, "/api/v1/annotations", editor, createSaved(s, "/api/v1/annotations", kept.Annotations)},
		{http.MethodGet, "/api/v1/annotations/:id", viewer, readSaved(s, kept.Annotations)},
		{http.MethodPut, "/api/v1/annotations/:id", editor, replaceSaved(s, kept.Annotations)},
		{http.MethodDelete, "/api/v1/annotations/:id", editor, deleteSaved(s, kept.Annotations)},
		{http.MethodGet, "/api/v1/cohorts", viewer, s.listCohorts},
		{http.MethodPost, "/api/v1/cohorts", editor, s.createCohort},
		{http.MethodGet, "/api/v1/cohorts/:id", viewer, s.getCohort},
		{http.MethodPut, "/api/v1/cohorts/:id", editor, s.updateCohort},
		{http.MethodDelete, "/api/v1/cohorts/:id", editor, s.deleteCohort},
		{http.MethodGet, "/api/v1/cohorts/:id/count", viewer, s.countCohort},
		{http.MethodGet, "/api/v1/cohorts/:id/users", viewer, s.cohortUsers},

		{http.MethodGet, "/api/v1/alerts", viewer, s.listAlerts},
		{http.MethodPost, "/api/v1/alerts", editor, s.createAlert},
		{http.MethodGet, "/api/v1/alerts/:id", viewer, s.getAlert},
		{http.MethodPut, "/api/v1/alerts/:id", editor, s.replaceAlert},
		{http.MethodDelete, "/api/v1/alerts/:id", editor, s.deleteAlert},
		{http.MethodGet, "/api/v1/alerts/:id/history", viewer, s.alertHistory},
		{http.MethodPost, "/api/v1/alerts/:id/test", editor, s.testAlert},

		{http.MethodGet, "/api/v1/users", viewer, s.users},
		{http.MethodGet, "/api/v1/users/:user_id", viewer, s.profile},
		{http.MethodGet, "/api/v1/activity", viewer, s.activity},
		{http.MethodGet, streamPath, viewer, s.activityStream},
		{http.MethodGet, "/api/v1/export", viewer, s.export},

		{http.MethodGet, "/healthz", public, s.healthz},
		{http.MethodGet, "/readyz", public, s.readyz},
		{http.MethodGet, "/metrics", public, s.metrics.serve},
	} {
		handler := s.admit(r.access, r.handler)
		s.table = append(s.table, route{r.method, r.path, r.access})
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
