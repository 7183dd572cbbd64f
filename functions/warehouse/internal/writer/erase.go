package writer

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Gone is the SQL by which an engine tells what events that are being deleted
// had in the catalogues.
type Gone struct {
	// Create makes the temporary table loaf_gone of event and properties.
	Create string
	// Properties makes loaf_gone_properties of event, property, type and count
	// from it, as the catalogue of properties counts them.
	Properties string
}

// The statements that take events out of the table and the catalogues. A
// condition stands for the events that go; its values are $1 and so on.
const (
	LessEvents = `UPDATE "loaf_event_catalog" SET "count" = "loaf_event_catalog"."count" - n."count"
FROM (SELECT "event", COUNT(*) AS "count" FROM "loaf_gone" GROUP BY "event") AS n
WHERE "loaf_event_catalog"."event" = n."event"`
	SeenEvents = `UPDATE "loaf_event_catalog" SET "first_seen" = n."first_seen", "last_seen" = n."last_seen"
FROM (SELECT "event", MIN("timestamp") AS "first_seen", MAX("timestamp") AS "last_seen" FROM "events" WHERE "event" IN (SELECT "event" FROM "loaf_gone") GROUP BY "event") AS n
WHERE "loaf_event_catalog"."event" = n."event"`
	NoEvents       = `DELETE FROM "loaf_event_catalog" WHERE "count" <= 0`
	LessProperties = `UPDATE "loaf_property_catalog" SET "count" = "loaf_property_catalog"."count" - n."count"
FROM "loaf_gone_properties" AS n
WHERE "loaf_property_catalog"."event" = n."event" AND "loaf_property_catalog"."property" = n."property" AND "loaf_property_catalog"."type" = n."type"`
	NoProperties = `DELETE FROM "loaf_property_catalog" WHERE "count" <= 0`
	DropGone     = `DROP TABLE "loaf_gone"`
	DropGoneToo  = `DROP TABLE "loaf_gone_properties"`
)

// FillGone and DeleteEvents take a condition.
func FillGone(condition string) string {
	return `INSERT INTO "loaf_gone" ("event", "properties") SELECT "event", "properties" FROM "events" WHERE ` + condition
}

// DeleteEvents deletes the events of a condition.
func DeleteEvents(condition string) string { return `DELETE FROM "events" WHERE ` + condition }

// OfUser is the condition for the events of the user $1 that were accepted until
// $2.
const OfUser = `"user_id" = $1 AND "received_at" <= $2`

// UserLoads is the query for how many events of a user each load has stored.
const UserLoads = `SELECT "load_id", COUNT(*) FROM "events" WHERE ` + OfUser + ` GROUP BY "load_id"`

