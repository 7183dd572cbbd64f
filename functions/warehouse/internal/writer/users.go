package writer

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// merger gathers the writes of a transaction, merged per user.
type merger struct {
	users map[string]warehouse.User
	// first is the object that mentioned a user first: a new user counts there.
	first map[string]*warehouse.ObjectReport
	// touched is which users an object wrote to.
	touched map[*warehouse.ObjectReport]map[string]bool
	// order keeps rows in the order of their first write, so that the same
	// objects give the same table.
	order []string
}

func newMerger() *merger {
	return &merger{
		users:   map[string]warehouse.User{},
		first:   map[string]*warehouse.ObjectReport{},
		touched: map[*warehouse.ObjectReport]map[string]bool{},
	}
}

func (m *merger) add(report *warehouse.ObjectReport, write warehouse.UserWrite) error {
	report.Lines++
	state, err := write.State()
	if err != nil {
		return err
	}
	if before, ok := m.users[write.UserID]; ok {
		state = warehouse.Merge(before, state)
	} else {
		m.order = append(m.order, write.UserID)
		m.first[write.UserID] = report
	}
	m.users[write.UserID] = state
	if m.touched[report] == nil {
		m.touched[report] = map[string]bool{}
	}
	m.touched[report][write.UserID] = true
	return nil
}

// batch bounds the rows in one statement.
const batch = 1000

// store merges what was gathered with the stored rows and writes the result,
// counting in the reports what was new.
func (w *Writer) store(ctx context.Context, tx *sql.Tx, m *merger, reports []*warehouse.ObjectReport) error {
	existed := map[string]bool{}
	// What the stored rows have is prepared already.
	if err := w.engine.PrepareUsers(ctx, tx, maps.Values(m.users)); err != nil {
		return fmt.Errorf("prepare for %d users: %w", len(m.users), err)
	}
	for ids := range slices.Chunk(m.order, batch) {
		stored, err := w.engine.ReadUsers(ctx, tx, ids)
		if err != nil {
			return fmt.Errorf("read %d users: %w", len(ids), err)
		}
		for _, u := range stored {
			existed[u.ID] = true
			m.users[u.ID] = warehouse.Merge(u, m.users[u.ID])
		}
		users := make([]warehouse.User, len(ids))
		for i, id := range ids {
			users[i] = m.users[id]
		}
		if err := w.engine.WriteUsers(ctx, tx, users); err != nil {
			return fmt.Errorf("write %d users: %w", len(users), err)
		}
	}
	for _, r := range reports {
		for id := range maps.Keys(m.touched[r]) {
			if !existed[id] && m.first[id] == r {
				r.Inserted++
			} else {
				r.Updated++
			}
		}
	}
	return nil
}

// storeUsers reads user objects and merges them.
func (w *Writer) storeUsers(ctx context.Context, tx *sql.Tx, objects []warehouse.Object) (StoredEvents, error) {
	m := newMerger()
	reports := make([]*warehouse.ObjectReport, len(objects))
	var oldest time.Time
	for i, o := range objects {
		reports[i] = &warehouse.ObjectReport{Object: o}
		arrival, err := w.gather(ctx, m, reports[i])
		if err != nil {
			return StoredEvents{}, err
		}
		if !arrival.IsZero() && (oldest.IsZero() || arrival.Before(oldest)) {
			oldest = arrival
		}
	}
	if err := w.store(ctx, tx, m, reports); err != nil {
		return StoredEvents{}, err
	}
	return StoredEvents{Reports: values(reports), OldestArrival: oldest}, nil
}

// values are the reports as they are by now.
func values(reports []*warehouse.ObjectReport) []warehouse.ObjectReport {
	out := make([]warehouse.ObjectReport, len(reports))
	for i, r := range reports {
		out[i] = *r
	}
	return out
}

// gather reads one object of users or updates.
func (w *Writer) gather(ctx context.Context, m *merger, report *warehouse.ObjectReport) (oldest time.Time, err error) {
	o := report.Object
	err = Lines(ctx, w.source, o, func(line []byte) error {
		write, arrival, err := parseWrite(o.Kind, line)
		if err != nil {
			return err
		}
		if oldest.IsZero() || arrival.Before(oldest) {
			oldest = arrival
		}
		return m.add(report, write)
	})
	return oldest, err
}

func parseWrite(kind warehouse.Kind, line []byte) (warehouse.UserWrite, time.Time, error) {
	if kind == warehouse.Updates {
		u, arrival, err := wire.ParseUpdateRecord(line)
		return warehouse.FromUpdate(u), arrival, err
	}
	u, arrival, err := wire.ParseUserRecord(line)
	return warehouse.FromNewUser(u), arrival, err
}

// maxLine bounds a line of a raw object: 32 KiB of properties can grow sixfold
// when every character is escaped, and the rest of a record is small.
const maxLine = 1 << 20

// Lines calls f with every line of a gzip NDJSON object; f's error says what is
// wrong with the line. What is wrong with the object or a line comes back as a
// *warehouse.DataError that names it; what is wrong with the store comes back
// as it is.
func Lines(ctx context.Context, source warehouse.Source, o warehouse.Object, f func(line []byte) error) error {
	body, err := source.Open(ctx, o)
	if err != nil {
		return fmt.Errorf("open %s: %w", o.ID(), err)
	}
	defer body.Close()
	kept := &keepError{r: body}
	unpacked, err := gzip.NewReader(kept)
	if err != nil {
		return kept.judge(o, 0, fmt.Errorf("not gzip: %w", err))
	}
	scanner := bufio.NewScanner(unpacked)
	scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 0
	for scanner.Scan() {
		n++
		if len(scanner.Bytes()) == 0 {
			continue
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("read %s: %w", o.ID(), ctx.Err())
		}
		if err := f(scanner.Bytes()); err != nil {
			return &warehouse.DataError{Object: &o, Line: n, Err: err}
		}
	}
	if err := scanner.Err(); err != nil {
		return kept.judge(o, n+1, err)
	}
	return nil
}

// keepError remembers an error of the store underneath, to tell a store that
// is away from an object that is broken.
type keepError struct {
	r   io.Reader
	err error
}

func (k *keepError) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		k.err = err
	}
	return n, err
}

func (k *keepError) judge(o warehouse.Object, line int, err error) error {
	if k.err != nil {
		return fmt.Errorf("read %s: %w", o.ID(), k.err)
	}
	return &warehouse.DataError{Object: &o, Line: line, Err: err}
}
