package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The programs that are measured: the functions as they are shipped, built for this
// machine, and one with nothing but the standard library.
var (
	functionNames = []string{"collect", "update", "load"}
	bareFunction  = "bare"
)

// handlersBench measures the Lambda functions as Lambda runs them: how long one
// takes from the start of its process until it asks for work and until its first
// answer, what collect spends on an event, and its memory.
func handlersBench(flags *flag.FlagSet) measurement {
	programs := flags.String("functions", "", "folder with the built functions, a folder with a bootstrap each")
	starts := flags.Int("starts", 20, "how often each is started")
	calls := flags.Int("calls", 5000, fmt.Sprintf("how many calls of %d events collect gets a round", batchItems))
	return func(ctx context.Context, r *run) error {
		if *programs == "" {
			return errors.New("-functions is missing; scripts/bench gives it")
		}
		if *starts < 1 || *calls < 1 {
			return errors.New("-starts and -calls must be at least 1")
		}
		standIn := httptest.NewServer(http.HandlerFunc(pretendAWS))
		defer standIn.Close()
		h := &handlers{run: r, programs: *programs, aws: standIn.URL}
		r.say("each function is started %d times; collect gets %d calls of %d events a round", *starts, *calls, batchItems)
		for range *starts {
			for _, name := range append([]string{bareFunction}, functionNames...) {
				if err := h.coldStart(ctx, name); err != nil {
					return fmt.Errorf("start %s: %w", name, err)
				}
			}
		}
		for range r.rounds {
			for _, name := range []string{"collect", bareFunction} {
				if err := h.spend(ctx, name, *calls); err != nil {
					return fmt.Errorf("call %s: %w", name, err)
				}
			}
		}
		r.say("collect spends %.2f times the CPU of a function that only decodes the events, with encoding/json", r.times("CPU of collect", "CPU of bare"))
		return nil
	}
}

type handlers struct {
	*run
	programs, aws string
}

// pretendAWS takes whatever the functions store.
func pretendAWS(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Target"), "Firehose_") {
		return // an object of S3: 200 is enough
	}
	var batch struct{ Records []json.RawMessage }
	if err := json.Unmarshal(body, &batch); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answers := make([]map[string]string, len(batch.Records))
	for i := range answers {
		answers[i] = map[string]string{"RecordId": strconv.Itoa(i)}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(map[string]any{"FailedPutCount": 0, "Encrypted": true, "RequestResponses": answers}) // who is gone needs no answer
}

// function is a running bootstrap.
type function struct {
	cmd *exec.Cmd
	api *httptest.Server
	// asked gets a value for each time that it asks for work.
	asked   chan struct{}
	events  chan []byte
	answers chan []byte
	ended   chan struct{}
	log     bytes.Buffer
}

func (h *handlers) start(ctx context.Context, name string) (*function, error) {
	f := &function{asked: make(chan struct{}, 1), events: make(chan []byte), answers: make(chan []byte), ended: make(chan struct{})}
	f.api = httptest.NewServer(f)
	f.cmd = exec.CommandContext(ctx, filepath.Join(h.programs, name, "bootstrap"))
	f.cmd.SysProcAttr = killWithParent()
	f.cmd.Stdout, f.cmd.Stderr = &f.log, &f.log
	f.cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + f.api.Listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=" + name, "_HANDLER=bootstrap",
		"AWS_ENDPOINT_URL=" + h.aws, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"LOAF_EVENTS_STREAM=events", "LOAF_USERS_STREAM=users", "LOAF_EVENTS_BUCKET=events", "LOAF_USERS_BUCKET=users",
	}
	if name == "load" {
		// It starts without the warehouse, which it only meets in its first run.
		f.cmd.Env = append(f.cmd.Env, "LOAF_LOAD_QUEUE_URL="+h.aws+"/queue", "LOAF_COPY_ROLE_ARN=arn:aws:iam::123456789012:role/copy", "LOAF_DEPLOYMENT=d1",
			"LOAF_WAREHOUSE_HOST=127.0.0.1", "LOAF_WAREHOUSE_SECRET=load", "LOAF_WAREHOUSE_ADMIN_SECRET=admin", "LOAF_UPDATE_SECRET=update", "LOAF_INSIGHTS_SECRET=insights")
	}
	if err := f.cmd.Start(); err != nil {
		f.api.Close()
		return nil, err
	}
	go func() {
		_ = f.cmd.Wait() // it is killed; what else ends it is in its log
		close(f.ended)
	}()
	return f, nil
}

func (f *function) stop() {
	_ = f.cmd.Process.Kill() // it may have ended
	<-f.ended
	f.api.CloseClientConnections()
	f.api.Close()
}