// dropEvents deletes events from the table and the catalogues.
func (w *Writer) dropEvents(ctx context.Context, tx *sql.Tx, condition string, args ...any) error {
	gone := w.engine.Gone()
	for _, step := range []struct {
		doing, statement string
		args             []any
	}{
		{"make the table of what goes", gone.Create, nil},
		{"gather what goes", FillGone(condition), args},
		{"delete the events", DeleteEvents(condition), args},
		{"keep the catalogue of events", LessEvents, nil},
		{"keep when events were seen", SeenEvents, nil},
		{"take events off the catalogue", NoEvents, nil},
		{"gather the properties that go", gone.Properties, nil},
		{"keep the catalogue of properties", LessProperties, nil},
		{"take properties off the catalogue", NoProperties, nil},
		{"drop the table of what goes", DropGone, nil},
		{"drop the table of properties that go", DropGoneToo, nil},
	} {
		if _, err := tx.ExecContext(ctx, step.statement, step.args...); err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	return nil
}

// The statements on documents of deletions.
const (
	SelectDeletions = `SELECT "kind", "id", "version", "body" FROM "loaf_documents" WHERE "kind" IN ('deletion', 'deletion_pass') ORDER BY "created_at", "id"`
	SaveDocument    = `UPDATE "loaf_documents" SET "version" = $1, "body" = $2, "updated_at" = $3, "updated_by" = $4 WHERE "kind" = $5 AND "id" = $6 AND "version" = $7`
	FindDocument    = `SELECT "version" FROM "loaf_documents" WHERE "kind" = $1 AND "id" = $2`
	AddDocument     = `INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
)

// author is by whom documents of deletions are changed.
const author = "load"

// Deletions gives the deletions that are not done, the oldest first, and the
// pass that is under way.
func (w *Writer) Deletions(ctx context.Context) (warehouse.DeletionWork, error) {
	var work warehouse.DeletionWork
	rows, err := w.db.QueryContext(ctx, SelectDeletions)
	if err != nil {
		return work, fmt.Errorf("read the deletions: %w", w.engine.Classify(err))
	}
	defer rows.Close()
	for rows.Next() {
		var kind, id, body string
		var version int64
		if err := rows.Scan(&kind, &id, &version, &body); err != nil {
			return work, fmt.Errorf("read the deletions: %w", w.engine.Classify(err))
		}
		if kind == warehouse.DeletionPassKind {
			work.PassVersion, work.Pass = version, json.RawMessage(body)
			continue
		}
		d := warehouse.DeletionDocument{ID: id, Version: version}
		if err := json.Unmarshal([]byte(body), &d.Deletion); err != nil {
			return work, fmt.Errorf("read the deletion %s: %w", id, err)
		}
		if d.State != warehouse.DeletionDone {
			work.Deletions = append(work.Deletions, d)
		}
	}
	if err := rows.Err(); err != nil {
		return work, fmt.Errorf("read the deletions: %w", w.engine.Classify(err))
	}
	return work, nil
}

// Erase does one transaction of a pass. The ledger is brought to what the raw
// objects will be before they are: a pass that is cut off in between finds the
// objects unchanged, does the same again, and the ledger, which has the lines
// that it should have by then, is left alone. The other way round nobody could
// tell any more which lines are missing on purpose.
func (w *Writer) Erase(ctx context.Context, e warehouse.Erasure) (warehouse.Erased, error) {
	var kept *survivors
	if e.Users {
		var err error
		// Read ahead of the transaction, which keeps the other writers waiting.
		if kept, err = w.survivors(ctx, e.Deletions); err != nil {
			return warehouse.Erased{}, fmt.Errorf("erase: %w", err)
		}
	}
	var out warehouse.Erased
	err := w.Transact(ctx, func(tx *sql.Tx) error {
		t := &erasure{w: w, tx: tx, Erasure: e, done: slices.Clone(e.Deletions), kept: kept}
		var err error
		out, err = t.run(ctx)
		return err
	})
	if err != nil {
		return warehouse.Erased{}, fmt.Errorf("erase: %w", err)
	}
	return out, nil
}

// erasure is one attempt at an Erase.
type erasure struct {
	w *Writer
	warehouse.Erasure
	tx   *sql.Tx
	kept *survivors
	// done are the deletions with what was counted.
	done []warehouse.DeletionDocument
	// book holds the entries of the ledger that change.
	book book
	// changed is true when rows were.
	changed bool
}

func (t *erasure) run(ctx context.Context) (warehouse.Erased, error) {
	var out warehouse.Erased
	if err := t.save(ctx, warehouse.DeletionPassKind, warehouse.DeletionPassID, t.PassVersion, t.Pass); err != nil {
		return out, err
	}
	t.book = book{entries: map[string]*entry{}, loads: map[int64][]*entry{}, changed: map[string]bool{}, loaded: map[int64]*sums{}}
	if t.Rows || len(t.Objects) > 0 {
		if err := t.events(ctx); err != nil {
			return out, err
		}
	}
	var err error
	if out.Put, err = t.objects(ctx); err != nil {
		return out, err
	}
	if err := t.book.write(ctx, t.tx); err != nil {
		return out, err
	}
	if t.Rows {
		if err := t.reasons(ctx); err != nil {
			return out, err
		}
	}
	if t.Users {
		if err := t.users(ctx); err != nil {
			return out, err
		}
	}
	if t.changed {
		if err := t.w.forget(ctx, t.tx); err != nil {
			return out, err
		}
		if err := t.w.recordChange(ctx, t.tx); err != nil {
			return out, err
		}
	}
	for i := range t.done {
		d := &t.done[i]
		body, err := json.Marshal(d.Deletion)
		if err != nil {
			return out, fmt.Errorf("write the deletion %s: %w", d.ID, err)
		}
		if err := t.save(ctx, warehouse.DeletionKind, d.ID, d.Version, body); err != nil {
			return out, err
		}
		d.Version++
	}
	out.PassVersion, out.Deletions = t.PassVersion+1, t.done
	return out, nil
}

// forget removes what the engine keeps of users that are named no more.
func (w *Writer) forget(ctx context.Context, tx *sql.Tx) error {
	statement := w.engine.Forget()
	if statement == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("forget users that are named no more: %w", err)
	}
	return nil
}

// save writes a document that has the version, or a new one.
func (t *erasure) save(ctx context.Context, kind, id string, version int64, body json.RawMessage) error {
	at := micros(t.w.now())
	if version == 0 {
		var found int64
		err := t.tx.QueryRowContext(ctx, FindDocument, kind, id).Scan(&found)
		if err == nil {
			return warehouse.ErrTakenOver
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for the %s: %w", kind, err)
		}
		if _, err := t.tx.ExecContext(ctx, AddDocument, kind, id, int64(1), string(body), at, author, at, author); err != nil {
			return fmt.Errorf("save the %s: %w", kind, err)
		}
		return nil
	}
	result, err := t.tx.ExecContext(ctx, SaveDocument, version+1, string(body), at, author, kind, id, version)
	if err != nil {
		return fmt.Errorf("save the %s %s: %w", kind, id, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(warehouse.ErrTakenOver, err)
	}
	return nil
}

// events deletes the users' events. In the ledger they turn from new rows into
// lines that are no rows of their own, which duplicates are; the objects take
// these lines out of it one by one.
func (t *erasure) events(ctx context.Context) error {
	gone := map[int64]int64{}
	for i := range t.done {
		d := &t.done[i]
		if d.UserID == "" {
			continue
		}
		var n int64
		args := []any{d.UserID, micros(d.RequestedAt)}
		err := each(ctx, t.tx, UserLoads, args, func(rows *sql.Rows) error {
			var load, count int64
			err := rows.Scan(&load, &count)
			gone[load] += count
			n += count
			return err
		})
		if err != nil {
			return fmt.Errorf("count the user's events: %w", err)
		}
		if n == 0 {
			continue
		}
		if err := t.w.dropEvents(ctx, t.tx, OfUser, args...); err != nil {
			return fmt.Errorf("delete the user's events: %w", err)
		}
		d.EventRows += n
		t.changed = true
	}
	loads := make([]int64, 0, len(gone))
	for load := range gone {
		loads = append(loads, load)
	}
	if err := t.book.open(ctx, t.tx, loads); err != nil {
		return err
	}
	for load, n := range gone {
		t.book.unstore(load, n)
	}
	return nil
}

// objects brings the ledger to what the objects will be, stores those that it
// does not hold as loaded, and gives back the others. Updates that it does not
// hold are merged first.
func (t *erasure) objects(ctx context.Context) (put []warehouse.Rewritten, err error) {
	found := map[string]*entry{}
	var loads []int64
	for some := range slices.Chunk(t.Objects, lookup) {
		args := make([]any, len(some))
		for i, r := range some {
			args[i] = r.Object.ID()
		}
		err := each(ctx, t.tx, SelectEntries(len(args)), args, func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			if err == nil {
				found[e.id] = e
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
	}
	for _, e := range found {
		if e.kind == string(warehouse.Events) && e.load.Valid {
			loads = append(loads, e.load.Int64)
		}
	}
	if err := t.book.open(ctx, t.tx, loads); err != nil {
		return nil, err
	}
	for _, r := range t.Objects {
		e := found[r.Object.ID()]
		if e == nil && r.Object.Kind == warehouse.Updates {
			merged, err := t.merge(ctx, r)
			if err != nil {
				return nil, fmt.Errorf("merge what is left of %s: %w", r.Object.ID(), err)
			}
			if merged {
				put = append(put, r)
				t.count(r)
				continue
			}
		}
		if e == nil || e.status != "loaded" {
			if err := t.Put(ctx, r); err != nil {
				return nil, fmt.Errorf("rewrite %s: %w", r.Object.ID(), err)
			}
			t.count(r)
			continue
		}
		put = append(put, r)
		// With other lines than these the entry was changed before, or does not
		// add up already, which an audit tells.
		if known := t.book.entries[e.id]; known != nil {
			e = known
		}
		if e.lines == r.Before {
			t.book.take(e, r.Before-r.After())
			t.count(r)
		}
	}
	return put, nil
}

// packed is an object that is held.
type packed []byte

func (p packed) Open(context.Context, warehouse.Object) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(p)), nil
}

// merge merges what is left of an object of updates, and records it. The call that
// stored the object may be just about to merge it, with the lines that go, and could
// not tell that it was rewritten; in the ledger it finds that it was merged already.
// It reports false for an object that cannot be merged.
func (t *erasure) merge(ctx context.Context, r warehouse.Rewritten) (bool, error) {
	w := &Writer{db: t.w.db, engine: t.w.engine, source: packed(r.Body), now: t.w.now} // in a transaction already: it takes no turn
	stored, err := w.storeUsers(ctx, t.tx, []warehouse.Object{r.Object})
	var data *warehouse.DataError
	if errors.As(err, &data) {
		return false, nil // before anything was written
	}
	if err != nil {
		return false, err
	}
	return true, w.record(ctx, t.tx, nil, stored.Reports)
}

func (t *erasure) count(r warehouse.Rewritten) {
	for i, n := range r.Removed {
		if n > 0 {
			t.done[i].Objects++
			t.done[i].Lines += n
		}
	}
}

// The statements on what the ledger says of broken objects, which may quote
// them.
const (
	SelectReasons = `SELECT "object_id", "error" FROM "loaf_files" WHERE "status" = 'quarantined' AND "error" IS NOT NULL`
	SetReason     = `UPDATE "loaf_files" SET "error" = $1 WHERE "object_id" = $2 AND "status" = 'quarantined'`
)

// withheld takes the place of a reason that quotes a user's data.
const withheld = "the reason quoted data that was deleted for good; replay the object to learn what is wrong with it"

func (t *erasure) reasons(ctx context.Context) error {
	var quoting []string
	err := each(ctx, t.tx, SelectReasons, nil, func(rows *sql.Rows) error {
		var id, reason string
		if err := rows.Scan(&id, &reason); err != nil {
			return err
		}
		for _, d := range t.done {
			if d.UserID != "" && quotes(reason, d.UserID) {
				quoting = append(quoting, id)
				break
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read why objects were set aside: %w", err)
	}
	for _, id := range quoting {
		if _, err := t.tx.ExecContext(ctx, SetReason, withheld, id); err != nil {
			return fmt.Errorf("withhold why %s was set aside: %w", id, err)
		}
	}
	return nil
}

// quotes reports whether a text has an id in it, as it is or as JSON or Go would
// write it.
func quotes(text, id string) bool {
	for _, form := range []string{id, strings.Trim(fmt.Sprintf("%q", id), `"`), jsonForm(id)} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func jsonForm(id string) string {
	text, err := json.Marshal(id)
	if err != nil { // a string always encodes
		return id
	}
	return strings.Trim(string(text), `"`)
}

// recordChange records a load that stored nothing: by its number everybody who
// keeps answers learns that there are newer ones.
func (w *Writer) recordChange(ctx context.Context, tx *sql.Tx) error {
	var id int64
	if err := tx.QueryRowContext(ctx, NextLoadID).Scan(&id); err != nil {
		return fmt.Errorf("take a load id: %w", err)
	}
	at := micros(w.now())
	if _, err := tx.ExecContext(ctx, InsertLoad, id, at, at, int64(0), int64(0), int64(0), int64(0), at); err != nil {
		return fmt.Errorf("record that rows were deleted: %w", err)
	}
	return nil
}

// SelectSince is the query for the objects that wrote to users since $1.
const SelectSince = `SELECT "bucket", "key", "kind" FROM "loaf_files" WHERE "kind" IN ('users', 'updates') AND "status" = 'loaded' AND "loaded_at" >= $1`

// DeleteUser deletes the row of the user $1.
const DeleteUser = `DELETE FROM "users" WHERE "user_id" = $1`

// skew is by how much clocks may differ.
const skew = time.Hour

// survivors are what users wrote after their data was asked to be deleted: a row
// merges all writes, so a row without the old ones is made from the new ones.
type survivors struct {
	*Writer
	// until is, by user, when the newest of their deletions was asked for.
	until map[string]time.Time
	since time.Time
	// read are the objects that were, and states what was in them.
	read   map[string]bool
	states map[string]warehouse.User
}

// readers is how many objects are read at once.
const readers = 8

func (w *Writer) survivors(ctx context.Context, deletions []warehouse.DeletionDocument) (*survivors, error) {
	s := &survivors{Writer: w, until: map[string]time.Time{}, read: map[string]bool{}, states: map[string]warehouse.User{}}
	var ids []string
	for _, d := range deletions {
		if d.UserID == "" {
			continue
		}
		if at, ok := s.until[d.UserID]; !ok {
			ids = append(ids, d.UserID)
			s.until[d.UserID] = d.RequestedAt
		} else if d.RequestedAt.After(at) {
			s.until[d.UserID] = d.RequestedAt
		}
	}
	// A user without a row has written nothing that was merged.
	users, err := w.Users(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if at := s.until[u.ID]; s.since.IsZero() || at.Before(s.since) {
			s.since = at
		}
	}
	if s.since.IsZero() {
		return s, nil
	}
	return s, s.gather(ctx, w.db)
}

// gather reads the objects since then that were not read before.
func (s *survivors) gather(ctx context.Context, q warehouse.Querier) error {
	var unread []warehouse.Object
	err := each(ctx, q, SelectSince, []any{micros(s.since.Add(-skew))}, func(rows *sql.Rows) error {
		var o warehouse.Object
		if err := rows.Scan(&o.Bucket, &o.Key, &o.Kind); err != nil {
			return err
		}
		if !s.read[o.ID()] {
			s.read[o.ID()] = true
			unread = append(unread, o)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for what users wrote since: %w", err)
	}
	work := make(chan warehouse.Object)
	var mu sync.Mutex
	var errs []error
	var running sync.WaitGroup
	for range readers {
		running.Go(func() {
			for o := range work {
				err := s.object(ctx, &mu, o)
				if err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, o := range unread {
		work <- o
	}
	close(work)
	running.Wait()
	return errors.Join(errs...)
}

func (s *survivors) object(ctx context.Context, mu *sync.Mutex, o warehouse.Object) error {
	err := Lines(ctx, s.source, o, func(line []byte) error {
		write, arrival, err := parseWrite(o.Kind, line)
		if err != nil {
			return err
		}
		until, ours := s.until[write.UserID]
		if !ours || !arrival.After(until) {
			return nil
		}
		state, err := write.State()
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if before, ok := s.states[write.UserID]; ok {
			state = warehouse.Merge(before, state)
		}
		s.states[write.UserID] = state
		return nil
	})
	var data *warehouse.DataError
	if errors.As(err, &data) || errors.Is(err, fs.ErrNotExist) {
		return nil // it cannot be loaded again either
	}
	return err
}

// users deletes the users' rows, or makes them anew from what was written since.
func (t *erasure) users(ctx context.Context) error {
	seen := map[string]bool{}
	var ids []string
	for _, d := range t.done {
		if d.UserID != "" && !seen[d.UserID] {
			seen[d.UserID] = true
			ids = append(ids, d.UserID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := t.w.engine.ReadUsers(ctx, t.tx, ids)
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	for _, u := range rows {
		if at := t.kept.until[u.ID]; t.kept.since.IsZero() || at.Before(t.kept.since) {
			t.kept.since = at
		}
	}
	// What was merged since they were read.
	if err := t.kept.gather(ctx, t.tx); err != nil {
		return err
	}
	if err := t.w.engine.PrepareUsers(ctx, t.tx, maps.Values(t.kept.states)); err != nil {
		return fmt.Errorf("prepare for the users: %w", err)
	}
	for _, u := range rows {
		left, ok := t.kept.states[u.ID]
		switch {
		case ok && same(u, left):
			continue // it has nothing old
		case ok:
			err = t.w.engine.WriteUsers(ctx, t.tx, []warehouse.User{left})
		default:
			_, err = t.tx.ExecContext(ctx, DeleteUser, u.ID)
		}
		if err != nil {
			return fmt.Errorf("delete the user's row: %w", err)
		}
		t.changed = true
		for i := range t.done {
			if t.done[i].UserID == u.ID {
				t.done[i].UserRows++
				break
			}
		}
	}
	return nil
}

// UserEvents is the query for the events of the user $1 between $2 and $3.
const UserEvents = `SELECT CAST("event_id" AS VARCHAR(36)), "timestamp" FROM "events" WHERE "user_id" = $1 AND "timestamp" BETWEEN $2 AND $3`

// UserEvents gives the events that a user has between two times.
func (w *Writer) UserEvents(ctx context.Context, userID string, from, to time.Time) (map[warehouse.EventIdentity]bool, error) {
	found := map[warehouse.EventIdentity]bool{}
	err := each(ctx, w.db, UserEvents, []any{userID, micros(from), micros(to)}, func(rows *sql.Rows) error {
		var id string
		var at time.Time
		err := rows.Scan(&id, &at)
		found[warehouse.EventIdentity{ID: strings.ToLower(id), Micros: at.UnixMicro()}] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the user's events: %w", w.engine.Classify(err))
	}
	return found, nil
}

// same reports whether two states of a user are one.
func same(a, b warehouse.User) bool {
	values, times := a.EncodeAttributes()
	others, otherTimes := b.EncodeAttributes()
	if values != others || times != otherTimes || !a.UpdatedAt.Equal(b.UpdatedAt) || (a.CreatedAt == nil) != (b.CreatedAt == nil) {
		return false
	}
	return a.CreatedAt == nil || a.CreatedAt.Equal(*b.CreatedAt)
}

// each calls f with every row of a query.
func each(ctx context.Context, q warehouse.Querier, query string, args []any, f func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
