//go:build darwin

package termtest

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const getTermios = unix.TIOCGETA

func ownTerminal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }
