package httpapi

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the server's own: nothing here names an event, a property or a
// user, since /metrics is open to all who reach the server.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	queries  prometheus.Gauge
	lastLoad prometheus.Gauge

	mu     sync.Mutex
	newest time.Time
}

func newMetrics() *metrics {
	registry := prometheus.NewRegistry()
	m := &metrics{
		handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "loaf_http_requests_total", Help: "Calls answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "loaf_http_request_duration_seconds", Help: "How long calls took, by method and route.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"method", "route"}),
		queries: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "loaf_queries_in_flight", Help: "Queries that run or wait for their turn.",
		}),
		lastLoad: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "loaf_last_load_timestamp_seconds", Help: "When the newest load that this server knows of committed; 0 for none.",
		}),
	}
	registry.MustRegister(m.requests, m.duration, m.queries, m.lastLoad,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) serve(c echo.Context) error {
	m.handler.ServeHTTP(c.Response(), c.Request())
	return nil
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other" // callers make up methods, and each would be a series
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(method, route).Observe(took.Seconds())
}

// observeLoad tells whether the load is newer than those known.
func (m *metrics) observeLoad(at time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !at.After(m.newest) {
		return false
	}
	m.newest = at
	m.lastLoad.Set(float64(at.UnixMilli()) / 1000)
	return true
}
