//go:build linux

package termtest

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const getTermios = unix.TCGETS

func ownTerminal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }
