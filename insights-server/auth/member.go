package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/document"
)

// kindMember are the documents of members.
const kindMember document.Kind = "user"

// LinkLife is how long a one-time link may be used.
const LinkLife = 7 * 24 * time.Hour

// MaxMembers bounds how many there are: the copy in memory holds all of them.
const MaxMembers = 1000

// State says how far a member is.
type State string

// A member is invited until they choose a password. One who is disabled cannot
// sign in, and keeps their place.
const (
	StateInvited  State = "invited"
	StateActive   State = "active"
	StateDisabled State = "disabled"
)

// The errors of changes to members. ErrLink says that a link's token is
// unknown, used or too old, and not which.
var (
	ErrNoMember       = errors.New("there is no such member")
	ErrMemberExists   = errors.New("there is a member with this address")
	ErrTooManyMembers = errors.New("there are too many members")
	ErrFirstAdmin     = errors.New("the first admin comes from the configuration")
	ErrDisabled       = errors.New("the member is disabled")
	ErrLink           = errors.New("the link is unknown, used or too old")
)

// Member is someone whom an admin invited.
type Member struct {
	ID    string
	Email string
	Role  Role
	State State
	// LinkExpiresAt is when the member's one-time link expires; the zero time
	// when there is none.
	LinkExpiresAt time.Time
	CreatedAt     time.Time
	CreatedBy     string
}

// record is a member as a document.
type record struct {
	Email string `json:"email"`
	Role  Role   `json:"role"`
	State State  `json:"state"`
	// Hash is empty until there is a password.
	Hash string `json:"hash,omitempty"`
	// Mark is in the member's sessions: another one ends them.
	Mark string `json:"mark"`
	Link *link  `json:"link,omitempty"`
}

// link is a one-time link: the sum of its token alone.
type link struct {
	Sum       string    `json:"sum"`
	ExpiresAt time.Time `json:"expires_at"`
}

// member is one in the copy.
type member struct {
	Member
	folded  string
	linkSum string
	mark    string
	hash    phc
}

func (m member) user() User {
	return User{ID: m.ID, Email: m.Email, Role: m.Role, mark: m.mark, hash: m.hash}
}

func readMember(d document.Document) (member, error) {
	var r record
	if err := json.Unmarshal(d.Body, &r); err != nil {
		return member{}, fmt.Errorf("read member %s: %w", d.ID, err)
	}
	m := member{
		Member: Member{ID: d.ID, Email: r.Email, Role: r.Role, State: r.State, CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy},
		folded: fold(r.Email), mark: r.Mark,
	}
	if r.Link != nil {
		m.linkSum, m.LinkExpiresAt = r.Link.Sum, r.Link.ExpiresAt
	}
	switch {
	case !r.Role.Known():
		return member{}, fmt.Errorf("read member %s: there is no role %q", d.ID, r.Role)
	case r.State == StateActive:
		var err error
		if m.hash, err = parseHash(r.Hash); err != nil {
			return member{}, fmt.Errorf("read member %s: %w", d.ID, err)
		}
	}
	return m, nil
}

// byEmail gives the oldest member with the address; d.mu is held.
func (d *Directory) byEmail(email string) *member {
	email = fold(email)
	for i := range d.members {
		if d.members[i].folded == email {
			return &d.members[i]
		}
	}
	return nil
}

// Members gives all members, the oldest first, without the first admin.
func (d *Directory) Members(ctx context.Context) ([]Member, error) {
	if _, err := d.renew(ctx, RenewAfter); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []Member
	for _, m := range d.members {
		all = append(all, m.Member)
	}
	return all, nil
}

