package httpapi

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// maxEmail is the length of an address at most, as SMTP has it.
const maxEmail = 254

// memberBody is a member as admins see one.
type memberBody struct {
	ID    string     `json:"id"`
	Email string     `json:"email"`
	Role  auth.Role  `json:"role"`
	State auth.State `json:"state"`
	// FirstAdmin tells who comes from the configuration, and cannot be changed.
	FirstAdmin    bool       `json:"first_admin"`
	LinkExpiresAt *time.Time `json:"link_expires_at"`
	CreatedAt     *time.Time `json:"created_at"`
	CreatedBy     *string    `json:"created_by"`
}

func newMemberBody(m auth.Member) memberBody {
	b := memberBody{ID: m.ID, Email: m.Email, Role: m.Role, State: m.State, CreatedAt: &m.CreatedAt, CreatedBy: &m.CreatedBy}
	b.LinkExpiresAt = unlessZero(m.LinkExpiresAt)
	return b
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (s *Server) members(c echo.Context) error {
	members, err := s.config.Directory.Members(c.Request().Context())
	if err != nil {
		return err
	}
	first := s.config.Directory.Admin()
	all := []memberBody{{ID: first.ID, Email: first.Email, Role: first.Role, State: auth.StateActive, FirstAdmin: true}}
	for _, m := range members {
		all = append(all, newMemberBody(m))
	}
	return c.JSON(http.StatusOK, map[string][]memberBody{"members": all})
}

// linkBody carries a one-time link: the only answer that ever shows it.
type linkBody struct {
	Member memberBody `json:"member"`
	Link   string     `json:"link"`
}

// answerLink writes the link after the address by which the caller knows the
// server. The token is in the fragment, which browsers send to nobody.
func (s *Server) answerLink(c echo.Context, m auth.Member, token string) error {
	return c.JSON(http.StatusCreated, linkBody{newMemberBody(m), s.address(c.Request()) + "/invitation#" + token})
}

// address is where browsers reach the server: as it is configured, or as the
// call found it.
func (s *Server) address(r *http.Request) string {
	if len(s.config.Origins) > 0 {
		return strings.TrimRight(s.config.Origins[0], "/")
	}
	if s.secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Server) invite(c echo.Context) error {
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "email", "role")
	if err != nil {
		return err
	}
	email, err := readEmail(given["email"])
	if err != nil {
		return err
	}
	if given["role"] == "" {
		return badRequest(insight.CodeRequired, "role", "Give the role: viewer, editor or admin.")
	}
	role, err := readRole(given["role"])
	if err != nil {
		return err
	}
	m, token, err := s.config.Directory.Invite(c.Request().Context(), email, role, callerOf(c).user.Email)
	if err != nil {
		return err
	}
	return s.answerLink(c, m, token)
}

func (s *Server) newLink(c echo.Context) error {
	m, token, err := s.config.Directory.NewLink(c.Request().Context(), c.Param("id"), callerOf(c).user.Email)
	if err != nil {
		return err
	}
	return s.answerLink(c, m, token)
}

func (s *Server) acceptInvitation(c echo.Context) error {
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "token", "password")
	if err != nil {
		return err
	}
	for _, name := range []string{"token", "password"} {
		if given[name] == "" {
			return badRequest(insight.CodeRequired, name, "Give %q.", name)
		}
	}
	attempt, err := s.beginAttempt(c.Request())
	if err != nil {
		return err
	}
	user, err := s.config.Directory.Accept(c.Request().Context(), given["token"], given["password"])
	if err := settle(attempt, err); err != nil {
		return err
	}
	return s.startSession(c, user)
}

// errYourself keeps admins from shutting themselves out by mistake.
var errYourself = &apiError{Status: http.StatusConflict, Code: "yourself", Message: "You cannot take your own rights away. Ask another admin."}

func (s *Server) changeMember(c echo.Context) error {
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readStrings(body, "role", "state")
	if err != nil {
		return err
	}
	var change auth.MemberChange
	if role, ok := given["role"]; ok {
		if change.Role, err = readRole(role); err != nil {
			return err
		}
	}
	if state, ok := given["state"]; ok {
		switch change.State = auth.State(state); change.State {
		case auth.StateActive, auth.StateDisabled:
		default:
			return badRequest(insight.CodeUnknownValue, "state", `The state %q cannot be set. Give "active" or "disabled".`, state)
		}
	}
	if change == (auth.MemberChange{}) {
		return badRequest(insight.CodeRequired, "", "Give what to change: role or state.")
	}
	id, who := c.Param("id"), callerOf(c).user
	if id == who.ID && id != auth.AdminID && (change.State == auth.StateDisabled || change.Role != "" && change.Role != who.Role) {
		return errYourself
	}
	m, err := s.config.Directory.ChangeMember(c.Request().Context(), id, change, who.Email)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newMemberBody(m))
}

