package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/query"
)

// People tells of users and events as they are, one by one.
type People interface {
	Users(ctx context.Context, r query.UsersRequest) (query.UserPage, error)
	Profile(ctx context.Context, r query.ProfileRequest) (query.Profile, error)
	Activity(ctx context.Context, r query.EventsRequest) (query.EventPage, error)
	News(ctx context.Context, r query.NewsRequest) (query.News, error)
	LastLoad(ctx context.Context) (int64, error)
	Export(ctx context.Context, r query.ExportRequest, each func(query.Event) error) error
}

// userEvent is an event of the user whom the answer is about.
type userEvent struct {
	ID         string          `json:"event_id"`
	Name       string          `json:"event"`
	Time       time.Time       `json:"timestamp"`
	Properties json.RawMessage `json:"properties"`
}

// profileBody is a user with a page of the events.
type profileBody struct {
	query.User
	Events     []userEvent `json:"events"`
	NextCursor *string     `json:"next_cursor"`
}

func (s *Server) profile(c echo.Context) error {
	id, err := pathUserID(c)
	if err != nil {
		return err
	}
	p, err := parametersOf(c.Request(), "limit", "cursor")
	if err != nil {
		return err
	}
	r := query.ProfileRequest{ID: id}
	if r.Limit, err = p.limit(); err != nil {
		return err
	}
	if r.After, err = cursor(p, query.ParseEventCursor); err != nil {
		return err
	}
	found, err := s.config.Service.Profile(c.Request().Context(), r)
	if s.readiness.observe(err); err != nil {
		return err
	}
	body := profileBody{User: found.User, Events: make([]userEvent, len(found.Events)), NextCursor: next(found.Next)}
	for i, e := range found.Events {
		body.Events[i] = userEvent{ID: e.ID, Name: e.Name, Time: e.Time, Properties: e.Properties}
	}
	return c.JSON(http.StatusOK, body)
}

// next writes the cursor of the page after; nil for none.
func next[C interface{ String() string }](cursor *C) *string {
	if cursor == nil {
		return nil
	}
	text := (*cursor).String()
	return &text
}

type usersBody struct {
	Users      []query.User `json:"users"`
	NextCursor *string      `json:"next_cursor"`
}

func (s *Server) users(c echo.Context) error {
	p, err := parametersOf(c.Request(), "search", "limit", "cursor")
	if err != nil {
		return err
	}
	var r query.UsersRequest
	if r.Search, err = p.text("search"); err != nil {
		return err
	}
	if r.Limit, err = p.limit(); err != nil {
		return err
	}
	if r.After, err = cursor(p, query.ParseUserCursor); err != nil {
		return err
	}
	page, err := s.config.Service.Users(c.Request().Context(), r)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, usersBody{Users: list(page.Users), NextCursor: next(page.Next)})
}

type activityBody struct {
	Events     []query.Event `json:"events"`
	NextCursor *string       `json:"next_cursor"`
}

func (s *Server) activity(c echo.Context) error {
	p, err := parametersOf(c.Request(), "event", "user_id", "filters", "limit", "cursor")
	if err != nil {
		return err
	}
	var r query.EventsRequest
	if r.EventSelection, err = p.selection(); err != nil {
		return err
	}
	if r.Limit, err = p.limit(); err != nil {
		return err
	}
	if r.After, err = cursor(p, query.ParseEventCursor); err != nil {
		return err
	}
	page, err := s.config.Service.Activity(c.Request().Context(), r)
	if s.readiness.observe(err); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, activityBody{Events: list(page.Events), NextCursor: next(page.Next)})
}
