package warehouse

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of the documents (table loaf_documents) by which the data of users
// is deleted for good: one for each deletion that was asked for, and one for the
// pass over the raw objects that is under way.
const (
	DeletionKind     = "deletion"
	DeletionPassKind = "deletion_pass"
	// DeletionPassID is the id of the one document of a pass.
	DeletionPassID = "current"
)

// DeletionState is how far a deletion has come.
type DeletionState string

// The states of a deletion.
const (
	// DeletionRequested waits for the load function.
	DeletionRequested DeletionState = "requested"
	// DeletionRunning is being worked on; its phase tells more.
	DeletionRunning DeletionState = "running"
	// DeletionDone is a receipt.
	DeletionDone DeletionState = "done"
	// DeletionFailed was given up after many tries; asking again begins anew.
	DeletionFailed DeletionState = "failed"
)

// DeletionPhase says what a running deletion is at.
type DeletionPhase string

// The phases of a running deletion.
const (
	// DeletionObjects rewrites raw objects without the user's lines.
	DeletionObjects DeletionPhase = "objects"
	// DeletionVersions removes older versions of raw objects.
	DeletionVersions DeletionPhase = "versions"
	// DeletionSettling waits until everything that was accepted before the
	// deletion was asked for has surely arrived.
	DeletionSettling DeletionPhase = "settling"
)

// Deletion is the body of a deletion's document: the request, how far it has
// come, and in the end its receipt.
type Deletion struct {
	// UserID is whose data goes. It goes, too, once the deletion is done.
	UserID string `json:"user_id,omitempty"`
	// UserHash is what HashUserID made of it.
	UserHash string        `json:"user_hash"`
	Reason   string        `json:"reason,omitempty"`
	State    DeletionState `json:"state"`
	Phase    DeletionPhase `json:"phase,omitempty"`
	// RequestedAt is when it was asked for: what was accepted until then goes.
	RequestedAt time.Time `json:"requested_at"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	// SettlesAt is when the last pass over what arrived meanwhile may begin.
	SettlesAt  time.Time `json:"settles_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// ObjectsSeen counts the raw objects that were looked into, in all passes.
	ObjectsSeen int64 `json:"objects_seen"`
	// EventRows and UserRows were deleted from the tables events and users.
	EventRows int64 `json:"event_rows"`
	UserRows  int64 `json:"user_rows"`
	// Objects were rewritten without Lines of the user's; Versions are older
	// versions of objects that were removed.
	Objects  int64 `json:"objects"`
	Lines    int64 `json:"lines"`
	Versions int64 `json:"versions"`
	// Unreadable are the raw objects that cannot be looked into to their end.
	Unreadable      []string `json:"unreadable,omitempty"`
	UnreadableTotal int64    `json:"unreadable_total"`
	// KeptVersions are older versions that may not be removed.
	KeptVersions int64 `json:"kept_versions"`
	// Remains is what is left, and until when.
	Remains []Remains `json:"remains,omitempty"`
	// Error is why the last try failed, and Failures how often it did in a row.
	Error    string `json:"error,omitempty"`
	Failures int    `json:"failures,omitempty"`
}

// Remains is something that a deletion cannot reach.
type Remains struct {
	What string `json:"what"`
	// Until is when it goes by itself; zero when somebody has to see to it.
	Until time.Time `json:"until,omitzero"`
}

// Unfinished reports whether there is more to do.
func (d Deletion) Unfinished() bool {
	return d.State == DeletionRequested || d.State == DeletionRunning
}

// MaxUnreadable bounds the unreadable objects that a receipt names.
const MaxUnreadable = 20

// DeletionDocument is a deletion as it is kept.
type DeletionDocument struct {
	ID      string
	Version int64
	Deletion
}

// DeletionWork is what there is to do: the deletions that are not done, and the
// pass that is under way, as JSON; of version 0 where there never was one.
type DeletionWork struct {
	Deletions   []DeletionDocument
	PassVersion int64
	Pass        json.RawMessage
}

