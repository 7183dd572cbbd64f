package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/deletion"
)

// Deletions keeps what was asked to be deleted; *deletion.Store is the one that is
// used.
type Deletions interface {
	Ask(ctx context.Context, userID, reason, by string) (deletion.Deletion, error)
	List(ctx context.Context) ([]deletion.Deletion, error)
	Get(ctx context.Context, id string) (deletion.Deletion, error)
	Find(ctx context.Context, userID string) ([]deletion.Deletion, error)
}

func (s *Server) askDeletion(c echo.Context) error {
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "user_id", "reason")
	if err != nil {
		return err
	}
	by := callerOf(c).user.Email
	made, err := s.config.Deletions.Ask(c.Request().Context(), given["user_id"], given["reason"], by)
	if s.readiness.observe(err); err != nil {
		return err
	}
	s.config.Logger.InfoContext(c.Request().Context(), "the deletion of a user's data was asked for", "deletion", made.ID, "by", by)
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/deletions/"+made.ID)
	return c.JSON(http.StatusCreated, made)
}

func (s *Server) deletions(c echo.Context) error {
	all, err := s.config.Deletions.List(c.Request().Context())
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]deletion.Deletion{"deletions": list(all)})
}

func (s *Server) deletion(c echo.Context) error {
	found, err := s.config.Deletions.Get(c.Request().Context(), c.Param("id"))
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

// findDeletions takes the id in the body: what stands in an address, logs keep.
func (s *Server) findDeletions(c echo.Context) error {
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "user_id")
	if err != nil {
		return err
	}
	found, err := s.config.Deletions.Find(c.Request().Context(), given["user_id"])
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]deletion.Deletion{"deletions": list(found)})
}
