//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package dataloaf

import (
	"fmt"
	"runtime"
)

// lockFile fails: without a lock two processes would send and remove each
// other's messages.
func lockFile(string) (unlock func() error, err error) {
	return nil, fmt.Errorf("a spool needs file locks, which this package does not know on %s", runtime.GOOS)
}
