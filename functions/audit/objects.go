package audit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// patience is how long an object may wait for a load after its hour. Loads come
// every few minutes, or as seldom as once an hour.
const patience = time.Hour

// job is an object to audit, and what the ledger says of it: nothing, when no
// load has met it.
type job struct {
	object warehouse.Object
	entry  *entry
}

// errPast ends a listing behind the part.
var errPast = errors.New("the part ends here")

// part audits the objects of one kind in a part of the range. The ledger is read
// before the listing: what it names must then be in the listing, and what is in
// the listing alone has been waiting as of that moment.
func (a *audit) part(ctx context.Context, kind warehouse.Kind, part load.Range) error {
	entries, err := a.ledger(ctx, kind, part)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range a.config.Workers {
		workers.Go(func() {
			for j := range jobs {
				if err := a.object(ctx, j); err != nil {
					cancel(fmt.Errorf("%s: %w", j.object.ID(), err))
				}
			}
		})
	}
	give := func(o warehouse.Object) error {
		j := job{object: o, entry: entries[o.ID()]}
		delete(entries, o.ID())
		select {
		case jobs <- j:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	after, before := part.Bounds(kind)
	err = a.config.Lister.List(ctx, kind, after, func(objects []warehouse.Object) error {
		for _, o := range objects {
			if o.Key >= before {
				return errPast
			}
			if err := give(o); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errPast) {
		err = nil
	}
	if err == nil {
		for _, e := range entries {
			// Not listed: it is gone, or lies in another bucket, where it can be opened.
			if err = give(e.object); err != nil {
				break
			}
		}
	}
	close(jobs)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// object audits one object.
func (a *audit) object(ctx context.Context, j job) error {
	checker := newChecker(a, j)
	n, bad, err := a.read(ctx, j.object, checker.line)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return err
	}
	if bad == nil && !gone {
		if err := checker.flush(ctx); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.judge(j, n, bad, gone)
	a.totals[j.object.Kind].Checked += checker.checked
	for _, f := range checker.findings {
		a.result.mismatch(f)
	}
	a.result.MismatchesTotal += checker.more
	return nil
}

// judge adds an object's lines to the totals and compares them with its entry.
func (a *audit) judge(j job, n int64, bad error, gone bool) {
	t, id := a.totals[j.object.Kind], j.object.ID()
	t.Objects++
	t.Accepted += n
	differs := func(action, what string, expected, found int64) {
		a.result.mismatch(Finding{Object: id, What: what, Expected: expected, Found: found, Action: action})
	}
	e := j.entry
	now := a.config.Now()
	switch {
	case e != nil && e.status == "expired", e == nil && !gone && j.object.Kind == warehouse.Events && a.config.Retention.Expired(j.object, now):
		// Its events are no longer kept, or a rebuild has passed over it. The object
		// itself may be there for a while.
		t.Expired += n
		t.ExpiredObjects++
		return
	case e == nil && gone: // it was listed and has gone since: nothing was loaded of it
		differs(Restore, "the object was there a moment ago and is gone", 1, 0)
		return
	case e == nil:
		t.Waiting += n
		t.WaitingObjects++
		what := "no load has met the object"
		if bad != nil {
			what += ", and it will be set aside: " + brief(bad.Error())
		}
		if due, ok := hourOf(j.object); ok && now.Sub(due) > time.Hour+patience {
			differs(Sweep, what+"; it is overdue", n, 0)
			return
		}
		a.result.note(Finding{Object: id, What: what, Expected: n, Found: 0, Action: Sweep})
		return
	case e.entries > 1:
		differs(Report, "entries of the object in the ledger", 1, int64(e.entries))
	}
	if e.status == "quarantined" {
		t.Quarantined += n
		t.QuarantinedObjects++
		what := "set aside: " + brief(e.reason)
		if gone {
			what = "was set aside, and is gone: " + brief(e.reason)
		}
		a.result.note(Finding{Object: id, What: what, Expected: n, Found: 0, Action: Replay})
		return
	}
	if e.load.Valid {
		a.loads[e.load.Int64] = true
	} else if j.object.Kind == warehouse.Events {
		differs(Report, "the ledger says of the object that it is loaded, and not by which load", 1, 0)
	}
	if j.object.Kind == warehouse.Events {
		t.Loaded += e.new
		t.Duplicates += e.stored
		if e.new+e.stored != e.lines {
			differs(Report, "new and known events, of the lines that were loaded", e.lines, e.new+e.stored)
		}
	} else {
		t.Loaded += e.lines // each is merged: there is no row of its own to count
	}
	switch {
	case gone && a.config.RawRetention.Expired(j.object, now):
		// What was loaded of it is all that is left, as was wished for.
		t.Accepted += e.lines
		t.RawExpiredObjects++
	case gone:
		differs(Restore, "the raw object is gone; lines", e.lines, 0)
	case bad != nil:
		differs(Restore, "the raw object can no longer be read ("+brief(bad.Error())+"); lines", e.lines, n)
	case e.lines != n:
		differs(Report, "lines that were loaded, of those in the raw object", n, e.lines)
	}
}

// hourOf is when the hour of an object's key begins.
func hourOf(o warehouse.Object) (time.Time, bool) {
	rest := strings.TrimPrefix(o.Key, string(o.Kind)+"/")
	if len(rest) < len("2006/01/02/15") {
		return time.Time{}, false
	}
	at, err := time.Parse("2006/01/02/15", rest[:len("2006/01/02/15")])
	return at, err == nil
}

// brief bounds a text that a finding quotes.
func brief(text string) string {
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// maxLine is the longest line that a load takes; a longer one is counted, and
// not looked into.
const maxLine = 1 << 20

// read counts the lines of an object, and shows each to f. bad is what is wrong
// with the object, from which what was counted before it can be told; err is of
// the store or of f.
func (a *audit) read(ctx context.Context, o warehouse.Object, f func(ctx context.Context, number int64, line []byte) error) (n int64, bad, err error) {
	body, err := a.config.Source.Open(ctx, o)
	if err != nil {
		return 0, nil, fmt.Errorf("open it: %w", err)
	}
	defer body.Close()
	store := &watched{r: body}
	fault := func(err error) (int64, error, error) {
		if store.err != nil {
			return n, nil, fmt.Errorf("read it: %w", store.err)
		}
		return n, err, nil
	}
	unpacked, err := gzip.NewReader(store)
	if err != nil {
		return fault(fmt.Errorf("not gzip: %w", err))
	}
	bounded := &io.LimitedReader{R: unpacked, N: a.config.MaxBytes}
	lines := bufio.NewReaderSize(bounded, 64<<10)
	var long []byte
	number := int64(0)
	for {
		piece, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(long) <= maxLine {
				long = append(long, piece...)
			}
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fault(err)
		}
		if bounded.N == 0 {
			return n, fmt.Errorf("it is larger than %d bytes once it is unpacked, which is more than an audit reads", a.config.MaxBytes), nil
		}
		line := piece
		if len(long) > 0 {
			line = append(long, piece...)
			long = long[:0]
		}
		number++
		if line = trim(line); len(line) > 0 {
			n++
			if err := f(ctx, number, line); err != nil {
				return n, nil, err
			}
		}
		if err != nil {
			return n, nil, nil
		}
		if number%1024 == 0 && ctx.Err() != nil {
			return n, nil, context.Cause(ctx)
		}
	}
}

// trim takes the end of a line away.
func trim(line []byte) []byte {
	for len(line) > 0 && slices.Contains([]byte("\r\n"), line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

// watched remembers an error of the store underneath, to tell a store that is
// away from an object that is broken.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}
