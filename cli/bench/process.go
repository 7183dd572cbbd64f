package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// tick is the unit in which Linux tells processor time to programs (USER_HZ).
const tick = time.Second / 100

// cpuTime is the processor time that a process has taken, to the tick; 0 where
// the system does not tell. Unlike time by the clock it is hardly longer on a
// machine that others use, too.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything
	// (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0
	}
	return time.Duration(user+system) * tick
}

// peakMemory is the most that a process had resident, in bytes; 0 where the
// system does not tell.
func peakMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	var kib int64
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		return 0
	}
	return kib << 10
}

// loadAverage is the mean number of processes that wanted a processor in the last
// minute; 0 where the system does not tell.
func loadAverage() (n float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	_, _ = fmt.Sscan(string(text), &n) // 0 for what is no number
	return n
}
