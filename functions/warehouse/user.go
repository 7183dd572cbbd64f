package warehouse

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// UserWrite is one posted user or one user update: the unit that merges.
type UserWrite struct {
	UserID string
	// CreatedAt is set for a posted user and nil for an update, which says
	// nothing about when the user was created.
	CreatedAt *time.Time
	// At is the time by which the attributes compete: updated_at of an update,
	// created_at of a posted user.
	At time.Time
	// Attributes is a JSON object; a null removes the attribute.
	Attributes json.RawMessage
}

// FromNewUser is the write that a posted user makes.
func FromNewUser(u wire.NewUser) UserWrite {
	created := u.CreatedAt
	return UserWrite{UserID: u.UserID, CreatedAt: &created, At: u.CreatedAt, Attributes: u.Attributes}
}

// FromUpdate is the write that a user update makes.
func FromUpdate(u wire.UserUpdate) UserWrite {
	return UserWrite{UserID: u.UserID, At: u.UpdatedAt, Attributes: u.Attributes}
}

// Attribute is the last word on one attribute of a user.
type Attribute struct {
	// Value is canonical JSON (RFC 8785); "null" for an attribute that was
	// removed, which is remembered so that an older write cannot bring it back.
	Value string
	// At is the time of the write that won, in microseconds since 1970.
	At int64
}

// removed is the value of a removed attribute.
const removed = "null"

// Removed reports whether the attribute was removed.
func (a Attribute) Removed() bool { return a.Value == removed }

// beats reports whether a wins over b: the later write, and between writes of
// the same time the greater canonical text, null lowest. It is a total order
// over distinct attributes, which is why merging in any order ends the same.
func (a Attribute) beats(b Attribute) bool {
	if a.At != b.At {
		return a.At > b.At
	}
	if (a.Value == removed) != (b.Value == removed) {
		return b.Value == removed
	}
	return a.Value > b.Value
}

// User is the merged state of one user.
type User struct {
	ID string
	// CreatedAt is the earliest that was posted, nil while none was.
	CreatedAt *time.Time
	// UpdatedAt is the time of the newest write.
	UpdatedAt  time.Time
	Attributes map[string]Attribute
}

// State is the user that a single write makes. It fails, with a *DataError,
// when the attributes are not a JSON object.
func (w UserWrite) State() (User, error) {
	u := User{ID: w.UserID, CreatedAt: w.CreatedAt, UpdatedAt: w.At, Attributes: map[string]Attribute{}}
	if len(w.Attributes) == 0 {
		return u, nil
	}
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(w.Attributes, &attributes); err != nil {
		return User{}, &DataError{Err: fmt.Errorf("attributes of user %q: %w", w.UserID, err)}
	}
	at := w.At.UnixMicro()
	for name, value := range attributes {
		canonical, err := wire.Canonical(value)
		if err != nil {
			return User{}, &DataError{Err: fmt.Errorf("attribute %q of user %q: %w", name, w.UserID, err)}
		}
		u.Attributes[name] = Attribute{Value: string(canonical), At: at}
	}
	return u, nil
}

// Merge joins two states of the same user. It is associative, commutative and
// idempotent, so that any order, repetition and split of the same writes ends
// in the same row; it is the only place where the rule is written. Neither
// argument is changed.
func Merge(a, b User) User {
	out := User{ID: a.ID, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, Attributes: maps.Clone(a.Attributes)}
	if out.Attributes == nil {
		out.Attributes = make(map[string]Attribute, len(b.Attributes))
	}
	if b.CreatedAt != nil && (out.CreatedAt == nil || b.CreatedAt.Before(*out.CreatedAt)) {
		out.CreatedAt = b.CreatedAt
	}
	if b.UpdatedAt.After(out.UpdatedAt) {
		out.UpdatedAt = b.UpdatedAt
	}
	for name, theirs := range b.Attributes {
		if ours, ok := out.Attributes[name]; !ok || theirs.beats(ours) {
			out.Attributes[name] = theirs
		}
	}
	return out
}

// EncodeAttributes gives the two JSON objects that a row keeps: the values of
// the attributes that are set, and for every attribute, removed ones too, the
// time of its last write in microseconds since 1970. Keys are sorted, so equal
// states give equal text.
func (u User) EncodeAttributes() (attributes, times string) {
	names := slices.Sorted(maps.Keys(u.Attributes))
	var values, ats strings.Builder
	values.WriteByte('{')
	ats.WriteByte('{')
	for _, name := range names {
		a := u.Attributes[name]
		key := quoteJSON(name)
		if ats.Len() > 1 {
			ats.WriteByte(',')
		}
		fmt.Fprintf(&ats, "%s:%d", key, a.At)
		if a.Removed() {
			continue
		}
		if values.Len() > 1 {
			values.WriteByte(',')
		}
		values.WriteString(key + ":" + a.Value)
	}
	values.WriteByte('}')
	ats.WriteByte('}')
	return values.String(), ats.String()
}

// DecodeAttributes is the reverse of EncodeAttributes for a row read back from
// an engine, which may have written the same JSON in another form.
func DecodeAttributes(attributes, times string) (map[string]Attribute, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(attributes), &values); err != nil {
		return nil, fmt.Errorf("stored attributes: %w", err)
	}
	var ats map[string]int64
	if err := json.Unmarshal([]byte(times), &ats); err != nil {
		return nil, fmt.Errorf("stored attribute times: %w", err)
	}
	out := make(map[string]Attribute, len(ats))
	for name, at := range ats {
		value, ok := values[name]
		if !ok {
			out[name] = Attribute{Value: removed, At: at}
			continue
		}
		canonical, err := wire.Canonical(value)
		if err != nil {
			return nil, fmt.Errorf("stored attribute %q: %w", name, err)
		}
		out[name] = Attribute{Value: string(canonical), At: at}
	}
	return out, nil
}

// quoteJSON is the JSON string of s, with no HTML escapes.
func quoteJSON(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// A string always encodes; a Builder never fails.
	_ = enc.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}
