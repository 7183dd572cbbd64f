package insight

import (
	"encoding/json"
	"fmt"
	"time"
)

// Data says which state of the warehouse an answer was made from.
type Data struct {
	// LoadID is the newest load that the answer saw; nil before the first.
	LoadID *int64 `json:"load_id"`
	// LoadedAt is when that load ended.
	LoadedAt *time.Time `json:"loaded_at"`
}

// Explanation is the SQL that an answer was made with.
type Explanation struct {
	Dialect string `json:"dialect"`
	// Statements are those that read events or users, in the order in which they
	// ran; none where no event could have been in the range.
	Statements []ExplainedStatement `json:"statements"`
}

// ExplainedStatement is one statement of an Explanation.
type ExplainedStatement struct {
	SQL string `json:"sql"`
	// Args are the values bound to $1, $2, …: strings, numbers and booleans.
	Args []any `json:"args"`
	// Runnable is SQL with the values written in it, to be run by hand.
	Runnable string `json:"runnable"`
}

// MarshalJSON writes the shape of the contract: the fields of the answer's kind,
// then those that answers of every kind have.
func (a Answer) MarshalJSON() ([]byte, error) {
	kind, err := a.marshalKind()
	if err != nil {
		return nil, fmt.Errorf("write an answer of kind %q: %w", a.Kind, err)
	}
	common, err := json.Marshal(struct {
		Data    Data         `json:"data"`
		Cached  bool         `json:"cached,omitempty"`
		Explain *Explanation `json:"explain,omitempty"`
	}{a.Data, a.Cached, a.Explain})
	if err != nil {
		return nil, fmt.Errorf("write where an answer is from: %w", err)
	}
	return append(append(kind[:len(kind)-1], ','), common[1:]...), nil
}

// flag reads a boolean that may be absent.
func (f *fields) flag(name string) (bool, *Error) {
	n, ok := f.get(name)
	if !ok {
		return false, nil
	}
	if n.kind != jsonBool {
		return false, errorf(CodeWrongType, n.path, "This must be true or false, not %s.", n.kind)
	}
	return n.boolean, nil
}
