package query

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// PipelineState says how far the warehouse is.
type PipelineState struct {
	// LastLoad is when the newest load committed; nil before the first.
	LastLoad *time.Time `json:"last_load"`
	// LagSeconds is how long the oldest record of that load had waited for it.
	LagSeconds *float64 `json:"lag_seconds"`
	// RowsLoaded counts the events and the new users of all loads.
	RowsLoaded       int64             `json:"rows_loaded"`
	FilesLoaded      int64             `json:"files_loaded"`
	FilesQuarantined int64             `json:"files_quarantined"`
	Quarantined      []QuarantinedFile `json:"quarantined"`
}

// QuarantinedFile is a raw object that could not be loaded and was set aside.
type QuarantinedFile struct {
	Object string    `json:"object"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// maxQuarantined is how many of the newest quarantined files are named.
const maxQuarantined = 20

// Pipeline tells how fresh the warehouse is. It takes no turn: it must answer
// when the queries are stuck.
func (s *Service) Pipeline(ctx context.Context) (PipelineState, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, ErrTimeout)
	defer cancel()
	state := PipelineState{Quarantined: []QuarantinedFile{}}
	err := s.ready(ctx)
	if errors.Is(err, errNoTables) {
		return state, nil
	}
	if err == nil {
		err = s.pipeline(ctx, &state)
	}
	return state, explain(ctx, "read the state of the pipeline", err)
}

func (s *Service) pipeline(ctx context.Context, state *PipelineState) error {
	err := s.db.SQL.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM("inserted"), 0) AS BIGINT) FROM "loaf_loads"`).Scan(&state.RowsLoaded)
	if err != nil {
		return err
	}
	var finished time.Time
	var oldest sql.NullTime
	err = s.db.SQL.QueryRowContext(ctx, `SELECT "finished_at", "oldest_object_at" FROM "loaf_loads" ORDER BY "load_id" DESC LIMIT 1`).Scan(&finished, &oldest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	default:
		finished = finished.UTC()
		state.LastLoad = &finished
		if oldest.Valid {
			lag := max(0, finished.Sub(oldest.Time).Seconds())
			state.LagSeconds = &lag
		}
	}
	if err := s.files(ctx, state); err != nil {
		return err
	}
	return s.quarantined(ctx, state)
}

func (s *Service) files(ctx context.Context, state *PipelineState) error {
	rows, err := s.db.SQL.QueryContext(ctx, `SELECT "status", COUNT(*) FROM "loaf_files" GROUP BY 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var status string
		var n int64
		if err := rows.Scan(&status, &n); err != nil {
			return err
		}
		switch status {
		case "loaded":
			state.FilesLoaded = n
		case "quarantined":
			state.FilesQuarantined = n
		}
	}
	return rows.Err()
}

func (s *Service) quarantined(ctx context.Context, state *PipelineState) error {
	rows, err := s.db.SQL.QueryContext(ctx, `SELECT "object_id", COALESCE("error", ''), "loaded_at" FROM "loaf_files"
WHERE "status" = 'quarantined' ORDER BY "loaded_at" DESC, "object_id" LIMIT $1`, maxQuarantined)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f QuarantinedFile
		if err := rows.Scan(&f.Object, &f.Reason, &f.At); err != nil {
			return err
		}
		f.At = f.At.UTC()
		state.Quarantined = append(state.Quarantined, f)
	}
	return rows.Err()
}
