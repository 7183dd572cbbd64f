package dataloaf

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// The defaults of a Config.
const (
	// DefaultMaxBatchItems is all that the API takes in one request: a stack pays
	// for each of them, for the gateway more than for anything else where events
	// are many. Where they are few, FlushInterval ends a batch long before.
	DefaultMaxBatchItems = 500
	// DefaultMaxBatchBytes is well under the API's 4 MiB, so that a slow uplink
	// still finishes a request in time.
	DefaultMaxBatchBytes = 512 << 10
	// DefaultFlushInterval is how long a message waits for company: short enough
	// for a person who looks for the event, long enough to fill a batch.
	DefaultFlushInterval = time.Second
	// DefaultMaxQueueItems and DefaultMaxQueueBytes bound what a client holds in
	// memory while the API is away: minutes of a busy service, and a size that a
	// small container has to spare.
	DefaultMaxQueueItems = 100_000
	DefaultMaxQueueBytes = 64 << 20
	// DefaultSenders is how many requests may be under way at once: enough to
	// keep up across an ocean, few enough not to trip a stack's throttle.
	DefaultSenders = 4
	// DefaultRequestTimeout bounds one attempt: a little more than the 29 s after
	// which API Gateway gives up by itself.
	DefaultRequestTimeout = 30 * time.Second
	// DefaultMaxRetryTime is how long a batch is tried before its messages are
	// reported as dropped: longer than a deployment or a short outage. With a
	// spool there is no such end unless the Config sets one.
	DefaultMaxRetryTime = 10 * time.Minute
	// DefaultCloseTimeout bounds Close when its context has no deadline: as long
	// as orchestrators wait after SIGTERM (Kubernetes gives 30 s).
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
	// MaxQueueItems and MaxQueueBytes bound the messages in memory that are not
	// settled yet, those under way included. Beyond, Enqueue says ErrQueueFull;
	// with a spool, what is beyond lies on disk alone.
	MaxQueueItems int
	MaxQueueBytes int
	// Senders is the number of requests under way at once.
	Senders int
	// RequestTimeout bounds one attempt, MaxRetryTime all attempts at a batch.
	RequestTimeout time.Duration
	MaxRetryTime   time.Duration

	// Spool, when its Dir is set, keeps messages on disk until they are settled.
	Spool Spool

	// BeforeSend, when set, gets every message before it is checked, queued or
	// written to disk, and gives what is sent in its place: to redact it, say.
	// Giving nil drops the message, and Stats counts it as Filtered. It is
	// called on the caller's goroutine. A panic in it refuses the message, for
	// what was to be redacted must not slip through.
	BeforeSend func(Message) Message
	// Callback, when set, is called once for every message that was enqueued (a
	// crash between may make a spool tell it again). It is called from
	// goroutines of the client, several at once, and delays the sending while it
	// runs. It may enqueue; it must not call Flush or Close, which wait for it.
	// Without one, what is refused is logged.
	Callback func(Result)
	// Logger gets what goes wrong; nil means slog.Default().
	Logger *slog.Logger
	// Transport carries the requests; nil means a transport of the client's own.
	Transport http.RoundTripper
	// Clock stamps messages and measures pauses; nil means the system's.
	Clock Clock
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
		{"MaxRetryTime", &c.MaxRetryTime, c.retryTime()},
	} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
		if *d.value < 0 {
			return c, fmt.Errorf("dataloaf: Config.%s is %v; it must be positive, or 0 for %v", d.name, *d.value, d.otherwise)
		}
	}
	spool, err := c.Spool.withDefaults()
	if err != nil {
		return c, err
	}
	c.Spool = spool
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Transport == nil {
		c.Transport = transport(c.Senders)
	}
	if c.Clock == nil {
		c.Clock = ClockFunc(time.Now)
	}
	if c.Random == nil {
		c.Random = newRandom()
	}
	return c, nil
}

// retryTime is MaxRetryTime's default. What lies on disk has time: there the
// spool's bytes are the bound.
func (c Config) retryTime() time.Duration {
	if c.Spool.Dir != "" {
		return forever
	}
	return DefaultMaxRetryTime
}

// forever is a duration that no sum of pauses reaches, far from overflowing.
const forever = math.MaxInt64 / 4 * time.Nanosecond

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
