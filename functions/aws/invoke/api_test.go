package invoke_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/local"
)

// handlerFunc is a gateway.Handler.
type handlerFunc func(context.Context, gateway.Request) gateway.Response

func (f handlerFunc) Handle(ctx context.Context, r gateway.Request) gateway.Response {
	return f(ctx, r)
}

// echo answers what it was called with.
var echo = handlerFunc(func(_ context.Context, r gateway.Request) gateway.Response {
	return gateway.JSON(http.StatusAccepted, map[string]any{"method": r.Method, "path": r.Path, "body": r.Body, "language": r.Header["Accept-Language"]})
})

func newAPI(t *testing.T, h gateway.Handler) *invoke.API {
	t.Helper()
	return &invoke.API{
		Routes: gateway.Routes{"/v1/events": {http.MethodPost: h}, "/v1/users": {http.MethodPost: h, http.MethodPatch: h}},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func post(resource, body string) events.APIGatewayProxyRequest {
	return events.APIGatewayProxyRequest{Resource: resource, Path: "/base" + resource, HTTPMethod: http.MethodPost, Body: body, Headers: map[string]string{}}
}

type invoker interface {
	Invoke(ctx context.Context, event json.RawMessage) (any, error)
}

func answer(t *testing.T, i invoker, event any) events.APIGatewayProxyResponse {
	t.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	out, err := i.Invoke(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	response, ok := out.(events.APIGatewayProxyResponse)
	if !ok {
		t.Fatalf("%T", out)
	}
	return response
}

func TestACallReachesTheHandler(t *testing.T) {
	api := newAPI(t, echo)
	event := post("/v1/events", "")
	event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte("\x1f\x8b\x00\xff")), true
	event.Headers = map[string]string{"content-type": "application/json", "accept-language": "de"}
	event.MultiValueHeaders = map[string][]string{"content-type": {"application/json"}, "accept-language": {"en", "de"}}
	r := answer(t, api, event)
	var got struct {
		Method, Path string
		Body         []byte
		Language     []string
	}
	if err := json.Unmarshal([]byte(r.Body), &got); err != nil || r.StatusCode != http.StatusAccepted || r.IsBase64Encoded {
		t.Fatalf("%+v, %v", r, err)
	}
	if got.Method != http.MethodPost || got.Path != "/v1/events" || string(got.Body) != "\x1f\x8b\x00\xff" || !reflect.DeepEqual(got.Language, []string{"en", "de"}) {
		t.Errorf("%+v", got)
	}
	want := map[string][]string{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}, "Dataloaf-Wire-Version": {"1"}}
	if !reflect.DeepEqual(r.MultiValueHeaders, want) {
		t.Errorf("headers %v", r.MultiValueHeaders)
	}
	// A body that is no base64 although the event says so.
	event.Body = "???"
	if r := answer(t, api, event); r.StatusCode != http.StatusBadRequest {
		t.Errorf("%+v", r)
	}
}

// The edges answer alike: whoever tries a stack on one machine first meets no
// surprise in AWS.
func TestTheSameAnswersAsOnOneMachine(t *testing.T) {
	api := newAPI(t, echo)
	machine := httptest.NewServer(local.NewHTTP(local.HTTPConfig{
		Keys: local.NewKeyring("k"), Collect: echo, Update: echo, Patience: time.Minute, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}))
	defer machine.Close()
	large := strings.Repeat("x", gateway.MaxPackedBytes+1)
	for name, test := range map[string]struct {
		method, path, body string
		headers            map[string]string
		status             int
	}{
		"good":              {http.MethodPost, "/v1/events", `{}`, map[string]string{"Content-Type": "application/json"}, http.StatusAccepted},
		"patch":             {http.MethodPatch, "/v1/users", `{}`, nil, http.StatusAccepted},
		"no path":           {http.MethodPost, "/v1/nothing", `{}`, nil, http.StatusNotFound},
		"no method":         {http.MethodDelete, "/v1/users", `{}`, nil, http.StatusMethodNotAllowed},
		"options":           {http.MethodOptions, "/v1/users", ``, nil, http.StatusNoContent},
		"media type":        {http.MethodPost, "/v1/events", `<a/>`, map[string]string{"Content-Type": "text/xml"}, http.StatusUnsupportedMediaType},
		"charset":           {http.MethodPost, "/v1/events", `{}`, map[string]string{"Content-Type": "application/json; charset=latin1"}, http.StatusUnsupportedMediaType},
		"curl":              {http.MethodPost, "/v1/events", `{}`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, http.StatusAccepted},
		"encoding":          {http.MethodPost, "/v1/events", `{}`, map[string]string{"Content-Encoding": "br"}, http.StatusUnsupportedMediaType},
		"gzip":              {http.MethodPost, "/v1/events", `{}`, map[string]string{"Content-Encoding": "gzip"}, http.StatusAccepted},
		"wire version":      {http.MethodPost, "/v1/events", `{}`, map[string]string{"DataLoaf-Wire-Version": "1"}, http.StatusAccepted},
		"newer version":     {http.MethodPost, "/v1/events", `{}`, map[string]string{"DataLoaf-Wire-Version": "2"}, http.StatusBadRequest},
		"no version":        {http.MethodPatch, "/v1/users", `{}`, map[string]string{"DataLoaf-Wire-Version": "latest"}, http.StatusBadRequest},
		"too large":         {http.MethodPost, "/v1/events", large, nil, http.StatusRequestEntityTooLarge},
		"as large as it is": {http.MethodPost, "/v1/events", large[1:], nil, http.StatusAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), test.method, machine.URL+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("x-api-key", "k")
			for k, v := range test.headers {
				r.Header.Set(k, v)
			}
			want, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer want.Body.Close()
			wantBody, err := io.ReadAll(want.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, encoded := range []bool{false, true} {
				event := post(test.path, test.body)
				event.HTTPMethod, event.Headers = test.method, test.headers
				if encoded {
					event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(test.body)), true
				}
				got := answer(t, api, event)
				if got.StatusCode != test.status || want.StatusCode != test.status {
					t.Errorf("status %d, on one machine %d, want %d", got.StatusCode, want.StatusCode, test.status)
				}
				if test.status != http.StatusAccepted && got.Body != string(wantBody) {
					t.Errorf("%s, on one machine %s", got.Body, wantBody)
				}
				for name, values := range got.MultiValueHeaders {
					if !reflect.DeepEqual(values, want.Header[name]) {
						t.Errorf("%s %q, on one machine %q", name, values, want.Header[name])
					}
				}
			}
		})
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	api := newAPI(t, handlerFunc(func(context.Context, gateway.Request) gateway.Response { panic("a defect") }))
	api.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	r := answer(t, api, post("/v1/events", "{}"))
	if r.StatusCode != http.StatusInternalServerError || !strings.Contains(r.Body, `"internal"`) || strings.Contains(r.Body, "defect") {
		t.Errorf("%+v", r)
	}
	if text := log.String(); !strings.Contains(text, "a defect") || !strings.Contains(text, "api_test.go") {
		t.Errorf("logged %s", text)
	}
}

