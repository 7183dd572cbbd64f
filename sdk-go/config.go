package dataloaf

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// The defaults of a Config.
const (
	// DefaultMaxBatchItems keeps a request small enough to be answered fast and
	// large enough that its overhead does not matter.
	DefaultMaxBatchItems = 100
	// DefaultMaxBatchBytes is well under the API's 4 MiB, so that a slow uplink
	// still finishes a request in time.
	DefaultMaxBatchBytes = 512 << 10
	// DefaultFlushInterval is how long a message waits for company.
	DefaultFlushInterval = time.Second
	// DefaultMaxQueueItems and DefaultMaxQueueBytes bound what a client holds
	// while the API is away.
	DefaultMaxQueueItems = 100_000
	DefaultMaxQueueBytes = 64 << 20
	// DefaultSenders is how many requests may be under way at once.
	DefaultSenders = 4
	// DefaultRequestTimeout bounds one attempt.
	DefaultRequestTimeout = 30 * time.Second
	// DefaultMaxRetryTime is how long a batch is tried before its messages are
	// reported as dropped: longer than a deployment or a short outage.
	DefaultMaxRetryTime = 10 * time.Minute
	// DefaultCloseTimeout bounds Close when its context has no deadline.
	DefaultCloseTimeout = 30 * time.Second
)

// Config says where messages go and how. Endpoint and APIKey are enough.
type Config struct {
	// Endpoint is the address of the collection API, for example
	// "https://abc123.execute-api.eu-central-1.amazonaws.com/prod".
	Endpoint string
	// APIKey is sent as x-api-key.
	APIKey string

	// MaxBatchItems and MaxBatchBytes bound a request; a batch is sent when it
	// is full or FlushInterval after its first message.
	MaxBatchItems int
	MaxBatchBytes int
	FlushInterval time.Duration
	// MaxQueueItems and MaxQueueBytes bound the messages that are not settled
	// yet, those under way included. Beyond, Enqueue says ErrQueueFull.
	MaxQueueItems int
	MaxQueueBytes int
	// Senders is the number of requests under way at once.
	Senders int
	// RequestTimeout bounds one attempt, MaxRetryTime all attempts at a batch.
	RequestTimeout time.Duration
	MaxRetryTime   time.Duration

	// Callback, when set, is called once for every message that was enqueued.
	// It is called from goroutines of the client, several at once, and delays
	// the sending while it runs. It may enqueue; it must not call Flush or
	// Close, which wait for it. Without one, what is refused is logged.
	Callback func(Result)
	// Logger gets what goes wrong; nil means slog.Default().
	Logger *slog.Logger
	// Transport carries the requests; nil means a transport of the client's own.
	Transport http.RoundTripper
	// Now is the clock that stamps messages; nil means time.Now.
	Now func() time.Time
	// Random makes ids and spreads retries; nil means that of crypto/rand. It
	// must be safe for use by many goroutines.
	Random io.Reader
}

// withDefaults checks the configuration and fills what is absent.
func (c Config) withDefaults() (Config, error) {
	if c.Endpoint == "" {
		return c, errors.New("dataloaf: Config.Endpoint is empty; set the address of the collection API")
	}
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" {
		return c, fmt.Errorf("dataloaf: Config.Endpoint %q is no http or https URL; it looks like https://api.example.com/prod", c.Endpoint)
	}
	if endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return c, fmt.Errorf("dataloaf: Config.Endpoint %q has a query or a fragment; set the address alone", c.Endpoint)
	}
	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
	if c.APIKey == "" {
		return c, errors.New("dataloaf: Config.APIKey is empty; set the stack's API key")
	}
	if strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return c, errors.New("dataloaf: Config.APIKey holds a space, a line break or a character beyond ASCII; a header cannot carry it")
	}
	for _, n := range []struct {
		name            string
		value           *int
		otherwise, most int
	}{
		{"MaxBatchItems", &c.MaxBatchItems, DefaultMaxBatchItems, wire.MaxItems},
		{"MaxBatchBytes", &c.MaxBatchBytes, DefaultMaxBatchBytes, wire.MaxBodyBytes},
		{"MaxQueueItems", &c.MaxQueueItems, DefaultMaxQueueItems, 0},
		{"MaxQueueBytes", &c.MaxQueueBytes, DefaultMaxQueueBytes, 0},
		{"Senders", &c.Senders, DefaultSenders, 0},
	} {
		if *n.value == 0 {
			*n.value = n.otherwise
		}
		if *n.value < 0 {
			return c, fmt.Errorf("dataloaf: Config.%s is %d; it must be positive, or 0 for %d", n.name, *n.value, n.otherwise)
		}
		if n.most > 0 && *n.value > n.most {
			return c, fmt.Errorf("dataloaf: Config.%s is %d; the API takes at most %d", n.name, *n.value, n.most)
		}
	}
	for _, d := range []struct {
		name      string
		value     *time.Duration
		otherwise time.Duration
	}{
		{"FlushInterval", &c.FlushInterval, DefaultFlushInterval},
		{"RequestTimeout", &c.RequestTimeout, DefaultRequestTimeout},
		{"MaxRetryTime", &c.MaxRetryTime, DefaultMaxRetryTime},
	} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
		if *d.value < 0 {
			return c, fmt.Errorf("dataloaf: Config.%s is %v; it must be positive, or 0 for %v", d.name, *d.value, d.otherwise)
		}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Transport == nil {
		c.Transport = transport(c.Senders)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = newRandom()
	}
	return c, nil
}

// transport is http.DefaultTransport's settings with a connection kept for each
// sender: of the default's two, the others would be opened anew all the time.
func transport(senders int) http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the program has put its own in place
		return http.DefaultTransport
	}
	own := standard.Clone()
	own.MaxIdleConnsPerHost = senders
	return own
}
