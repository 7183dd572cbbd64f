// Package awstest stands in for AWS in tests: Firehose, S3, SQS and Secrets
// Manager in memory behind one HTTP server that speaks their protocols. Objects
// made by its Firehose are announced by its S3 to its SQS, as in a stack.
package awstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region is where everything is.
const Region = "eu-central-1"

// The credentials that every call must be signed with; whether the signature
// is right is not looked at.
const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// Call is one call that arrived.
type Call struct {
	// Service is "firehose", "s3", "sqs" or "secretsmanager".
	Service string
	// Operation is the name in the service's API, such as "PutRecordBatch".
	Operation string
	// Subject is what the call is about: the name of a stream, queue or secret,
	// or bucket/key.
	Subject string
	Header  http.Header
	// Query is the part of the address behind the question mark.
	Query string
	Body  []byte
}

// Fault is how a call goes wrong. The zero Fault is a call that goes well.
type Fault struct {
	// Status and Code are answered instead of doing what is asked.
	Status int
	Code   string
	// Cut closes the connection before the call is done, CutAfter after it was
	// done and before the answer.
	Cut, CutAfter bool
	// Truncate sends half of an object and closes the connection.
	Truncate bool
	// Hang answers nothing until the caller goes away.
	Hang bool
	// Refuse gives, by its place in a batch, the error code of an entry that is
	// not done; "" for one that is.
	Refuse func(i int) string
}

// AWS is the stand-in.
type AWS struct {
	// URL is its address.
	URL string

	mu      sync.Mutex
	fault   func(Call) Fault
	calls   []Call
	offset  time.Duration
	number  int
	streams map[string]*stream
	buckets map[string]map[string]object
	notify  map[string][]notify
	mirror  string
	// older are the versions that are no longer current, by bucket and key, and
	// held those that may not be removed.
	older    map[string]map[string][]version
	held     map[string]bool
	queues   map[string]*queue
	secrets  map[string]string
	hangEnds chan struct{}
}

// New starts a stand-in that ends with the test.
func New(tb testing.TB) *AWS {
	tb.Helper()
	a := &AWS{
		streams: map[string]*stream{}, buckets: map[string]map[string]object{}, older: map[string]map[string][]version{}, held: map[string]bool{}, notify: map[string][]notify{},
		queues: map[string]*queue{}, secrets: map[string]string{}, hangEnds: make(chan struct{}),
	}
	server := httptest.NewServer(a)
	a.URL = server.URL
	tb.Cleanup(func() {
		close(a.hangEnds)
		server.Close()
	})
	return a
}

