package dataloaf

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
)

// WithDisk puts a file system in the place of the operating system's.
func WithDisk(s *Spool, d *MemDisk) { s.disk = d }

// MemDisk is a file system in memory whose process or machine can crash. What
// was written survives a crash of the process; what was synced survives one of
// the machine.
type MemDisk struct {
	// Draw gives a number from 0 to n-1, by chance: how much of what was not
	// synced is there after a loss of power.
	Draw func(n int) int

	mu    sync.Mutex
	files map[string]*memFile
	// named are the files that the folder on the disk knows.
	named  map[string]bool
	locked bool
	// life counts the processes; handles of earlier ones are dead.
	life int
	// writes until the process dies in the middle of one, if positive.
	writesLeft int
	// Fails, when set, is what writing and syncing fail with.
	fails error
	syncs int
}

type memFile struct {
	content []byte
	synced  int
}

type memHandle struct {
	disk *MemDisk
	file *memFile
	life int
}

var errDead = errors.New("the process is dead")

// NewMemDisk makes an empty disk.
func NewMemDisk(draw func(n int) int) *MemDisk {
	return &MemDisk{Draw: draw, files: map[string]*memFile{}, named: map[string]bool{}}
}

// Kill ends the process: its handles do nothing any more, and its lock is free.
func (d *MemDisk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kill()
}

func (d *MemDisk) kill() {
	d.life++
	d.locked = false
	d.writesLeft = 0
}

// PowerLoss ends the machine: of what was not synced a part is gone, or is not
// what it was.
func (d *MemDisk) PowerLoss() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kill()
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[name]
		if !d.named[name] && d.Draw(2) == 0 {
			delete(d.files, name)
			continue
		}
		kept := f.synced
		if tail := len(f.content) - f.synced; tail > 0 {
			kept += d.Draw(tail + 1)
		}
		lost := f.content[kept:]
		f.content = f.content[:kept:kept]
		// A file may have its new size before it has its new content.
		if len(lost) > 0 && d.Draw(3) == 0 {
			f.content = append(f.content, make([]byte, d.Draw(len(lost)))...)
		}
		f.synced = len(f.content)
		d.named[name] = true
	}
}

// DieIn lets the process die in the middle of the n-th write from now.
func (d *MemDisk) DieIn(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writesLeft = n
}

// Fail makes writing and syncing fail; nil makes them work again.
func (d *MemDisk) Fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = err
}

// Life counts the crashes so far.
func (d *MemDisk) Life() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.life
}

// Syncs counts the calls of fsync for files.
func (d *MemDisk) Syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs
}

// Bytes is how much all files hold.
func (d *MemDisk) Bytes() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.files {
		n += len(f.content)
	}
	return n
}

// Names are those of the files.
func (d *MemDisk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files))
}

// Edit changes a file's content.
func (d *MemDisk) Edit(name string, change func([]byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[name]
	f.content = change(bytes.Clone(f.content))
	f.synced = len(f.content)
}

// MkdirAll implements disk.
func (d *MemDisk) MkdirAll(string) error { return nil }

// Lock implements disk.
func (d *MemDisk) Lock(string) (func() error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return nil, ErrSpoolInUse
	}
	d.locked = true
	life := d.life
	return func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.life == life {
			d.locked = false
		}
		return nil
	}, nil
}

// List implements disk.
func (d *MemDisk) List(string) (names []string, _ error) {
	for _, name := range d.Names() {
		names = append(names, filepath.Base(name))
	}
	return names, nil
}

// Open implements disk.
func (d *MemDisk) Open(path string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &memHandle{d, f, d.life}, nil
}

// OpenOrCreate implements disk.
func (d *MemDisk) OpenOrCreate(path string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil {
		return nil, d.fails
	}
	if d.files[path] == nil {
		d.files[path] = &memFile{}
	}
	return &memHandle{d, d.files[path], d.life}, nil
}

// Remove implements disk. The caller of a process that is dead is not told from
// one that lives: tests stop it first.
func (d *MemDisk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, path)
	delete(d.named, path)
	return nil
}

// SyncDir implements disk.
func (d *MemDisk) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil {
		return d.fails
	}
	for name := range d.files {
		d.named[name] = true
	}
	return nil
}

func (h *memHandle) alive() error {
	if h.life != h.disk.life {
		return errDead
	}
	return nil
}

func (h *memHandle) Write(p []byte) (int, error) {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := h.alive(); err != nil {
		return 0, err
	}
	if d.fails != nil {
		part := len(p) / 2 // a full disk takes what fits
		h.file.content = append(h.file.content, p[:part]...)
		return part, d.fails
	}
	if d.writesLeft > 0 {
		if d.writesLeft--; d.writesLeft == 0 {
			h.file.content = append(h.file.content, p[:d.Draw(len(p)+1)]...)
			d.kill()
			return 0, errDead
		}
	}
	h.file.content = append(h.file.content, p...)
	return len(p), nil
}

func (h *memHandle) ReadAt(p []byte, at int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.alive(); err != nil {
		return 0, err
	}
	if at > int64(len(h.file.content)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.content[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *memHandle) Sync() error {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := h.alive(); err != nil {
		return err
	}
	if d.fails != nil {
		return d.fails
	}
	d.syncs++
	h.file.synced = len(h.file.content)
	return nil
}

func (h *memHandle) Truncate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.alive(); err != nil {
		return err
	}
	h.file.content = h.file.content[:size]
	h.file.synced = min(h.file.synced, int(size))
	return nil
}

func (h *memHandle) Size() (int64, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return int64(len(h.file.content)), h.alive()
}

func (h *memHandle) Close() error { return nil }
