package chaos_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

const (
	// deletable is how many of the users may be deleted at any time.
	deletable = 6
	// settle is how long after a deletion was asked for its last pass begins. Nothing
	// here is on its way for longer than a call takes, but a clock steps back.
	settle = mostBack + 10*time.Minute
	// lease is for how long a run that was killed keeps others away.
	lease = 10 * time.Minute
	// deletionSteps is how much longer a run is in which users are deleted.
	deletionSteps = 12
)

// deletable is one of the users who may be deleted.
func (r *run) deletable() string { return fmt.Sprintf("user-%d", r.dice.n(deletable)) }

// askFor asks for a deletion, as the insights server does.
func (r *run) askFor(ctx context.Context, user string) error {
	// The documents have microseconds, as received_at has.
	at := r.clock.now().UTC().Truncate(time.Microsecond)
	hash, err := warehouse.HashUserID(user, []byte("0123456789abcdef"), 1)
	if err != nil {
		return err
	}
	body, err := json.Marshal(warehouse.Deletion{UserID: user, UserHash: hash, State: warehouse.DeletionRequested, RequestedAt: at})
	if err != nil {
		return err
	}
	// The name tells the runs whose it is when the document no longer does.
	id := fmt.Sprintf("%s/%d", user, ids.Add(1))
	direct := r.process.engines[len(r.process.engines)-1]
	_, err = direct.Database().SQL.ExecContext(ctx, `INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ('deletion', $1, 1, $2, $3, 'ada', $3, 'ada')`,
		id, string(body), at)
	if err != nil {
		return fmt.Errorf("ask for a deletion of %s: %w", user, err)
	}
	r.client.asks = append(r.client.asks, ask{user: user, at: at})
	r.note("ask for a deletion of %s at %s", user, at.Format(time.TimeOnly))
	return nil
}

