package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// RecordKind is the kind of the documents in which audits are kept, for the
// insights page to show. Their bodies are Records.
const RecordKind = "audit"

// Record is what is kept of an audit: the result, with fewer findings.
type Record struct {
	// At is when the audit ended, or as far as it has come.
	At time.Time `json:"at"`
	Result
}

const (
	// maxRecords is how many audits are kept: the newest.
	maxRecords = 10
	// maxRecorded bounds the findings of either sort that a record names.
	maxRecorded = 10
	// maxBody is the longest body of a document: Redshift's longest text has
	// 65,535 bytes (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html).
	maxBody = 65_535
	// recordedBy is who made the document.
	recordedBy = "audit"
)

// SelectRecords is the query for the ids and the bodies of what is kept, the
// newest first.
const SelectRecords = `SELECT "id", "body" FROM "loaf_documents" WHERE "kind" = $1 ORDER BY "created_at" DESC, "id" DESC`

// InsertRecord is the statement that keeps one more.
const InsertRecord = `INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ($1, $2, 1, $3, $4, $5, $6, $7)`

// DeleteRecords is the statement that forgets n of them.
func DeleteRecords(n int) string {
	return `DELETE FROM "loaf_documents" WHERE "kind" = $1 AND "id" IN (` + placeholders(2, n) + `)`
}

// attempts at a change that lost a race with another writer.
const attempts = 5

// keep keeps a result. One that goes on where a kept one was stopped takes its
// place, with the totals of both.
func (a *Auditor) keep(ctx context.Context, db *sql.DB, r Request, result Result) error {
	for attempt := 1; ; attempt++ {
		err := a.tryToKeep(ctx, db, r, result)
		if err == nil || attempt == attempts || !warehouse.LostRace(err) {
			return err
		}
	}
}

func (a *Auditor) tryToKeep(ctx context.Context, db *sql.DB, r Request, result Result) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			// The error that made us give up is the one to report.
			_ = tx.Rollback()
		}
	}()
	at := a.config.Now().UTC().Truncate(time.Microsecond)
	record, id := Record{At: at, Result: result}, at.Format("20060102T150405.000000Z")
	gone := []any{id} // an audit of the very same moment gives way
	kept := 1
	err = scan(ctx, tx, SelectRecords, []any{RecordKind}, func(rows *sql.Rows) error {
		var other, body string
		if err := rows.Scan(&other, &body); err != nil {
			return err
		}
		var before Record
		if json.Unmarshal([]byte(body), &before) == nil && before.goesOnWith(r) {
			record.Result = before.Result
			record.Add(result)
			gone = append(gone, other)
		} else if kept++; kept > maxRecords {
			gone = append(gone, other)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what is kept: %w", err)
	}
	body, err := record.body()
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, DeleteRecords(len(gone)), slices.Insert(gone, 0, any(RecordKind))...); err != nil {
		return fmt.Errorf("forget the oldest: %w", err)
	}
	if _, err := tx.ExecContext(ctx, InsertRecord, RecordKind, id, body, at, recordedBy, at, recordedBy); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// goesOnWith is whether a request asks for the rest of what was stopped.
func (r Record) goesOnWith(rest Request) bool {
	if !r.Stopped || !r.Next.Equal(rest.From) || !r.To.Equal(rest.To) || r.Deep != rest.Deep {
		return false
	}
	kinds := make([]warehouse.Kind, len(r.Totals))
	for i, t := range r.Totals {
		kinds[i] = t.Kind
	}
	return slices.Equal(kinds, Kinds(rest.Range))
}

// body is the record as JSON, with as many of its findings as there is room for.
func (r Record) body() (string, error) {
	for most := maxRecorded; ; most /= 2 {
		r.Mismatches = r.Mismatches[:min(len(r.Mismatches), most)]
		r.Notes = r.Notes[:min(len(r.Notes), most)]
		text, err := json.Marshal(r)
		if err != nil {
			return "", fmt.Errorf("write the record: %w", err)
		}
		if len(text) <= maxBody {
			return string(text), nil
		}
		if most == 0 {
			return "", errors.New("the record is too long")
		}
	}
}
