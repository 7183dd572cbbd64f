package auth

// Role says what somebody may do. Each role may also do what the lesser ones may.
type Role string

// The roles: a viewer asks questions and reads, an editor also saves, an admin
// also decides who may do what.
const (
	RoleViewer Role = "viewer"
	RoleEditor Role = "editor"
	RoleAdmin  Role = "admin"
)

// Roles are all of them, the least first.
var Roles = []Role{RoleViewer, RoleEditor, RoleAdmin}

// rank is 0 for what is no role, which may do nothing.
func (r Role) rank() int {
	for i, known := range Roles {
		if r == known {
			return i + 1
		}
	}
	return 0
}

// Known reports whether it is one of the Roles.
func (r Role) Known() bool { return r.rank() > 0 }

// May reports whether the role may do what needs the other.
func (r Role) May(needed Role) bool { return needed.Known() && r.rank() >= needed.rank() }

// Scope is what a token may be used for, however much its role may do.
type Scope string

// The scopes: reading is asking and looking, writing is whatever changes
// something that is kept.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
)

// AllScopes are all of them.
var AllScopes = []Scope{ScopeRead, ScopeWrite}