// ErrTakenOver says that another run has gone on with a pass.
var ErrTakenOver = errors.New("another run works on the deletions")

// Rewritten is a raw object without the lines that go.
type Rewritten struct {
	Object Object
	// Before is how many lines it had, and Removed, by the deletions of the
	// erasure, how many of them are left out of Body.
	Before  int64
	Removed []int64
	Body    []byte
}

// After is how many lines Body has.
func (r Rewritten) After() int64 {
	n := r.Before
	for _, removed := range r.Removed {
		n -= removed
	}
	return n
}

// Erasure is one transaction of a pass.
type Erasure struct {
	// PassVersion is the version of the pass that the caller has, and Pass what
	// it becomes.
	PassVersion int64
	Pass        json.RawMessage
	// Deletions are those of the pass; their documents are saved with what the
	// transaction counted.
	Deletions []DeletionDocument
	// Rows takes the rows of events out of the tables; with Users those of users
	// as well.
	Rows, Users bool
	// Objects are brought into the ledger as they will be.
	Objects []Rewritten
	// Put stores an object that the ledger does not hold as loaded. It is called
	// while no load can run.
	Put func(ctx context.Context, r Rewritten) error
}

// Erased is what an erasure did.
type Erased struct {
	PassVersion int64
	Deletions   []DeletionDocument
	// Put are the objects that must be stored now: the ledger has them as they
	// will be. Where that is cut off, the same erasure again gives them again.
	Put []Rewritten
}

// EventIdentity is what makes two events the same: id, in lower case, and time
// in microseconds since 1970.
type EventIdentity struct {
	ID     string
	Micros int64
}

// HashRounds is how many rounds HashUserID takes: a guess of an id costs them
// again.
const HashRounds = 600_000

// HashSaltBytes is the length of a salt.
const HashSaltBytes = 16

const (
	hashScheme = "pbkdf2-sha256"
	hashBytes  = 32
)

// HashUserID makes what a receipt keeps of a user's id: PBKDF2 (RFC 8018) with
// HMAC-SHA-256, written as pbkdf2-sha256$ROUNDS$SALT$HASH in unpadded base64. It
// cannot be turned back; whoever knows the id can tell that it is the one.
func HashUserID(id string, salt []byte, rounds int) (string, error) {
	if len(salt) != HashSaltBytes {
		return "", fmt.Errorf("hash a user's id: the salt has %d bytes, not %d", len(salt), HashSaltBytes)
	}
	sum, err := pbkdf2.Key(sha256.New, id, salt, rounds, hashBytes)
	if err != nil {
		return "", fmt.Errorf("hash a user's id: %w", err)
	}
	encode := base64.RawStdEncoding.EncodeToString
	return strings.Join([]string{hashScheme, strconv.Itoa(rounds), encode(salt), encode(sum)}, "$"), nil
}

// HashSalt gives the salt and the rounds of a hash, so that hashes of one stack
// are compared at the price of one.
func HashSalt(hash string) (salt []byte, rounds int, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 4 || parts[0] != hashScheme {
		return nil, 0, fmt.Errorf("%.40q is no hash of a user's id", hash)
	}
	rounds, err = strconv.Atoi(parts[1])
	if err != nil || rounds < 1 {
		return nil, 0, fmt.Errorf("%.40q is no hash of a user's id: its rounds are no number", hash)
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || len(salt) != HashSaltBytes {
		return nil, 0, fmt.Errorf("%.40q is no hash of a user's id: its salt is broken", hash)
	}
	return salt, rounds, nil
}

// SameHash compares two hashes.
func SameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// NewestFirst orders deletions.
func NewestFirst(d []DeletionDocument) {
	slices.SortStableFunc(d, func(a, b DeletionDocument) int { return b.RequestedAt.Compare(a.RequestedAt) })
}
