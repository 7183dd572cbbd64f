// Package local runs the pipeline on one machine: a folder with the layout of
// the buckets instead of Firehose and S3, a queue in memory instead of SQS, a
// ticker instead of the schedule, net/http instead of API Gateway. The handlers
// behind are the ones that AWS runs.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Store keeps raw objects as files root/<bucket>/<key>.
type Store struct {
	root string
	// made are the folders that are known to be durable.
	made sync.Map
}

// temporary is the folder of files that are being written: on the same volume,
// so that a rename is atomic, and outside every bucket, so that nobody lists
// what is not whole.
const temporary = ".writing"

// NewStore opens the store at root, makes the folder when it is not there, and
// removes what a crash left half-written.
func NewStore(root string) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open the object store: %w", err)
	}
	s := &Store{root: root}
	if err := os.RemoveAll(filepath.Join(root, temporary)); err != nil {
		return nil, fmt.Errorf("clean the object store: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(root, temporary), 0o700); err != nil {
		return nil, fmt.Errorf("make the object store: %w", err)
	}
	if err := syncDir(root); err != nil {
		return nil, fmt.Errorf("make the object store: %w", err)
	}
	return s, nil
}

// Path is the file of an object.
func (s *Store) Path(o warehouse.Object) string {
	return filepath.Join(s.root, o.Bucket, filepath.FromSlash(o.Key))
}

// Put stores an object whole or not at all. When it returns nil the object
// survives a crash of the machine.
func (s *Store) Put(_ context.Context, bucket, key string, body []byte) (err error) {
	final := filepath.Join(s.root, bucket, filepath.FromSlash(key))
	dir := filepath.Dir(final)
	if err := s.makeDir(dir); err != nil {
		return fmt.Errorf("put %s/%s: %w", bucket, key, err)
	}
	file, err := os.CreateTemp(filepath.Join(s.root, temporary), "*")
	if err != nil {
		return fmt.Errorf("put %s/%s: %w", bucket, key, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("put %s/%s: %w", bucket, key, err)
			// What stays behind is removed at the next start.
			_ = os.Remove(file.Name())
		}
	}()
	if _, err := file.Write(body); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Sync(); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), final); err != nil {
		// Someone may have removed the folder meanwhile; the next Put makes it.
		s.made.Delete(dir)
		return err
	}
	// When this fails the object may be there after all: the caller, told that
	// it is not, sends the same again, and a load takes it once.
	return syncDir(dir)
}

// makeDir makes a folder and its parents durable: a rename into a folder whose
// own entry is lost in a crash loses the file with it.
func (s *Store) makeDir(dir string) error {
	if _, ok := s.made.Load(dir); ok {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for parent := filepath.Dir(dir); len(parent) >= len(s.root); parent = filepath.Dir(parent) {
		if err := syncDir(parent); err != nil {
			return err
		}
	}
	s.made.Store(dir, true)
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements warehouse.Source.
func (s *Store) Open(_ context.Context, o warehouse.Object) (io.ReadCloser, error) {
	return os.Open(s.Path(o))
}

// listed bounds the objects handed on at once.
const listed = 500

// List implements load.Lister.
func (s *Store) List(ctx context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error {
	bucket := string(kind.Bucket())
	base := filepath.Join(s.root, bucket)
	var batch []warehouse.Object
	err := filepath.WalkDir(filepath.Join(base, string(kind)), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if within := filepath.ToSlash(strings.TrimPrefix(path, base+string(filepath.Separator))); within+"/" < after && !strings.HasPrefix(after, within+"/") {
				return filepath.SkipDir // everything in it comes before
			}
			return ctx.Err()
		}
		if strings.HasPrefix(entry.Name(), ".") {
			return nil // such as the .DS_Store of a file manager that looked in
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		key := filepath.ToSlash(strings.TrimPrefix(path, base+string(filepath.Separator)))
		if o, ok := warehouse.ParseKey(bucket, key); ok && key > after {
			o.Size = info.Size()
			batch = append(batch, o)
		}
		if len(batch) < listed {
			return nil
		}
		full := batch
		batch = nil
		return f(full)
	})
	if err != nil {
		return fmt.Errorf("list %s: %w", kind, err)
	}
	if len(batch) == 0 {
		return nil
	}
	return f(batch)
}

// Older implements deletion.Store: a folder keeps no versions.
func (s *Store) Older(context.Context, warehouse.Kind, string, func([]deletion.Version) error) error {
	return nil
}

// OpenVersion implements deletion.Store.
func (s *Store) OpenVersion(_ context.Context, v deletion.Version) (io.ReadCloser, error) {
	return nil, fmt.Errorf("open version %s of %s: %w", v.ID, v.Object.ID(), fs.ErrNotExist)
}

// RemoveVersion implements deletion.Store.
func (s *Store) RemoveVersion(_ context.Context, v deletion.Version) error {
	return fmt.Errorf("remove version %s of %s: %w", v.ID, v.Object.ID(), fs.ErrNotExist)
}

// RemoveBefore removes the objects of a kind of days before one, written as
// 2026/03/04: what S3's lifecycle does in AWS.
func (s *Store) RemoveBefore(ctx context.Context, kind warehouse.Kind, day string) error {
	past := errors.New("the days before end here")
	err := s.List(ctx, kind, "", func(objects []warehouse.Object) error {
		for _, o := range objects {
			if o.Key >= string(kind)+"/"+day {
				return past
			}
			if err := os.Remove(s.Path(o)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove %s: %w", o.ID(), err)
			}
		}
		return nil
	})
	if errors.Is(err, past) {
		return nil
	}
	return err
}
