package dev

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// listen takes the address.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err == nil {
		return listener, nil
	}
	_, port, _ := net.SplitHostPort(addr) // checked with the options
	remedy := "Give another address with --addr HOST:PORT (LOAF_ADDR)."
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, failure.New(nil, "Stop what listens there, or take another port: --addr 127.0.0.1:0 takes a free one.", "port %s is in use: cannot listen on %s", port, addr)
	case errors.Is(err, syscall.EACCES):
		remedy = "Ports below 1024 may need more rights; take a higher one with --addr HOST:PORT (LOAF_ADDR)."
	}
	return nil, failure.New(err, remedy, "cannot listen on port %s", port)
}

// address is the URL by which this machine reaches the listener, and whether
// other machines do as well.
func address(listener net.Listener) (url string, exposed bool) {
	at, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return "http://" + listener.Addr().String(), true
	}
	host := at.IP.String()
	switch {
	case at.IP.IsUnspecified():
		host = "127.0.0.1"
	case at.Zone != "":
		host += "%25" + at.Zone
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port)), !at.IP.IsLoopback()
}

// newServer has a limit for everything that a client may be slow at.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		// Longer than a query may take.
		WriteTimeout:   2 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// shutdownPatience is how long calls that are being answered may take when
// everything stops.
const shutdownPatience = 10 * time.Second

// shutdown stops taking calls and waits for those under way.
func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