// deletions are the documents there are, by id.
func (r *run) deletions(ctx context.Context) (map[string]warehouse.Deletion, error) {
	direct := r.process.engines[len(r.process.engines)-1]
	rows, err := direct.Database().SQL.QueryContext(ctx, `SELECT "id", "body" FROM "loaf_documents" WHERE "kind" = 'deletion'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]warehouse.Deletion{}
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, err
		}
		var d warehouse.Deletion
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			return nil, err
		}
		found[id] = d
	}
	return found, rows.Err()
}

// userOf is whose a deletion is, by its id.
func userOf(id string) string {
	user, _, _ := strings.Cut(id, "/")
	return user
}

// life ends after so many steps, of which the last is done or is not. A negative
// number of steps never ends.
type life struct {
	mu    sync.Mutex
	steps int
	after bool
}

var errDead = errors.New("killed")

func (l *life) step(do func() error) error {
	l.mu.Lock()
	if l.steps > 0 {
		l.steps--
	}
	dead := l.steps == 0
	last := dead && l.after
	if last {
		l.after = false
	}
	l.mu.Unlock()
	if dead && !last {
		return errDead
	}
	err := do()
	if last {
		return errDead
	}
	return err
}

// mortal is the warehouse as what deletes users has it.
type mortal struct {
	faulty
	life *life
}

func (m mortal) Deletions(ctx context.Context) (work warehouse.DeletionWork, err error) {
	err = m.life.step(func() error { work, err = m.faulty.Deletions(ctx); return err })
	return work, err
}

func (m mortal) Erase(ctx context.Context, e warehouse.Erasure) (erased warehouse.Erased, err error) {
	err = m.life.step(func() error { erased, err = m.faulty.Erase(ctx, e); return err })
	return erased, err
}

func (m mortal) UserEvents(ctx context.Context, user string, from, to time.Time) (events map[warehouse.EventIdentity]bool, err error) {
	err = m.life.step(func() error { events, err = m.faulty.UserEvents(ctx, user, from, to); return err })
	return events, err
}

// rewriter is the store as what deletes users has it. It reads several objects at
// once, so which of them cannot be read goes by their names: the order in which
// they are read is not the seed's.
type rewriter struct {
	*store
	life   *life
	notify func(warehouse.Object)
	// fails is storeAway or readCut for the objects of which salt decides so.
	fails fault
	salt  int
}

// List shows all that is there, as S3 has done since 2020: a deletion that misses
// an object could not be told from one that is done.
func (w *rewriter) List(ctx context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error {
	return w.Store.List(ctx, kind, after, f)
}

func (w *rewriter) Open(ctx context.Context, o warehouse.Object) (io.ReadCloser, error) {
	body, err := w.Store.Open(ctx, o)
	if err != nil || w.fails == faults {
		return body, err
	}
	sum := fnv.New32a()
	fmt.Fprint(sum, w.salt, o.ID()) // a hash takes everything
	n := int64(sum.Sum32())
	if n%20 != 0 {
		return body, nil
	}
	if w.fails == storeAway {
		return nil, errors.Join(fmt.Errorf("open %s: %w: %w", o.ID(), warehouse.ErrUnavailable, errReset), body.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, n/20%200), resetting{}), body}, nil
}

func (w *rewriter) Put(ctx context.Context, bucket, key string, body []byte) error {
	return w.life.step(func() error {
		if err := w.store.Put(ctx, bucket, key, body); err != nil {
			return err
		}
		// S3 tells of an object that was replaced as of one that is new.
		if o, ok := warehouse.ParseKey(bucket, key); ok {
			w.notify(o)
		}
		return nil
	})
}

func (w *rewriter) RemoveVersion(ctx context.Context, v deletion.Version) error {
	return w.life.step(func() error {
		if w.dice.strikes(storeAway) {
			return fmt.Errorf("remove version %s of %s: %w: %w", v.ID, v.Object.ID(), warehouse.ErrUnavailable, errReset)
		}
		return w.store.RemoveVersion(ctx, v)
	})
}

// versions are those of objects that were replaced. Every process of a run has the
// same ones.
type versions struct {
	mu   sync.Mutex
	next int
	all  map[deletion.Version][]byte
}

// replace stores an object, and keeps what it had been.
func (s *store) replace(ctx context.Context, o warehouse.Object, body []byte) error {
	before, err := s.Store.Open(ctx, o)
	if err == nil {
		old, err := io.ReadAll(before)
		if err = errors.Join(err, before.Close()); err != nil {
			return err
		}
		s.older.mu.Lock()
		s.older.next++
		s.older.all[deletion.Version{Object: warehouse.Object{Bucket: o.Bucket, Key: o.Key, Kind: o.Kind}, ID: fmt.Sprintf("%06d", s.older.next)}] = old
		s.older.mu.Unlock()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.Store.Put(ctx, o.Bucket, o.Key, body)
}

// Older implements deletion.Store.
func (s *store) Older(_ context.Context, kind warehouse.Kind, after string, f func([]deletion.Version) error) error {
	s.older.mu.Lock()
	var found []deletion.Version
	for v := range s.older.all {
		if v.Object.Kind == kind && v.Object.Key > after {
			found = append(found, v)
		}
	}
	s.older.mu.Unlock()
	slices.SortFunc(found, func(a, b deletion.Version) int {
		return strings.Compare(a.Object.Key+a.ID, b.Object.Key+b.ID)
	})
	// Never the versions of one key in two slices.
	for len(found) > 0 {
		n := min(3, len(found))
		for n < len(found) && found[n].Object.Key == found[n-1].Object.Key {
			n++
		}
		if err := f(found[:n]); err != nil {
			return err
		}
		found = found[n:]
	}
	return nil
}

// OpenVersion implements deletion.Store.
func (s *store) OpenVersion(_ context.Context, v deletion.Version) (io.ReadCloser, error) {
	s.older.mu.Lock()
	defer s.older.mu.Unlock()
	body, ok := s.older.all[v]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// RemoveVersion implements deletion.Store.
func (s *store) RemoveVersion(_ context.Context, v deletion.Version) error {
	s.older.mu.Lock()
	defer s.older.mu.Unlock()
	delete(s.older.all, v)
	return nil
}

// deleter makes what deletes users, on one of the engines. It may be killed.
func (r *run) deleter(e engine) *deletion.Runner {
	l := &life{steps: -1}
	if r.dice.strikes(deleterKilled) {
		l.steps, l.after = 1+r.dice.n(12), r.dice.n(2) == 0
	}
	w := &rewriter{store: r.process.store, life: l, notify: func(warehouse.Object) {}, fails: faults, salt: r.dice.n(1 << 20)}
	if r.durable {
		w.notify = r.load.Notify
	}
	for _, f := range []fault{storeAway, readCut} {
		if r.dice.strikes(f) {
			w.fails = f
		}
	}
	now := r.deleting
	return deletion.New(deletion.Config{
		Warehouse: mortal{faulty{e, r.dice, r.cut, r.loadsMeanwhile}, l}, Store: w, Settle: settle, Lease: lease, Logger: quiet,
		// A run ends long before its lease does; only so may another take over.
		Now: func() time.Time { now = now.Add(time.Millisecond); return now },
	})
}

// deletesMeanwhile has users deleted just before something is merged or loaded: after
// it was stored, and looked for.
func (r *run) deletesMeanwhile(ctx context.Context, user string) {
	if !r.deletes || !r.dice.strikes(deletesMeanwhile) || !r.between.CompareAndSwap(false, true) {
		return
	}
	defer r.between.Store(false)
	if r.dice.n(2) == 0 {
		if user == "" {
			user = r.deletable()
		}
		if err := r.askFor(ctx, user); err != nil {
			panic(err) // the way to the documents is not what fails
		}
	}
	r.deleting = r.clock.latest()
	s, err := r.deleter(r.process.engines[0]).Run(ctx)
	r.note("delete meanwhile: %+v, %v", s, err)
}

// loadsMeanwhile loads what there is after objects were looked into, and before
// they are rewritten.
func (r *run) loadsMeanwhile(ctx context.Context, _ string) {
	if !r.dice.strikes(deletesMeanwhile) || !r.between.CompareAndSwap(false, true) {
		return
	}
	defer r.between.Store(false)
	_, _ = r.process.loaders[0].Run(ctx)
}

// erase has users deleted, by one run or by two, and meanwhile others may go on.
func (r *run) erase(ctx context.Context) error {
	if !r.dice.calm {
		r.clock.forward(time.Duration(r.dice.n(30)) * time.Minute)
	}
	r.deleting = r.clock.latest()
	var running sync.WaitGroup
	deleters := 1
	if r.dice.strikes(twoDeleters) {
		deleters = 2
	}
	said := make([]string, deleters)
	for i := range deleters {
		d := r.deleter(r.process.engines[i%len(r.process.engines)])
		work := func() {
			s, err := d.Run(ctx)
			said[i] = fmt.Sprintf("%+v, %v", s, err)
		}
		if deleters > 1 || r.dice.odds[deletesMeanwhile] > 0 {
			running.Go(work)
		} else {
			work()
		}
	}
	var err error
	for r.dice.strikes(deletesMeanwhile) {
		switch r.dice.n(4) {
		case 0:
			err = errors.Join(err, r.send(ctx, postEvents))
		case 1:
			_, loadErr := r.process.loaders[0].Run(ctx)
			r.note("load meanwhile: %v", loadErr)
		default:
			err = errors.Join(err, r.send(ctx, patchUsers))
		}
	}
	running.Wait()
	r.note("delete at %s: %s", r.deleting.Format(time.TimeOnly), strings.Join(said, "; "))
	return err
}

// eraseAll has all deletions come to their end. Objects that could not be read when
// they were due are whole by now: as the receipt says, they are asked for again.
func (r *run) eraseAll(ctx context.Context) error {
	for round := range 2 {
		if err := r.eraseDue(ctx); err != nil {
			return err
		}
		found, err := r.deletions(ctx)
		if err != nil {
			return err
		}
		again := map[string]bool{}
		for id, d := range found {
			failed := d.State == warehouse.DeletionFailed && d.UserID != ""
			if _, before := r.again[id]; !before && (failed || d.UnreadableTotal > 0) {
				again[userOf(id)], r.again[id] = true, true
			}
		}
		if len(again) == 0 {
			return nil
		}
		if round > 0 {
			return fmt.Errorf("with every object whole, deletions of %v are not done: %+v", slices.Sorted(maps.Keys(again)), found)
		}
		for _, user := range slices.Sorted(maps.Keys(again)) {
			if err := r.askFor(ctx, user); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) eraseDue(ctx context.Context) error {
	if newest := r.clock.latest(); newest.After(r.deleting) {
		r.deleting = newest
	}
	for range 20 {
		s, err := r.deleter(r.process.engines[0]).Run(ctx)
		if err != nil {
			return fmt.Errorf("with nothing failing, a deletion fails: %w", err)
		}
		r.note("delete at the end, at %s: %+v", r.deleting.Format(time.TimeOnly), s)
		if s.Next.IsZero() {
			return nil
		}
		r.deleting = s.Next
	}
	return errors.New("the deletions do not come to an end")
}

// line is one of a raw object.
type line struct {
	kind    warehouse.Kind
	user    string
	content string
	arrival time.Time
	write   *warehouse.UserWrite
}

func parseLine(kind warehouse.Kind, text []byte) (line, error) {
	l := line{kind: kind}
	if kind == warehouse.Events {
		e, arrival, err := wire.ParseEventRecord(text)
		if err != nil {
			return l, err
		}
		if e.UserID != nil {
			l.user = *e.UserID
		}
		l.arrival, l.content = arrival, rowOf(e.EventID, e.Event, l.user, e.Timestamp, string(e.Properties))
		return l, nil
	}
	var w warehouse.UserWrite
	if kind == warehouse.Updates {
		u, arrival, err := wire.ParseUpdateRecord(text)
		if err != nil {
			return l, err
		}
		w, l.arrival = warehouse.FromUpdate(u), arrival
	} else {
		u, arrival, err := wire.ParseUserRecord(text)
		if err != nil {
			return l, err
		}
		w, l.arrival = warehouse.FromNewUser(u), arrival
	}
	l.user, l.content, l.write = w.UserID, contentOf(w), &w
	return l, nil
}

// linesOf reads an object, to its end or, where it is a version that was broken,
// for as long as it can be read.
func linesOf(kind warehouse.Kind, body io.Reader, broken bool) (found []line, err error) {
	z, err := gzip.NewReader(body)
	if err != nil {
		if broken {
			return nil, nil
		}
		return nil, err
	}
	scanner := bufio.NewScanner(z)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		l, err := parseLine(kind, scanner.Bytes())
		if err != nil && !broken {
			return nil, err
		}
		if err == nil {
			found = append(found, l)
		}
	}
	if err := scanner.Err(); err != nil && !broken {
		return nil, err
	}
	return found, nil
}

// judgeRaw holds the raw objects, with their older versions, against what clients
// sent, and against the tables that events and users are in: a warehouse that is
// built anew from them must be the one that there is.
func (r *run) judgeRaw(ctx context.Context, e engine, events map[string]int) (wrong []string, err error) {
	sent := map[string][]*item{}
	for _, i := range r.client.items {
		sent[i.content()] = append(sent[i.content()], i)
	}
	// explain tells which items may have made a line that is there.
	explain := func(l line) (of []*item) {
		for _, i := range sent[l.content] {
			for _, t := range i.tries {
				_, gone := r.client.fate(l.user, t)
				if !gone && !l.arrival.Before(t.from.Truncate(time.Microsecond)) && !l.arrival.After(t.to) {
					of = append(of, i)
					break
				}
			}
		}
		return of
	}
	stored, users, there := map[string]bool{}, map[string]warehouse.User{}, map[*item]bool{}
	for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates} {
		err := r.process.store.List(ctx, kind, "", func(objects []warehouse.Object) error {
			for _, o := range objects {
				body, err := r.process.store.Open(ctx, o)
				if err != nil {
					return err
				}
				lines, err := linesOf(kind, body, false)
				if err = errors.Join(err, body.Close()); err != nil {
					return fmt.Errorf("read %s: %w", o.ID(), err)
				}
				for _, l := range lines {
					of := explain(l)
					if len(of) == 0 {
						wrong = append(wrong, fmt.Sprintf("%s has, of %s: %s: never sent, or deleted", o.ID(), l.arrival.Format(time.RFC3339Nano), l.content))
					}
					for _, i := range of {
						there[i] = true
					}
					if l.write == nil {
						stored[l.content] = true
						continue
					}
					state, err := l.write.State()
					if err != nil {
						return err
					}
					if before, ok := users[l.user]; ok {
						state = warehouse.Merge(before, state)
					}
					users[l.user] = state
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for v, body := range r.process.store.older.all {
		lines, err := linesOf(v.Object.Kind, bytes.NewReader(body), true)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if len(explain(l)) == 0 {
				wrong = append(wrong, fmt.Sprintf("version %s of %s has: %s: never sent, or deleted", v.ID, v.Object.ID(), l.content))
			}
		}
	}
	for _, i := range r.client.items {
		if _, ok := i.body.(change); !ok || there[i] {
			continue
		}
		for _, t := range i.tries {
			if kept, _ := r.client.fate(i.user(), t); kept && t.acked {
				wrong = append(wrong, "lost: "+i.content())
				break
			}
		}
	}
	for row := range stored {
		if events[row] == 0 {
			wrong = append(wrong, "in the raw objects alone: "+row)
		}
	}
	for row := range events {
		if !stored[row] {
			wrong = append(wrong, "in the table alone: "+row)
		}
	}
	more, err := judgeUsers(ctx, e, users)
	if err != nil {
		return nil, err
	}
	many, err := countUsers(ctx, e, len(users))
	if err != nil {
		return nil, err
	}
	for _, w := range append(more, many...) {
		wrong = append(wrong, "by the raw objects: "+w)
	}
	return wrong, nil
}

// judgeReceipts looks whether the deletions are done, and forget whose they are.
func (r *run) judgeReceipts(ctx context.Context) (wrong []string, err error) {
	found, err := r.deletions(ctx)
	if err != nil {
		return nil, err
	}
	for id, d := range found {
		if d.Unfinished() || d.UserID != "" || strings.Contains(d.Error, userOf(id)) {
			wrong = append(wrong, fmt.Sprintf("the deletion %s is %+v", id, d))
		}
	}
	return wrong, nil
}

// judgeCatalogue compares the counts of the catalogue of events with the table.
func judgeCatalogue(ctx context.Context, e engine) (wrong []string, err error) {
	rows, err := e.Database().SQL.QueryContext(ctx, `SELECT COALESCE(c."event", t."event"), COALESCE(c."count", 0), COALESCE(t."count", 0)
FROM "loaf_event_catalog" AS c FULL JOIN (SELECT "event", COUNT(*) AS "count", MIN("timestamp") AS "first", MAX("timestamp") AS "last" FROM "events" GROUP BY "event") AS t ON c."event" = t."event"
WHERE c."count" IS DISTINCT FROM t."count" OR c."first_seen" IS DISTINCT FROM t."first" OR c."last_seen" IS DISTINCT FROM t."last"`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var event string
		var said, are int64
		if err := rows.Scan(&event, &said, &are); err != nil {
			return nil, err
		}
		wrong = append(wrong, fmt.Sprintf("the catalogue has %d of %q, the table %d, or when they were seen first and last differs", said, event, are))
	}
	return wrong, rows.Err()
}