// Invite makes a member and the token of the one-time link by which they choose
// their password.
func (d *Directory) Invite(ctx context.Context, email string, role Role, by string) (Member, string, error) {
	if d.isAdmin(email) {
		return Member{}, "", fmt.Errorf("invite %s: %w", email, ErrMemberExists)
	}
	if _, err := d.renew(ctx, RenewAfter); err != nil {
		return Member{}, "", err
	}
	token, l, err := d.newLink()
	if err != nil {
		return Member{}, "", err
	}
	mark, err := d.newMark()
	if err != nil {
		return Member{}, "", err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	d.mu.Lock()
	exists, full := d.byEmail(email) != nil, len(d.members) >= MaxMembers
	d.mu.Unlock()
	switch {
	case exists:
		return Member{}, "", fmt.Errorf("invite %s: %w", email, ErrMemberExists)
	case full:
		return Member{}, "", fmt.Errorf("invite %s: %w", email, ErrTooManyMembers)
	}
	m, err := d.create(ctx, record{Email: email, Role: role, State: StateInvited, Mark: mark, Link: l}, by)
	if err != nil {
		d.distrust()
		return Member{}, "", err
	}
	d.mu.Lock()
	d.members = append(d.members, m)
	d.mu.Unlock()
	return m.Member, token, nil
}

// create saves a new member. Of two that other processes make at the same time
// the older stays.
func (d *Directory) create(ctx context.Context, r record, by string) (member, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return member{}, fmt.Errorf("invite %s: %w", r.Email, err)
	}
	made, err := d.config.Store.Create(ctx, kindMember, body, by)
	if err != nil {
		return member{}, fmt.Errorf("invite %s: %w", r.Email, err)
	}
	all, err := d.config.Store.List(ctx, kindMember)
	if err != nil {
		return member{}, fmt.Errorf("invite %s: %w", r.Email, err)
	}
	for _, other := range all {
		if other.ID == made.ID {
			break
		}
		if m, err := readMember(other); err == nil && m.folded == fold(r.Email) {
			if err := d.config.Store.Delete(ctx, kindMember, made.ID, 0); err != nil {
				return member{}, fmt.Errorf("invite %s: take back the second of two: %w", r.Email, err)
			}
			return member{}, fmt.Errorf("invite %s: %w", r.Email, ErrMemberExists)
		}
	}
	return readMember(made)
}

// NewLink makes another one-time link for a member, in place of the one before:
// to accept the invitation, or to choose a new password. Until it is used the
// old password goes on. One who is disabled gets none.
func (d *Directory) NewLink(ctx context.Context, id, by string) (Member, string, error) {
	token, l, err := d.newLink()
	if err != nil {
		return Member{}, "", err
	}
	m, err := d.change(ctx, id, by, func(r *record) error {
		if r.State == StateDisabled {
			return fmt.Errorf("make a link for %s: %w", r.Email, ErrDisabled)
		}
		r.Link = l
		return nil
	})
	return m.Member, token, err
}

// MemberChange is what an admin changes about a member; what is empty stays.
type MemberChange struct {
	Role Role
	// State is StateActive or StateDisabled.
	State State
}

// ChangeMember changes a member. Disabling ends their sessions and their link;
// who is enabled without a password is invited again.
func (d *Directory) ChangeMember(ctx context.Context, id string, c MemberChange, by string) (Member, error) {
	mark, err := d.newMark()
	if err != nil {
		return Member{}, err
	}
	m, err := d.change(ctx, id, by, func(r *record) error {
		if c.Role != "" {
			r.Role = c.Role
		}
		switch {
		case c.State == StateDisabled:
			r.State, r.Mark, r.Link = StateDisabled, mark, nil
		case c.State == StateActive && r.Hash == "":
			r.State = StateInvited
		case c.State == StateActive:
			r.State = StateActive
		}
		return nil
	})
	return m.Member, err
}

// RemoveMember removes a member, which ends their sessions.
func (d *Directory) RemoveMember(ctx context.Context, id string) error {
	if id == AdminID {
		return ErrFirstAdmin
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	err := d.config.Store.Delete(ctx, kindMember, id, 0)
	if err != nil && !errors.Is(err, document.ErrNotFound) {
		d.distrust()
		return fmt.Errorf("remove member %s: %w", id, err)
	}
	d.mu.Lock()
	for i, m := range d.members {
		if m.ID == id {
			d.members = append(d.members[:i:i], d.members[i+1:]...)
			break
		}
	}
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("remove member %s: %w", id, ErrNoMember)
	}
	return nil
}

