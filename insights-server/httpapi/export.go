package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// exportedHeader is the trailer of a whole export: the number of its events.
const exportedHeader = "Loaf-Exported-Events"

const (
	// exportChunk is how many bytes of an export are held before they are sent.
	exportChunk = 32 << 10
	// chunkTime is how long a client may take to receive them.
	chunkTime = time.Minute
)

// errCutOff says that an answer broke off after its header had been sent. The
// connection is then cut, since an end in good order would look like a whole
// answer.
type errCutOff struct{ error }

func (e errCutOff) Unwrap() error { return e.error }

func (s *Server) export(c echo.Context) error {
	p, err := parametersOf(c.Request(), "from", "to", "timezone", "event")
	if err != nil {
		return err
	}
	var r query.ExportRequest
	if r.Event, err = p.text("event"); err != nil {
		return err
	}
	if r.From, r.To, err = insight.ParseDays(p.values.Get("from"), p.values.Get("to"), p.values.Get("timezone")); err != nil {
		return err
	}
	out := &exporter{context: c, connection: http.NewResponseController(c.Response())}
	if c.Request().Method == http.MethodHead {
		return out.begin()
	}
	// A client that sends nothing more must not look like one that went away.
	if err := out.connection.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("lift the limit of time for an export: %w", err)
	}
	err = s.config.Service.Export(c.Request().Context(), r, out.add)
	s.readiness.observe(err)
	if err == nil {
		err = out.finish()
	}
	if err != nil && c.Response().Committed {
		return errCutOff{err}
	}
	return err
}

// exporter writes events as lines, and sends them whenever there are enough.
type exporter struct {
	context    echo.Context
	connection *http.ResponseController
	chunk      []byte
	events     int64
}

func (x *exporter) begin() error {
	h := x.context.Response().Header()
	h.Set(echo.HeaderContentType, "application/x-ndjson")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="events.ndjson"`)
	h.Set("X-Accel-Buffering", "no") // nginx hands on what comes at once
	h.Set("Trailer", exportedHeader)
	x.context.Response().WriteHeader(http.StatusOK)
	return nil
}

func (x *exporter) add(e query.Event) error {
	x.events++
	x.chunk = append(wire.Event{EventID: e.ID, Event: e.Name, UserID: e.User, Timestamp: e.Time, Properties: e.Properties}.AppendItem(x.chunk), '\n')
	if len(x.chunk) < exportChunk {
		return nil
	}
	return x.send()
}

func (x *exporter) send() error {
	if !x.context.Response().Committed {
		if err := x.begin(); err != nil {
			return err
		}
	}
	if err := x.connection.SetWriteDeadline(time.Now().Add(chunkTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("limit the time for a part of an export: %w", err)
	}
	if _, err := x.context.Response().Write(x.chunk); err != nil {
		return fmt.Errorf("send a part of an export: %w", err)
	}
	x.context.Response().Flush()
	x.chunk = x.chunk[:0]
	return nil
}

func (x *exporter) finish() error {
	if err := x.send(); err != nil {
		return err
	}
	x.context.Response().Header().Set(exportedHeader, strconv.FormatInt(x.events, 10))
	return nil
}
