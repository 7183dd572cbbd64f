package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthTimeout bounds a health check: the server answers without asking
// anybody.
const healthTimeout = 3 * time.Second

// healthcheck asks the server of the same environment whether it answers: an
// image from scratch has no other program that could.
func healthcheck(ctx context.Context, getenv func(string) string) error {
	address := getenv("LOAF_ADDR")
	if address == "" {
		address = defaultAddress
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: LOAF_ADDR: %w", errUsage, err)
	}
	// A server that listens everywhere listens here, too.
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	own, err := loadTLS(getenv("LOAF_TLS_CERT"), getenv("LOAF_TLS_KEY"))
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	scheme, transport := "http", &http.Transport{}
	if own != nil {
		scheme, transport.TLSClientConfig = "https", onlyItself(own)
	}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("%w: LOAF_ADDR: %w", errUsage, err)
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return fmt.Errorf("the server does not answer to the end: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers with %s", answer.Status)
	}
	return nil
}

// onlyItself takes the server's own certificate and no other: the address here
// is none of the names in it, so they cannot be compared.
func onlyItself(own *tls.Config) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection asks for more
		VerifyConnection: func(state tls.ConnectionState) error {
			leaf, err := x509.ParseCertificate(own.Certificates[0].Certificate[0])
			if err != nil {
				return err
			}
			if len(state.PeerCertificates) == 0 || !state.PeerCertificates[0].Equal(leaf) {
				return errors.New("another server answers: its certificate is not the one in LOAF_TLS_CERT")
			}
			return nil
		},
	}
}