// Config is a configuration that reaches the stand-in. What is tried again is
// tried at once.
func (a *AWS) Config() sdk.Config {
	return sdk.Config{
		Region:       Region,
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		BaseEndpoint: sdk.String(a.URL),
		HTTPClient:   &http.Client{Transport: wholeBodies{http.DefaultTransport.(*http.Transport).Clone()}},
		Retryer: func() sdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

// wholeBodies sends request bodies that nobody else can close. The SDK closes a
// body when the answer's header is there; if the transport has not noticed by
// then that it wrote the last byte, it drops the connection, and the answer is
// lost after the call was done. Tests want that where they ask for it only.
type wholeBodies struct{ next http.RoundTripper }

func (t wholeBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return t.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return t.next.RoundTrip(r)
}

// Environment is what a program needs to reach the stand-in, and nothing of
// this machine's own settings.
func (a *AWS) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + a.URL, "AWS_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// SetFault says how calls go wrong; nil lets all go well.
func (a *AWS) SetFault(f func(Call) Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = f
}

// Calls are the calls that arrived of an operation, all of them for "".
func (a *AWS) Calls(operation string) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	var calls []Call
	for _, c := range a.calls {
		if operation == "" || c.Operation == operation {
			calls = append(calls, c)
		}
	}
	return calls
}

// Advance moves the stand-in's clock, by which messages become visible again.
func (a *AWS) Advance(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.offset += d
}

func (a *AWS) now() time.Time { return time.Now().Add(a.offset).UTC() }

// next gives a number that was not given before.
func (a *AWS) next() int {
	a.number++
	return a.number
}

// answer is what an operation answers.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// failure is an error of an operation.
type failure struct {
	status  int
	code    string
	message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func fail(status int, code, format string, args ...any) error {
	return &failure{status, code, fmt.Sprintf(format, args...)}
}

// soonest is how long an answer takes at least.
const soonest = 2 * time.Millisecond

// ServeHTTP implements http.Handler.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	// No answer of AWS comes within microseconds. One that does is dropped now and
	// then by a program's SDK: see wholeBodies, which programs do not have.
	time.Sleep(soonest)
	call, do := a.route(r, body)
	a.mu.Lock()
	a.calls = append(a.calls, call)
	var fault Fault
	if a.fault != nil {
		fault = a.fault(call)
	}
	a.mu.Unlock()

	if fault.Hang {
		select {
		case <-r.Context().Done():
		case <-a.hangEnds:
		}
		return
	}
	if fault.Cut {
		panic(http.ErrAbortHandler)
	}
	if fault.Status != 0 {
		a.write(w, call, answer{}, fail(fault.Status, fault.Code, "as the test wants it"))
		return
	}
	if !strings.Contains(r.Header.Get("Authorization"), "Credential="+accessKey+"/") {
		a.write(w, call, answer{}, fail(http.StatusForbidden, "AccessDenied", "the call is not signed"))
		return
	}
	a.mu.Lock()
	out, err := do(fault)
	a.mu.Unlock()
	if fault.CutAfter {
		panic(http.ErrAbortHandler)
	}
	if fault.Truncate && err == nil {
		out.header.Set("Content-Length", fmt.Sprint(len(out.body)))
		for name, values := range out.header {
			w.Header()[name] = values
		}
		_, _ = w.Write(out.body[:len(out.body)/2])
		panic(http.ErrAbortHandler)
	}
	a.write(w, call, out, err)
}

// operation does what a call asks.
type operation func(Fault) (answer, error)

// jsonServices are the services that name the operation in a header.
var jsonServices = map[string]string{"Firehose_20150804": "firehose", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}

func (a *AWS) route(r *http.Request, body []byte) (Call, operation) {
	call := Call{Header: r.Header, Query: r.URL.RawQuery, Body: body}
	prefix, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !ok {
		call.Service = "s3"
		var do operation
		call.Operation, call.Subject, do = a.s3(r, body)
		return call, do
	}
	call.Service, call.Operation = jsonServices[prefix], name
	var do func([]byte, Fault) (any, error)
	switch call.Service {
	case "firehose":
		do = a.firehose(name)
		call.Subject = field(body, "DeliveryStreamName")
	case "sqs":
		do = a.sqs(name)
		url := field(body, "QueueUrl")
		call.Subject = url[strings.LastIndex(url, "/")+1:]
	case "secretsmanager":
		do = a.secretsManager(name)
		call.Subject = field(body, "SecretId")
	}
	return call, func(f Fault) (answer, error) {
		if do == nil {
			return answer{}, fail(http.StatusBadRequest, "UnknownOperationException", "%s", r.Header.Get("X-Amz-Target"))
		}
		out, err := do(body, f)
		if err != nil {
			return answer{}, err
		}
		text, err := json.Marshal(out)
		return answer{body: text}, err
	}
}

func field(body []byte, name string) string {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return ""
	}
	text, _ := fields[name].(string)
	return text
}

func (a *AWS) write(w http.ResponseWriter, call Call, out answer, err error) {
	h := w.Header()
	h.Set("X-Amzn-Requestid", "11111111-2222-3333-4444-555555555555")
	if err != nil {
		f, ok := err.(*failure) //nolint:errorlint // made in this package and never wrapped
		if !ok {
			f = &failure{http.StatusInternalServerError, "InternalFailure", err.Error()}
		}
		out = answer{status: f.status}
		if call.Service == "s3" {
			out.header = http.Header{"Content-Type": {"application/xml"}}
			if call.Operation != "HeadObject" {
				out.body = fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, f.code, f.message)
			}
		} else {
			out.body, _ = json.Marshal(map[string]string{"__type": f.code, "message": f.message}) // strings encode
		}
	}
	if call.Service != "s3" {
		h.Set("Content-Type", "application/x-amz-json-1.1")
	}
	for name, values := range out.header {
		h[name] = values
	}
	if out.status != 0 {
		w.WriteHeader(out.status)
	}
	_, _ = w.Write(out.body) // a caller that is gone shows at its end
}