// ServeHTTP is Lambda's Runtime API, as far as a function that does well needs it
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/next") {
		body, err := io.ReadAll(r.Body)
		if err != nil || strings.HasSuffix(r.URL.Path, "/error") {
			body = nil
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case f.answers <- body:
		case <-f.ended:
		}
		return
	}
	select {
	case f.asked <- struct{}{}:
	default: // nobody has looked since the last time
	}
	select {
	case event := <-f.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:a-function")
		_, _ = w.Write(event) // a function that is gone needs none
	case <-r.Context().Done():
	}
}

// patienceOfLambda is how long a function may take to start or to answer.
const patienceOfLambda = time.Minute

// asks waits until the function asks for work.
func (f *function) asks() error {
	select {
	case <-f.asked:
		return nil
	case <-f.ended:
		return fmt.Errorf("the function has ended: %s", f.log.Bytes())
	case <-time.After(patienceOfLambda):
		return errors.New("the function does not ask for work")
	}
}

// call gives the function an event. Anything but a 2xx is an error.
func (f *function) call(event []byte) error {
	late := time.After(patienceOfLambda)
	select {
	case f.events <- event:
	case <-f.ended:
		return fmt.Errorf("the function has ended: %s", f.log.Bytes())
	case <-late:
		return errors.New("the function does not take a call")
	}
	select {
	case text := <-f.answers:
		var answer struct{ StatusCode int }
		if err := json.Unmarshal(text, &answer); err != nil || answer.StatusCode/100 != 2 {
			return fmt.Errorf("the function answers %s", text)
		}
		return nil
	case <-f.ended:
		return fmt.Errorf("the function has ended: %s", f.log.Bytes())
	case <-late:
		return errors.New("the function does not answer")
	}
}

// coldStart measures from the start of the process. Load has its first answer from
// the warehouse, and is measured until it asks for work.
func (h *handlers) coldStart(ctx context.Context, name string) error {
	event, err := gatewayCall(name, h.seed)
	if err != nil {
		return err
	}
	begun := time.Now()
	f, err := h.start(ctx, name)
	if err != nil {
		return err
	}
	defer f.stop()
	if err := f.asks(); err != nil {
		return err
	}
	h.add(name+", start until it asks for work", "ms", float64(time.Since(begun))/float64(time.Millisecond))
	if name == "load" {
		return nil
	}
	if err := f.call(event); err != nil {
		return err
	}
	h.add(name+", start until its first answer", "ms", float64(time.Since(begun))/float64(time.Millisecond))
	return nil
}

// spend measures the processor time of calls to a function that is warm, and the
// most memory that it had resident.
func (h *handlers) spend(ctx context.Context, name string, calls int) error {
	event, err := gatewayCall(name, h.seed)
	if err != nil {
		return err
	}
	f, err := h.start(ctx, name)
	if err != nil {
		return err
	}
	defer f.stop()
	for range 100 {
		if err := f.call(event); err != nil {
			return err
		}
	}
	before := cpuTime(f.cmd.Process.Pid)
	for range calls {
		if err := f.call(event); err != nil {
			return err
		}
	}
	spent := cpuTime(f.cmd.Process.Pid) - before
	h.add("CPU of "+name, "us/event", microseconds(spent)/float64(calls*batchItems))
	h.add("most memory of "+name, "MiB", float64(peakMemory(f.cmd.Process.Pid))/(1<<20))
	return nil
}

// gatewayCall is a call of the collection API as API Gateway hands it on: 100 items,
// packed as the SDK packs them.
func gatewayCall(name string, seed uint64) ([]byte, error) {
	method, route, list := http.MethodPost, "/v1/events", "events"
	items := make([]any, batchItems)
	random := rand.New(rand.NewPCG(seed, 7))
	now := time.Now().UTC()
	for i := range items {
		items[i] = sent{string(appendUUID(nil, random, now)), "page_view", fmt.Sprintf("user-%d", random.IntN(users)), now, sentProps{"/p/1234", 12.5, i}}
	}
	if name == "update" {
		method, route, list = http.MethodPatch, "/v1/users", "users"
		for i := range items {
			items[i] = userUpdate{fmt.Sprintf("user-%d", i), map[string]any{"tier": "free", "seats": i}, now}
		}
	}
	body, err := json.Marshal(map[string]any{list: items})
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	// https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
	return json.Marshal(map[string]any{
		"resource": route, "path": route, "httpMethod": method, "body": base64.StdEncoding.EncodeToString(packed.Bytes()), "isBase64Encoded": true,
		"multiValueHeaders": map[string][]string{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}, "User-Agent": {"dataloaf-go"}, "x-api-key": {"a key"}},
		"requestContext":    map[string]any{"requestId": "77375676-0000-4b79-853a-f982474efe18", "stage": "v1", "identity": map[string]any{"sourceIp": "192.0.2.1"}},
	})
}