// Both edges answer of which version they are, also where a body was refused.
func TestWireVersions(t *testing.T) {
	api := newAPI(t, echo)
	for version, want := range map[string]struct {
		status int
		code   string
	}{
		"":       {http.StatusAccepted, ""},
		"1":      {http.StatusAccepted, ""},
		"2":      {http.StatusBadRequest, "wire_version_unsupported"},
		"newest": {http.StatusBadRequest, "wire_version_invalid"},
	} {
		event := post("/v1/events", "{}")
		if version != "" {
			event.Headers["dataloaf-wire-version"] = version // API Gateway keeps the client's case
		}
		r := answer(t, api, event)
		if r.StatusCode != want.status || !strings.Contains(r.Body, want.code) {
			t.Errorf("%q: %d %s", version, r.StatusCode, r.Body)
		}
		if got := r.MultiValueHeaders["Dataloaf-Wire-Version"]; !reflect.DeepEqual(got, []string{"1"}) {
			t.Errorf("%q: the answer is of version %v", version, got)
		}
	}
	event := post("/v1/events", "{}")
	event.MultiValueHeaders = map[string][]string{"dataloaf-wire-version": {"1", "2"}}
	if r := answer(t, api, event); r.StatusCode != http.StatusBadRequest {
		t.Errorf("two versions at once: %d %s", r.StatusCode, r.Body)
	}
}

// A handler hears of the end while there is time to answer.
func TestAHandlerEndsBeforeTheInvocation(t *testing.T) {
	for _, given := range []time.Duration{10 * time.Second, time.Hour, 0} {
		var left time.Duration
		api := newAPI(t, handlerFunc(func(ctx context.Context, _ gateway.Request) gateway.Response {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return gateway.JSON(http.StatusAccepted, nil)
		}))
		ctx, want := t.Context(), 28*time.Second
		if given > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, given)
			defer cancel()
			want = min(want, given-500*time.Millisecond)
		}
		text, err := json.Marshal(post("/v1/events", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := api.Invoke(ctx, text); err != nil || left > want || left < want-2*time.Second {
			t.Errorf("of %v: %v, want %v; %v", given, left, want, err)
		}
	}
}

func TestSomethingElseIsAnAnswer(t *testing.T) {
	for _, event := range []string{`{}`, `7`, `{"Records":[]}`, `{`} {
		out, err := newAPI(t, echo).Invoke(t.Context(), json.RawMessage(event))
		if r, ok := out.(events.APIGatewayProxyResponse); !ok || err != nil || r.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %+v, %v", event, out, err)
		}
	}
}