func (s *Server) removeMember(c echo.Context) error {
	id := c.Param("id")
	if id == callerOf(c).user.ID && id != auth.AdminID {
		return errYourself
	}
	if err := s.config.Directory.RemoveMember(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func readRole(s string) (auth.Role, error) {
	role := auth.Role(s)
	if !role.Known() {
		return "", badRequest(insight.CodeUnknownValue, "role", "The role %q is unknown. Give viewer, editor or admin.", s)
	}
	return role, nil
}

// readEmail takes a plain address, without a name beside it.
func readEmail(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", badRequest(insight.CodeRequired, "email", "Give the address of whom to invite.")
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || len(s) > maxEmail {
		return "", badRequest(insight.CodeInvalidValue, "email", "%q is not an email address such as ada@example.com.", s)
	}
	return s, nil
}

// tokenBody is a token as admins see one.
type tokenBody struct {
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Hint       string       `json:"hint"`
	Scopes     []auth.Scope `json:"scopes"`
	ExpiresAt  *time.Time   `json:"expires_at"`
	LastUsedAt *time.Time   `json:"last_used_at"`
	CreatedAt  time.Time    `json:"created_at"`
	CreatedBy  string       `json:"created_by"`
}

func newTokenBody(t auth.Token) tokenBody {
	return tokenBody{
		ID: t.ID, Name: t.Name, Hint: t.Hint, Scopes: list(t.Scopes), CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy,
		ExpiresAt: unlessZero(t.ExpiresAt), LastUsedAt: unlessZero(t.LastUsedAt),
	}
}

func (s *Server) tokens(c echo.Context) error {
	made, configured, err := s.config.Directory.Tokens(c.Request().Context())
	if err != nil {
		return err
	}
	body := struct {
		Tokens     []tokenBody `json:"tokens"`
		Configured int         `json:"configured"`
	}{[]tokenBody{}, configured}
	for _, t := range made {
		body.Tokens = append(body.Tokens, newTokenBody(t))
	}
	return c.JSON(http.StatusOK, body)
}

func (s *Server) newToken(c echo.Context) error {
	body, err := readJSON(c, maxLoginBytes)
	if err != nil {
		return err
	}
	given, err := readObject(body, "name", "scopes", "expires_at")
	if err != nil {
		return err
	}
	name, err := readName(given["name"])
	if err != nil {
		return err
	}
	scopes, err := readScopes(given["scopes"])
	if err != nil {
		return err
	}
	var expires time.Time
	if raw, ok := given["expires_at"]; ok {
		if err := json.Unmarshal(raw, &expires); err != nil {
			return badRequest(insight.CodeInvalidValue, "expires_at", "%s is not a time such as \"2027-01-31T00:00:00Z\".", raw)
		}
		if !expires.After(s.config.Now()) {
			return badRequest(insight.CodeInvalidValue, "expires_at", "The token would have expired already. Give a time to come, or none.")
		}
	}
	t, secret, err := s.config.Directory.NewToken(c.Request().Context(), name, scopes, expires, callerOf(c).user.Email)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, struct {
		Token  tokenBody `json:"token"`
		Secret string    `json:"secret"`
	}{newTokenBody(t), secret})
}

func (s *Server) revokeToken(c echo.Context) error {
	if err := s.config.Directory.Revoke(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// maxTokenName is the number of characters of a token's name.
const maxTokenName = 100

func readName(raw json.RawMessage) (string, error) {
	var name string
	if raw != nil {
		if err := json.Unmarshal(raw, &name); err != nil {
			return "", badRequest(insight.CodeWrongType, "name", `"name" is not a string.`)
		}
	}
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", badRequest(insight.CodeRequired, "name", "Give the token a name that tells what it is for.")
	case utf8.RuneCountInString(name) > maxTokenName, strings.ContainsFunc(name, unicode.IsControl):
		return "", badRequest(insight.CodeInvalidValue, "name", "A name is one line of at most %d characters.", maxTokenName)
	}
	return name, nil
}

func readScopes(raw json.RawMessage) ([]auth.Scope, error) {
	var scopes []auth.Scope
	if raw != nil {
		if err := json.Unmarshal(raw, &scopes); err != nil {
			return nil, badRequest(insight.CodeWrongType, "scopes", `"scopes" is not a list of strings.`)
		}
	}
	if len(scopes) == 0 {
		return nil, badRequest(insight.CodeRequired, "scopes", `Give the scopes: "read", "write" or both.`)
	}
	for _, scope := range scopes {
		if !slices.Contains(auth.AllScopes, scope) {
			return nil, badRequest(insight.CodeUnknownValue, "scopes", `The scope %q is unknown. Give "read", "write" or both.`, scope)
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}