// Accept takes a one-time link's token and the password that its member
// chooses, which ends the sessions of an older one. The token is of no use
// after it.
func (d *Directory) Accept(ctx context.Context, token, password string) (User, error) {
	if err := CheckPassword(password); err != nil {
		return User{}, err
	}
	if _, err := d.renew(ctx, strangerRenewAfter); err != nil {
		return User{}, err
	}
	sum, now := sumOf(token), d.config.Now()
	id := ""
	d.mu.Lock()
	for _, m := range d.members {
		// Compared with all of them, and without regard to where they differ.
		if subtle.ConstantTimeCompare([]byte(m.linkSum), []byte(sum)) == 1 {
			id = m.ID
		}
	}
	d.mu.Unlock()
	if id == "" {
		return User{}, ErrLink
	}
	hash, err := d.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	mark, err := d.newMark()
	if err != nil {
		return User{}, err
	}
	m, err := d.change(ctx, id, "", func(r *record) error {
		if r.State == StateDisabled || r.Link == nil || !now.Before(r.Link.ExpiresAt) ||
			subtle.ConstantTimeCompare([]byte(r.Link.Sum), []byte(sum)) != 1 {
			return ErrLink
		}
		r.State, r.Hash, r.Mark, r.Link = StateActive, hash, mark, nil
		return nil
	})
	if errors.Is(err, ErrNoMember) {
		err = ErrLink
	}
	return m.user(), err
}

// SetPassword gives a user another password, which ends their sessions. The
// current one has to be right: a stolen session is not enough.
func (d *Directory) SetPassword(ctx context.Context, user User, current, password string) (User, error) {
	if user.ID == AdminID {
		return User{}, ErrFirstAdmin
	}
	if err := CheckPassword(password); err != nil {
		return User{}, err
	}
	known, _, err := d.check(ctx, user.Email, current)
	if err != nil {
		return User{}, err
	}
	hash, err := d.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	mark, err := d.newMark()
	if err != nil {
		return User{}, err
	}
	m, err := d.change(ctx, known.ID, known.Email, func(r *record) error {
		// Disabled, or given another password, while this one was hashed.
		if r.State != StateActive || r.Mark != known.mark {
			return ErrCredentials
		}
		r.Hash, r.Mark, r.Link = hash, mark, nil
		return nil
	})
	return m.user(), err
}

func (d *Directory) hash(ctx context.Context, password string) (string, error) {
	done, err := d.turn(ctx)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	defer done()
	return Hash(password, d.config.Random)
}

func (d *Directory) newLink() (token string, l *link, err error) {
	token, sum, err := d.secret("")
	if err != nil {
		return "", nil, err
	}
	return token, &link{Sum: sum, ExpiresAt: d.config.Now().UTC().Truncate(time.Second).Add(LinkLife)}, nil
}

func (d *Directory) newMark() (string, error) {
	mark, _, err := d.secret("")
	return mark, err
}

// changeAttempts bounds how often a change is tried that others come before.
const changeAttempts = 5

// change changes a member's document from what it is by now, and the copy.
// by is who does it, the member themselves when empty.
func (d *Directory) change(ctx context.Context, id, by string, change func(*record) error) (member, error) {
	if id == AdminID {
		return member{}, ErrFirstAdmin
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	for attempt := 1; ; attempt++ {
		m, err := d.changeOnce(ctx, id, by, change)
		switch {
		case errors.Is(err, document.ErrStale) && attempt < changeAttempts:
			continue
		case errors.Is(err, document.ErrNotFound):
			d.distrust()
			return member{}, fmt.Errorf("change member %s: %w", id, ErrNoMember)
		case errors.Is(err, ErrLink), errors.Is(err, ErrCredentials), errors.Is(err, ErrDisabled):
			return member{}, err // refused by ourselves, before the store
		case err != nil:
			d.distrust()
			return member{}, fmt.Errorf("change member %s: %w", id, err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for i := range d.members {
			if d.members[i].ID == id {
				d.members[i] = m
				return m, nil
			}
		}
		d.members = append(d.members, m)
		return m, nil
	}
}

func (d *Directory) changeOnce(ctx context.Context, id, by string, change func(*record) error) (member, error) {
	old, err := d.config.Store.Get(ctx, kindMember, id)
	if err != nil {
		return member{}, err
	}
	var r record
	if err := json.Unmarshal(old.Body, &r); err != nil {
		return member{}, err
	}
	if err := change(&r); err != nil {
		return member{}, err
	}
	if by == "" {
		by = r.Email
	}
	body, err := json.Marshal(r)
	if err != nil {
		return member{}, err
	}
	changed, err := d.config.Store.Update(ctx, kindMember, id, old.Version, body, by)
	if err != nil {
		return member{}, err
	}
	return readMember(changed)
}
