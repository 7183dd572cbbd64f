package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Rejection is a line that was not accepted.
type Rejection struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Report is what became of an import.
type Report struct {
	// Lines were read, blank ones aside; Sent of them went to the API. Rejected
	// counts the lines that are broken and those that the API refused;
	// NotDelivered those of which it is not known that they arrived.
	Lines        int `json:"lines"`
	Sent         int `json:"sent"`
	Accepted     int `json:"accepted"`
	Rejected     int `json:"rejected"`
	NotDelivered int `json:"not_delivered"`
	// Reached is the last line that was read.
	Reached string `json:"reached,omitempty"`
	// WithoutID counts the events that had no event_id of their own: imported
	// again they count again.
	WithoutID  int         `json:"without_event_id,omitempty"`
	Seconds    float64     `json:"elapsed_seconds"`
	Rejections []Rejection `json:"rejections"`
}

// shown is how many rejections are listed for a person.
const shown = 20

// ledger makes the report while lines are read and answers come in.
type ledger struct {
	// all keeps every rejection, and not only the first ones.
	all   bool
	order map[string]int

	mu     sync.Mutex
	report Report
	// failed is why the import cannot go on.
	failed error
	stop   func(error)
}

// errAway says that the API could not be reached any more.
var errAway = errors.New("the endpoint stopped answering")

// result takes the SDK's word on a message.
func (l *ledger) result(r dataloaf.Result) {
	at := placeOf(r.Message)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch r.Status {
	case dataloaf.Accepted:
		l.report.Accepted++
	case dataloaf.Rejected:
		l.reject(at, r.Code, r.Err)
		// The request as a whole was refused: so will be those to come.
		var refused *dataloaf.RequestError
		if errors.As(r.Err, &refused) {
			l.fail(r.Err)
		}
	case dataloaf.Dropped:
		l.report.NotDelivered++
		if !errors.Is(r.Err, dataloaf.ErrClosed) {
			l.fail(fmt.Errorf("%w: %w", errAway, r.Err))
		}
	}
}

// broken notes a line that was not sent.
func (l *ledger) broken(at place, err error) {
	code := wire.CodeItemInvalid
	var item *wire.ItemError
	if errors.As(err, &item) {
		code, err = item.Code, item
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reject(at, string(code), err)
}

func (l *ledger) reject(at place, code string, err error) {
	l.report.Rejected++
	l.report.Rejections = append(l.report.Rejections, Rejection{File: at.file, Line: at.line, Code: code, Message: err.Error()})
	// Answers come in any order; the first lines are kept.
	if !l.all && len(l.report.Rejections) > 50*shown {
		l.sort()
		l.report.Rejections = l.report.Rejections[:shown]
	}
}

func (l *ledger) fail(err error) {
	if l.failed == nil {
		l.failed = err
		l.stop(err)
	}
}

func (l *ledger) sort() {
	slices.SortStableFunc(l.report.Rejections, func(a, b Rejection) int {
		if a.File != b.File {
			return l.order[a.File] - l.order[b.File]
		}
		return a.Line - b.Line
	})
}

// final is the report when nothing more comes.
func (l *ledger) final() (Report, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sort()
	if !l.all && len(l.report.Rejections) > shown {
		l.report.Rejections = l.report.Rejections[:shown]
	}
	if l.report.Rejections == nil {
		l.report.Rejections = []Rejection{}
	}
	return l.report, l.failed
}

func (r Report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r Report) writeText(w io.Writer) error {
	var b strings.Builder
	for _, rejection := range r.Rejections {
		fmt.Fprintf(&b, "%s:%d: %s (%s)\n", rejection.File, rejection.Line, rejection.Message, rejection.Code)
	}
	if more := r.Rejected - len(r.Rejections); more > 0 {
		fmt.Fprintf(&b, "and %d more; --json lists all of them\n", more)
	}
	fmt.Fprintf(&b, "lines          %9d\nsent           %9d\naccepted       %9d\nrejected       %9d\n", r.Lines, r.Sent, r.Accepted, r.Rejected)
	if r.NotDelivered > 0 {
		fmt.Fprintf(&b, "not delivered  %9d\n", r.NotDelivered)
	}
	if r.WithoutID > 0 {
		fmt.Fprintf(&b, "%d events have no event_id: imported again they count again\n", r.WithoutID)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line notes that a line was read.
func (l *ledger) line(at place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Lines++
	l.report.Reached = fmt.Sprintf("%s, line %d", at.file, at.line)
}

// sent notes that a line was handed to the SDK, and counts them.
func (l *ledger) sent(withoutID bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Sent++
	if withoutID {
		l.report.WithoutID++
	}
	return l.report.Sent
}

// unsent takes back the line at which reading stopped.
func (l *ledger) unsent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.NotDelivered++
}
