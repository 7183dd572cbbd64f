//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package dataloaf

import (
	"errors"
	"os"
	"syscall"
)

// lockFile uses flock: the kernel gives the lock back when the process ends,
// however it ends, and another opening in the same process does not get it.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return f.Close, nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrSpoolInUse
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
