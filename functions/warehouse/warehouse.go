// Package warehouse owns the tables that hold events and users: their names,
// their versioned migrations, the rule by which user attributes merge, and the
// types that the engines share. The engines live in the sub-packages duckdb,
// postgres and redshift.
package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Dialect names the SQL that an engine speaks.
type Dialect string

// The three engines.
const (
	DuckDB     Dialect = "duckdb"
	PostgreSQL Dialect = "postgres"
	Redshift   Dialect = "redshift"
)

// Kind says what an object holds; it is the first folder of its key.
type Kind string

// The kinds of raw objects.
const (
	Events  Kind = "events"
	Users   Kind = "users"
	Updates Kind = "updates"
)

// Bucket is the bucket that holds objects of the kind: updates lie beside the
// users.
func (k Kind) Bucket() Kind {
	if k == Updates {
		return Users
	}
	return k
}

// Object is one raw object: gzip NDJSON, immutable once it is visible.
type Object struct {
	// Bucket is the name of the bucket that holds the object.
	Bucket string
	// Key is the object's key, for example
	// "events/2024/05/01/13/20240501T130501Z-….ndjson.gz".
	Key string
	// Kind is derived from the key's first folder.
	Kind Kind
	// Size is the compressed size in bytes; 0 when unknown.
	Size int64
}

// ID is the object's name in the ledger.
func (o Object) ID() string { return o.Bucket + "/" + o.Key }

// ParseKey makes an Object of a bucket and key. It reports false for a key
// that is not raw data, such as a manifest or an error output.
func ParseKey(bucket, key string) (Object, bool) {
	for _, k := range []Kind{Events, Users, Updates} {
		prefix := string(k) + "/"
		if len(key) > len(prefix) && key[:len(prefix)] == prefix {
			return Object{Bucket: bucket, Key: key, Kind: k}, true
		}
	}
	return Object{}, false
}

// NewKey is the key of an object that is made at a time: a folder an hour, in
// UTC, and within it names that sort by time. id makes the name unique.
func NewKey(kind Kind, at time.Time, id string) string {
	at = at.UTC()
	return fmt.Sprintf("%s/%s/%s-%s.ndjson.gz", kind, at.Format("2006/01/02/15"), at.Format("20060102T150405.000000Z"), id)
}

// Source opens raw objects. An object that is not there gives an error for
// which errors.Is(err, fs.ErrNotExist) holds.
type Source interface {
	Open(ctx context.Context, o Object) (io.ReadCloser, error)
}

// ObjectReport says what became of one object in a load.
type ObjectReport struct {
	Object Object
	// Lines is the number of records read.
	Lines int64
	// Inserted counts the new rows: events stored, or users seen for the first
	// time. Duplicates counts events that were already stored.
	Inserted, Duplicates int64
	// Updated counts user rows that a write reached and that existed before.
	Updated int64
	// AlreadyLoaded is true when the ledger already held the object; nothing
	// was read then.
	AlreadyLoaded bool
}

// LoadReport says what one load did.
type LoadReport struct {
	LoadID   int64
	Started  time.Time
	Finished time.Time
	Objects  []ObjectReport
}

// Inserted is the number of new rows over all objects.
func (r LoadReport) Inserted() int64 {
	var n int64
	for _, o := range r.Objects {
		n += o.Inserted
	}
	return n
}

// DataError says that data, and not the warehouse, made an operation fail:
// trying again with the same data fails again.
type DataError struct {
	// Object is the one at fault, when the engine can tell.
	Object *Object
	// Line is the 1-based line in the object, 0 when the engine cannot tell.
	Line int
	Err  error
}

func (e *DataError) Error() string {
	switch {
	case e.Object != nil && e.Line > 0:
		return fmt.Sprintf("%s, line %d: %v", e.Object.ID(), e.Line, e.Err)
	case e.Object != nil:
		return fmt.Sprintf("%s: %v", e.Object.ID(), e.Err)
	default:
		return e.Err.Error()
	}
}

func (e *DataError) Unwrap() error { return e.Err }

// maxReason bounds the reasons that the ledger keeps.
const maxReason = 2000

// Reason is what the ledger keeps about data at fault: the engine's message,
// without what was being done. It may quote the broken data; the ledger takes
// sound text only.
func Reason(err error) string {
	var data *DataError
	if errors.As(err, &data) {
		err = data
	}
	text := err.Error()
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
}

// ErrUnavailable is wrapped by errors that may pass: the warehouse is away,
// is out of connections or lost a race with another writer too often.
var ErrUnavailable = errors.New("warehouse unavailable")

// ErrTooMuch is wrapped by errors of a load that needs more memory than the warehouse
// has: of fewer objects it may succeed.
var ErrTooMuch = errors.New("too much for one load")

// ErrNewerSchema is wrapped when the tables were made by a newer DataLoaf.
var ErrNewerSchema = errors.New("the warehouse was made by a newer DataLoaf: upgrade this program")
