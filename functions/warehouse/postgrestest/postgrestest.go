// Package postgrestest gives tests fresh databases on a throw-away PostgreSQL
// server: the real one, started once for a test binary and gone with it.
package postgrestest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver that these databases are opened with
)

var (
	start    sync.Once
	port     int
	startErr error
	// authority is the file of the server's certificate.
	authority string
	counter   atomic.Int64
)

// URL is the connection string of a new, empty database. The test fails when
// no server can be started: Debian's package is named postgresql.
func URL(tb testing.TB) string {
	tb.Helper()
	start.Do(func() { port, startErr = serve() })
	if startErr != nil {
		tb.Fatalf("start PostgreSQL: %v", startErr)
	}
	name := fmt.Sprintf("test_%d", counter.Add(1))
	admin, err := sql.Open("postgres", url("postgres"))
	if err != nil {
		tb.Fatalf("open PostgreSQL: %v", err)
	}
	defer admin.Close()
	if _, err := admin.Exec(`CREATE DATABASE "` + name + `"`); err != nil {
		tb.Fatalf("create database %s: %v", name, err)
	}
	return url(name)
}

func url(database string) string {
	return fmt.Sprintf("postgres://dataloaf@127.0.0.1:%d/%s?sslmode=disable", port, database)
}

// serve starts a server and returns its port. It dies with this process.
func serve() (int, error) {
	bin, err := binaries()
	if err != nil {
		return 0, err
	}
	sweep()
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return 0, err
	}
	as, err := account(dir)
	if err != nil {
		return 0, err
	}
	data := filepath.Join(dir, "data")
	// Locale C on purpose: nothing may depend on the locale of the database.
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "dataloaf", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	free, err := freePort()
	if err != nil {
		return 0, err
	}
	logFile, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, err
	}
	settings, err := secure(dir, data, as)
	if err != nil {
		return 0, fmt.Errorf("set up TLS: %w", err)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), append([]string{"-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(free), "-k", "",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200"}, settings...)...)
	server.Dir, server.Stdout, server.Stderr = dir, logFile, logFile
	server.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	go func() {
		// Pdeathsig goes off when the thread that forked ends, so this one
		// must last as long as the process.
		runtime.LockOSThread()
		started <- server.Start()
		select {}
	}()
	if err := <-started; err != nil {
		return 0, err
	}
	if err := ready(free); err != nil {
		text, _ := os.ReadFile(logFile.Name()) // the log is a help, not a need
		return 0, fmt.Errorf("%w\n%s", err, text)
	}
	return free, nil
}

// prefix starts the name of a server's folder.
const prefix = "dataloaf-postgres-"

// sweep removes the folders of servers that died with their test binaries,
// which get no chance to do it themselves.
func sweep() {
	files, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*", "data", "postmaster.pid")) // the pattern is well formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(first)
		// initdb's own server writes its pid negative.
		if err != nil || syscall.Kill(max(pid, -pid), 0) == nil {
			continue
		}
		_ = os.RemoveAll(filepath.Dir(filepath.Dir(file))) // what cannot go now goes next time
	}
}

// binaries finds the folder of initdb and postgres.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("no initdb on the PATH or under /usr/lib/postgresql: install the package postgresql")
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // 0 sorts an odd name first
	return n
}

// account is who runs the server: PostgreSQL refuses to be root.
func account(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// ready waits until the server answers.
func ready(port int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("postgres", fmt.Sprintf("postgres://dataloaf@127.0.0.1:%d/postgres?sslmode=disable&connect_timeout=5", port))
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer: %w", err)
		}
	}
}
