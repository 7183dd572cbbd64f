// Package webhook sends alerts to addresses that people give: over HTTPS, signed,
// and to the internet alone unless the configuration names networks of one's own.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/alert"
)

const (
	connectTime = 5 * time.Second
	// answerBytes is how much of an answer is read, so that the receiver can end
	// its sentence; nobody looks at it.
	answerBytes = 64 << 10
	headerBytes = 64 << 10
	// longestRetryAfter is the most that a receiver can make a sender wait.
	longestRetryAfter = time.Hour
)

// Config configures a Sender. The zero value sends to the internet alone.
type Config struct {
	// Allow are networks that may be sent to although they are not on the internet,
	// also without TLS and at any port.
	Allow []netip.Prefix
	// RootCAs are the authorities of receivers; nil means the system's.
	RootCAs *x509.CertPool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Sender sends webhooks. It implements alert.Sender.
type Sender struct {
	config        Config
	secure, plain *http.Client
}

// New makes a sender.
func New(c Config) *Sender {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Sender{config: c}
	s.secure, s.plain = s.client(false), s.client(true)
	return s
}

// client looks at every address that it connects to, and follows nobody.
func (s *Sender) client(plain bool) *http.Client {
	dialer := &net.Dialer{Timeout: connectTime, Control: s.guard(plain)}
	return &http.Client{
		Transport: &http.Transport{
			// No proxy of the environment: it would resolve names by itself.
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.config.RootCAs},
			TLSHandshakeTimeout:    connectTime,
			MaxResponseHeaderBytes: headerBytes,
			DisableKeepAlives:      true, // each sending has its address looked at
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Sign gives the header webhook-signature: HMAC-SHA256 over id, time and body,
// after https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
// The time is part of it, so that what was overheard cannot be sent again later.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, alert.SecretPrefix))
	if err != nil || len(key) == 0 {
		return "", errors.New("the signing secret is not in base64")
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix()) // a hash takes everything
	_, _ = mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Send implements alert.Sender.
func (s *Sender) Send(ctx context.Context, to alert.Destination, secret string, n alert.Notification) error {
	// An address that was saved under another configuration is looked at again.
	if wrong := s.Wrong(to.URL); wrong != "" {
		return &alert.SendError{Reason: wrong}
	}
	body, err := n.Body()
	if err != nil {
		return err
	}
	at := s.config.Now()
	signature, err := Sign(secret, n.ID, at, body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return &alert.SendError{Reason: "The address cannot be sent to. Is it a URL?"}
	}
	request.Header = http.Header{
		"Content-Type":      {"application/json"},
		"User-Agent":        {"DataLoaf-Alerts"},
		"Webhook-Id":        {n.ID},
		"Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)},
		"Webhook-Signature": {signature},
	}
	client := s.secure
	if request.URL.Scheme == "http" {
		client = s.plain
	}
	answer, err := client.Do(request)
	if err != nil {
		return failed(err)
	}
	defer answer.Body.Close()
	// What breaks off here comes after the receiver has decided.
	_, _ = io.CopyN(io.Discard, answer.Body, answerBytes)
	return s.judge(answer)
}

// failed tells what kept a request from its answer, and nothing of the network
// behind this server: the error may hold addresses.
func failed(err error) error {
	e := &alert.SendError{Reason: "The receiver cannot be connected to.", Temporary: true, Err: err}
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		network     net.Error
		whole       *url.Error
	)
	if errors.As(err, &whole) { // its text would bring the address into the log
		e.Err = whole.Err
	}
	switch {
	case errors.Is(err, errRefused):
		e.Reason, e.Temporary = "The host's address is not on the internet, and nothing is sent to it. LOAF_WEBHOOK_ALLOW of the server names the networks of one's own that may be sent to.", false
	case errors.As(err, &name):
		e.Reason = "The host's name could not be resolved."
	case errors.As(err, &certificate):
		e.Reason = "The receiver's certificate is not valid for its name."
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		e.Reason = "The receiver did not answer in time."
	}
	return e
}

// judge tells by its status whether a receiver took a notification.
func (s *Sender) judge(answer *http.Response) error {
	code := answer.StatusCode
	e := &alert.SendError{Reason: fmt.Sprintf("The receiver answered with status %d.", code)}
	switch {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		e.Reason = fmt.Sprintf("The receiver redirects (status %d), and redirects are not followed. Give the address that it leads to.", code)
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		e.Temporary, e.RetryAfter = true, retryAfter(answer.Header.Get("Retry-After"), s.config.Now())
	}
	return e
}

// retryAfter reads the header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(0, wait), longestRetryAfter)
}
