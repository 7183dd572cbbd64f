package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/cohort"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// Cohorts keeps cohorts; *cohort.Store is the one that is used.
type Cohorts interface {
	List(ctx context.Context) ([]cohort.Cohort, error)
	Get(ctx context.Context, id string) (cohort.Cohort, error)
	Create(ctx context.Context, draft insight.CohortDraft, by string) (cohort.Cohort, error)
	Update(ctx context.Context, id string, draft insight.CohortDraft, by string) (cohort.Cohort, error)
	Delete(ctx context.Context, id string, version int64) error
}

// defaultCohortPage is how many users of a cohort a page has.
const defaultCohortPage = 50

func (s *Server) listCohorts(c echo.Context) error {
	cohorts, err := s.config.Cohorts.List(c.Request().Context())
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]cohort.Cohort{"cohorts": list(cohorts)})
}

func (s *Server) createCohort(c echo.Context) error {
	draft, err := readCohort(c)
	if err != nil {
		return err
	}
	if draft.Version != 0 {
		return badRequest(insight.CodeNotAllowed, "version", "A new cohort has no version yet. Leave it out.")
	}
	made, err := s.config.Cohorts.Create(c.Request().Context(), draft, callerOf(c).user.Email)
	if s.readiness.observe(err); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/cohorts/"+made.ID)
	return answerCohort(c, http.StatusCreated, made)
}

func (s *Server) getCohort(c echo.Context) error {
	found, err := s.config.Cohorts.Get(c.Request().Context(), c.Param("id"))
	if s.readiness.observe(err); err != nil {
		return err
	}
	return answerCohort(c, http.StatusOK, found)
}

func (s *Server) updateCohort(c echo.Context) error {
	draft, err := readCohort(c)
	if err != nil {
		return err
	}
	version, err := ifMatch(c.Request())
	switch {
	case err != nil:
		return err
	case draft.Version == 0:
		draft.Version = version
	case version != 0 && version != draft.Version:
		return badRequest(insight.CodeNotAllowed, "version", "The version differs from that of If-Match. Give one of the two.")
	}
	changed, err := s.config.Cohorts.Update(c.Request().Context(), c.Param("id"), draft, callerOf(c).user.Email)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return answerCohort(c, http.StatusOK, changed)
}

func (s *Server) deleteCohort(c echo.Context) error {
	version, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	err = s.config.Cohorts.Delete(c.Request().Context(), c.Param("id"), version)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) countCohort(c echo.Context) error {
	definition, err := s.cohortDefinition(c)
	if err != nil {
		return err
	}
	n, err := s.config.Service.CohortCount(c.Request().Context(), definition)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]int64{"count": n})
}

// cohortUser is a user in a list.
type cohortUser struct {
	UserID string `json:"user_id"`
}

func (s *Server) cohortUsers(c echo.Context) error {
	limit, after := defaultCohortPage, c.QueryParam("after")
	if text := c.QueryParam("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > query.MaxCohortPage {
			return badRequest(insight.CodeInvalidValue, "limit", "Give a whole number from 1 to %d.", query.MaxCohortPage)
		}
	}
	if !utf8.ValidString(after) || strings.ContainsRune(after, 0) {
		return badRequest(insight.CodeInvalidUTF8, "after", "This is no user's id. Give the \"next\" of the page before.")
	}
	definition, err := s.cohortDefinition(c)
	if err != nil {
		return err
	}
	users, more, err := s.config.Service.CohortUsers(c.Request().Context(), definition, after, limit)
	if s.readiness.observe(err); err != nil {
		return err
	}
	body := struct {
		Users []cohortUser `json:"users"`
		Next  *string      `json:"next"`
	}{Users: make([]cohortUser, len(users))}
	for i, id := range users {
		body.Users[i].UserID = id
	}
	if more {
		body.Next = &users[len(users)-1]
	}
	return c.JSON(http.StatusOK, body)
}

// cohortDefinition reads the cohort that the path names.
func (s *Server) cohortDefinition(c echo.Context) (insight.Cohort, error) {
	found, err := s.config.Cohorts.Get(c.Request().Context(), c.Param("id"))
	if s.readiness.observe(err); err != nil {
		return insight.Cohort{}, err
	}
	return insight.ParseCohort(found.Definition)
}

func readCohort(c echo.Context) (insight.CohortDraft, error) {
	body, err := readJSON(c, maxQueryBytes)
	if err != nil {
		return insight.CohortDraft{}, err
	}
	return insight.ParseCohortDraft(body)
}

func answerCohort(c echo.Context, status int, found cohort.Cohort) error {
	setVersion(c, found.Version)
	return c.JSON(status, found)
}
