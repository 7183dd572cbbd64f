package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
)

// Login is a user of the warehouse and its password. It prints without the
// password.
type Login struct{ Username, Password string }

// String implements fmt.Stringer without the password.
func (l Login) String() string { return "login of " + l.Username }

// GoString implements fmt.GoStringer without the password.
func (l Login) GoString() string { return l.String() }

// LogValue implements slog.LogValuer without the password.
func (l Login) LogValue() slog.Value { return slog.StringValue(l.String()) }

// LoginFunc gives the login that counts now. It may answer from memory, unless
// fresh: then the one that it gave before was refused.
type LoginFunc func(ctx context.Context, fresh bool) (Login, error)

// Accounts are the three users that work in the warehouse. None of them is its admin:
// each may do what its program does and no more.
type Accounts struct {
	// Load owns the tables, migrates them and fills them.
	Load Login
	// Update merges user updates.
	Update Login
	// Insights reads.
	Insights Login
}

// username is what the name of a user may be made of. It stands in statements
// that take no bound values; quotes are put around it, and this keeps from it
// what would be read in more than one way.
var username = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Check reports what keeps the users from being made beside an admin.
func (a Accounts) Check(admin string) error {
	seen := map[string]string{admin: "the admin"}
	var problems []error
	for _, user := range []struct {
		role  string
		login Login
	}{{"load", a.Load}, {"update", a.Update}, {"insights", a.Insights}} {
		name := user.login.Username
		switch other, twice := seen[name]; {
		case !username.MatchString(name):
			problems = append(problems, fmt.Errorf("the name %q of the user for %s: give lower-case letters, digits and underscores, beginning with no digit", name, user.role))
		case twice:
			problems = append(problems, fmt.Errorf("the user for %s is named %q, as is %s: give each a name of its own", user.role, name, other))
		case user.login.Password == "":
			problems = append(problems, fmt.Errorf("the user %q for %s has no password", name, user.role))
		}
		seen[name] = "the user for " + user.role
	}
	return errors.Join(problems...)
}
