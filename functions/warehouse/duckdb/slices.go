package duckdb

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

const (
	// largeObject is how many bytes an object may unpack to and be read as a whole.
	// Collection makes none above 5 MiB.
	largeObject = 16 << 20
	// sliceSize bounds a slice of a large one. DuckDB works on 2,048 rows at once,
	// whatever their length, and takes some times their JSON for it: of lines of
	// 32 KiB that were hundreds of MB.
	sliceSize = 4 << 20
)

// storeSlices stores the only object of a load slice by slice. The slices lie in
// files for DuckDB to read.
func (e *engine) storeSlices(ctx context.Context, s *storing) (err error) {
	dir := e.slicesDir
	if dir == "" {
		dir, err = os.MkdirTemp("", "dataloaf-slices-")
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("make a folder for the slices: %w", err)
	}
	defer func() {
		if removed := os.RemoveAll(dir); err == nil && removed != nil {
			err = fmt.Errorf("remove the slices: %w", removed)
		}
	}()
	paths, err := e.slice(ctx, s.objects[0], dir)
	if err != nil {
		return err
	}
	for _, path := range paths {
		s.byPath[path] = 0
		if err := s.store(ctx, part{[]string{path}, "uncompressed"}); err != nil {
			return err
		}
	}
	return e.commitIntoFile(ctx, s.tx)
}

// commitIntoFile has a transaction write into the file when it commits. DuckDB takes
// long text for a few bytes when it decides whether a commit goes into its log or into
// the file at once; the log of such rows is written in memory beyond its limit. Lock
// takes this back.
func (e *engine) commitIntoFile(ctx context.Context, tx *sql.Tx) error {
	e.intoFile = true
	if _, err := tx.ExecContext(ctx, `SET GLOBAL checkpoint_threshold = '1KB'`); err != nil {
		return fmt.Errorf("have the commit write into the file: %w", err)
	}
	return nil
}

// slice writes the lines of an object into files of bounded size.
func (e *engine) slice(ctx context.Context, o warehouse.Object, dir string) (paths []string, err error) {
	var file *os.File
	var out *bufio.Writer
	finish := func() error {
		if file == nil {
			return nil
		}
		err := out.Flush()
		if closed := file.Close(); err == nil {
			err = closed
		}
		file = nil
		return err
	}
	size := 0
	var failed error
	err = writer.Lines(ctx, e.source, o, func(line []byte) error {
		if file == nil || size+len(line) >= sliceSize {
			if failed = finish(); failed != nil {
				return failed
			}
			path := filepath.Join(dir, fmt.Sprintf("%06d.ndjson", len(paths)))
			if file, failed = os.Create(path); failed != nil {
				return failed
			}
			paths, out, size = append(paths, path), bufio.NewWriterSize(file, 64<<10), 0
		}
		size += len(line) + 1
		if _, failed = out.Write(line); failed == nil {
			failed = out.WriteByte('\n')
		}
		return failed
	})
	if closed := finish(); failed == nil {
		failed = closed
	}
	if failed != nil {
		// Not the line is at fault, as Lines says.
		return nil, fmt.Errorf("cut %s into slices: %w", o.ID(), failed)
	}
	return paths, err
}
