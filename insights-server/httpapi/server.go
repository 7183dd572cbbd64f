// Package httpapi is the insights API over HTTP. Echo lives here alone: what
// the server decides, it decides in the packages auth, insight and query.
package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// Service answers questions; *query.Service is the one that is used.
type Service interface {
	Run(ctx context.Context, q insight.Query) (insight.Answer, error)
	Events(ctx context.Context) ([]query.EventInfo, error)
	Properties(ctx context.Context, scope insight.Scope, event string) ([]query.PropertyInfo, error)
	PropertyValues(ctx context.Context, r query.ValuesRequest) ([]query.ValueCount, error)
	Pipeline(ctx context.Context) (query.PipelineState, error)
	Ledger(ctx context.Context, from, to time.Time) (query.Ledger, error)
	People
	Seen
	Ready(ctx context.Context) error
	CohortCount(ctx context.Context, c insight.Cohort) (int64, error)
	CohortUsers(ctx context.Context, c insight.Cohort, after string, limit int) (users []string, more bool, err error)
}

// Config configures a Server.
type Config struct {
	// Service answers the questions.
	Service Service
	// Saved is what people keep: insights, dashboards, annotations and definitions.
	Saved *saved.Library
	// Cohorts keeps the cohorts.
	Cohorts Cohorts
	// Audits is what is kept of audits.
	Audits Audits
	// Alerts keeps the alerts, and AlertTester tries their destinations.
	Alerts      Alerts
	AlertTester AlertTester
	// Deletions keeps what is asked to be deleted for good.
	Deletions Deletions
	// CollectionURL is where events are sent to, without the API's paths; empty where
	// that is the page's own address. The page shows it in code.
	CollectionURL string
	// FilesWaiting counts the raw files that no load has taken yet; nil where
	// nobody knows, which shows as none.
	FilesWaiting func(ctx context.Context) (int, error)

	// Asked is told of every call of somebody who is signed in or has a token, and
	// must not keep it waiting; nil where nobody wants to know. Loads may wait while
	// nobody asks.
	Asked func()
	// PollLoads is how often the warehouse is asked for new loads while somebody
	// watches the activity; 0 never asks, where ObserveLoad tells.
	PollLoads time.Duration
	// MaxStreams is how many may watch at once; 0 means 64.
	MaxStreams int

	// Directory knows who may call, and Sessions who has signed in.
	Directory *auth.Directory
	Sessions  *auth.Sessions
	// CallsPerMinute is how many calls each caller may make in a minute; 0 means
	// auth.DefaultCallsPerMinute.
	CallsPerMinute int

	// SecureCookies says that browsers reach the server over TLS even where
	// the connection to it is not.
	SecureCookies bool
	// Origins are the addresses by which browsers know the server, such as
	// "https://loaf.example.com", beside the one that a request names itself.
	Origins []string
	// TrustedProxies are the networks whose X-Forwarded-For and
	// X-Forwarded-Proto are believed.
	TrustedProxies []netip.Prefix

	// Page serves every path that is not the API's; nil for none.
	Page http.Handler
	// Logger gets one line a call; nil means none.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Random gives request ids; nil means crypto/rand.
	Random io.Reader
}

// Server is the insights API. It is an http.Handler, to be served alone or
// mounted beside others.
type Server struct {
	config    Config
	origins   map[string]bool
	echo      *echo.Echo
	table     []route
	limiter   *auth.Limiter
	throttle  *auth.Throttle
	metrics   *metrics
	readiness *readiness
	feed      *feed
}

// New makes a server. It fails when the configuration lacks a part.
func New(c Config) (*Server, error) {
	if c.Service == nil || c.Saved == nil || c.Cohorts == nil || c.Audits == nil || c.Deletions == nil || c.Alerts == nil || c.AlertTester == nil || c.Directory == nil || c.Sessions == nil {
		return nil, errors.New("set up the insights API: it needs a service, a library of what is saved, cohorts, audits, deletions, alerts, a directory and sessions")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxStreams <= 0 {
		c.MaxStreams = defaultStreams
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	s := &Server{
		config:    c,
		origins:   map[string]bool{},
		limiter:   auth.NewLimiter(c.Now),
		throttle:  auth.NewThrottle(c.CallsPerMinute, c.Now),
		metrics:   newMetrics(),
		readiness: &readiness{ready: c.Service.Ready, now: c.Now},
		feed: &feed{
			last: c.Service.LastLoad, every: c.PollLoads, most: c.MaxStreams, ticks: realTicks, asked: c.Asked, logger: c.Logger,
			watchers: map[chan struct{}]bool{}, ended: make(chan struct{}),
		},
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, errors.New("set up the insights API: " + origin + " is not an address such as https://loaf.example.com")
		}
		s.origins[u.Scheme+"://"+hostOf(u.Host, u.Scheme)] = true
	}
	s.echo = s.routes()
	return s, nil
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// ObserveLoad tells the metrics, and those who watch the activity, when a load
// committed, for a server that runs in one process with the loader. Elsewhere
// both learn it whenever the pipeline's state is asked for.
func (s *Server) ObserveLoad(at time.Time) {
	if s.metrics.observeLoad(at) {
		s.feed.tell()
	}
}

// EndStreams ends what would go on for as long as its client likes. A server
// that shuts down waits for calls under way, and those would keep it.
func (s *Server) EndStreams() { s.feed.end() }

// secure reports whether the browser's connection is TLS.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil || s.config.SecureCookies {
		return true
	}
	if !s.trusts(peer(r)) {
		return false
	}
	// Of several proxies the first saw the browser.
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return strings.EqualFold(strings.TrimSpace(first), "https")
}

// client is the address that the request came from: the peer's, or, behind
// trusted proxies, the last one that they vouch for.
func (s *Server) client(r *http.Request) netip.Addr {
	address := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap()
	}
	return address
}

func (s *Server) trusts(a netip.Addr) bool {
	for _, p := range s.config.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// peer is the other end of the connection.
func peer(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}
