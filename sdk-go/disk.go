package dataloaf

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// disk is what a spool needs of a file system.
type disk interface {
	MkdirAll(dir string) error
	// Lock takes the lock file for this client alone, or fails with
	// ErrSpoolInUse. A lock ends with its process.
	Lock(path string) (unlock func() error, err error)
	// List gives the names in a folder.
	List(dir string) ([]string, error)
	Open(path string) (file, error)
	OpenOrCreate(path string) (file, error)
	// Remove of what is not there is no failure.
	Remove(path string) error
	// SyncDir makes the files that were made in the folder safe.
	SyncDir(dir string) error
}

// file is one that is written at its end.
type file interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
}

// readAll reads a file from its beginning.
func readAll(f file) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	content := make([]byte, size)
	n, err := f.ReadAt(content, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return content[:n], err
}

// osDisk is the operating system's. What is enqueued may be private: only the
// owner reads it.
type osDisk struct{}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (osDisk) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o700) }

func (osDisk) Lock(path string) (func() error, error) { return lockFile(path) }

func (osDisk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

func (osDisk) Open(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	return osFile{f}, err
}

func (osDisk) OpenOrCreate(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	return osFile{f}, err
}

func (osDisk) Remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (osDisk) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // NTFS keeps a journal of its folders, and none can be synced
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
