// Package insights is a client of an insights server, for the verbs that ask
// how it is with the pipeline.
package insights

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// answerTimeout bounds one call. The server gives up on a query earlier.
const answerTimeout = 45 * time.Second

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// Config says where the server is and who asks.
type Config struct {
	URL string
	// Token, or else Password, tells who asks.
	Token, Password string
	// Insecure accepts any certificate: that of a page without a domain is its
	// own.
	Insecure bool
	// Timeout bounds one call; 0 is enough for a query.
	Timeout time.Duration
}

// Client asks one server.
type Client struct {
	config   Config
	http     *http.Client
	signedIn bool
}

// New makes a client. It asks nothing yet.
func New(c Config) (*Client, error) {
	address, err := url.Parse(c.URL)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return nil, failure.Usage("Give an address such as http://127.0.0.1:8080.", "%q is not the address of a server", c.URL)
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	client := &http.Client{Jar: jar, Timeout: cmp.Or(c.Timeout, answerTimeout)}
	if c.Insecure {
		client.Transport = &http.Transport{
			Proxy:           http.ProxyFromEnvironment,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // asked for by name
		}
	}
	return &Client{config: c, http: client}, nil
}

// Error is an answer of the server that is none of the wanted ones.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%s, status %d)", e.Message, e.Code, e.Status) }

// Quarantined is a raw object that was set aside.
type Quarantined struct {
	Object string    `json:"object"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Pipeline is the state of the pipeline as the warehouse knows it.
type Pipeline struct {
	LastLoad         *time.Time    `json:"last_load"`
	LagSeconds       *float64      `json:"lag_seconds"`
	RowsLoaded       int64         `json:"rows_loaded"`
	FilesLoaded      int64         `json:"files_loaded"`
	FilesWaiting     int64         `json:"files_waiting"`
	FilesQuarantined int64         `json:"files_quarantined"`
	Quarantined      []Quarantined `json:"quarantined"`
}

// Pipeline asks for the state of the pipeline. It wakes a warehouse that sleeps.
func (c *Client) Pipeline(ctx context.Context) (Pipeline, error) {
	var p Pipeline
	return p, c.Call(ctx, http.MethodGet, "/api/v1/pipeline", nil, &p)
}

// CountEvents counts the events of a name with a text in a property, among
// those of today and yesterday.
func (c *Client) CountEvents(ctx context.Context, event, property, value string) (int64, error) {
	question := map[string]any{
		"range": map[string]string{"last": "2d"}, "interval": "day",
		"series": []any{map[string]any{
			"event": event, "aggregation": map[string]string{"type": "total"},
			"filters": map[string]any{"match": "all", "conditions": []any{
				map[string]string{"scope": "event", "property": property, "operator": "equals", "value": value},
			}},
		}},
	}
	var answer struct {
		Series []struct {
			Count int64 `json:"count"`
		} `json:"series"`
	}
	if err := c.Call(ctx, http.MethodPost, "/api/v1/query", question, &answer); err != nil || len(answer.Series) == 0 {
		return 0, err
	}
	return answer.Series[0].Count, nil
}

// Call makes a call, after signing in where there is a password, and reads its
// answer into one, unless that is nil.
func (c *Client) Call(ctx context.Context, method, path string, body, into any) error {
	if c.config.Password != "" && c.config.Token == "" && !c.signedIn {
		if err := c.do(ctx, http.MethodPost, "/api/v1/login", map[string]string{"password": c.config.Password}, nil); err != nil {
			return err
		}
		c.signedIn = true
	}
	return c.do(ctx, method, path, body, into)
}

func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("ask %s: %w", c.config.URL, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.config.URL+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.config.URL, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if c.config.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.config.Token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return c.refused(response.StatusCode, answer)
	}
	if into == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return failure.New(err, "Is it the address of an insights server?", "read the answer of %s", c.config.URL)
	}
	return nil
}

// unreachable says why there is no answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // without the method and address, which the message has
	}
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &certificate):
		return failure.New(err, "A page without a domain has a certificate of its own: give --insecure (LOAF_INSECURE) where you trust the network on the way.", "reach %s", c.config.URL)
	default:
		return failure.New(err, "Is the server running, and does it let your address in (allowed_cidrs)?", "reach %s", c.config.URL)
	}
}

func (c *Client) refused(status int, body []byte) error {
	var answer struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Message == "" {
		return failure.New(&Error{Status: status, Code: "none", Message: http.StatusText(status)}, "Is it the address of an insights server?", "ask %s", c.config.URL)
	}
	remedy := ""
	switch status {
	case http.StatusUnauthorized:
		remedy = "Give the right --token (LOAF_TOKEN) or --password (LOAF_PASSWORD)."
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		remedy = "Try again in a moment."
	}
	return failure.New(&Error{Status: status, Code: answer.Error.Code, Message: answer.Error.Message}, remedy, "ask %s", c.config.URL)
}
