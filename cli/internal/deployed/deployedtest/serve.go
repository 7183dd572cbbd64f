package deployedtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

var scope = regexp.MustCompile(`Credential=[^/]+/[0-9]+/[^/]+/([a-z0-9-]+)/aws4_request`)

// ServeHTTP answers a call.
func (w *World) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out.Header().Set("Date", w.now.Format(http.TimeFormat))
	switch {
	case strings.HasPrefix(r.URL.Path, "/live/"):
		w.collect(out, r, body)
		return
	case strings.HasPrefix(r.URL.Path, "/page/"):
		w.page(out, r, body)
		return
	}
	match := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return // somebody looks at the clock
	}
	service := match[1]
	operation := operationOf(service, r, body)
	call := service + " " + operation
	w.calls = append(w.calls, call)
	for _, name := range []string{call, "*"} {
		if f, ok := w.Fail[name]; ok {
			refuse(out, service, f)
			return
		}
	}
	var in map[string]any
	_ = json.Unmarshal(body, &in) // what is no JSON is read otherwise
	text := func(name string) string { s, _ := in[name].(string); return s }
	switch call {
	case "sts GetCallerIdentity":
		fmt.Fprintf(out, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::%s:assumed-role/Ops/jo</Arn><UserId>A:jo</UserId><Account>%[1]s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, account)
	case "sqs GetQueueUrl":
		answer(out, map[string]any{"QueueUrl": w.URL + "/" + account + "/" + text("QueueName")})
	case "sqs GetQueueAttributes":
		name := text("QueueUrl")
		name = name[strings.LastIndex(name, "/")+1:]
		answer(out, map[string]any{"Attributes": map[string]string{"ApproximateNumberOfMessages": fmt.Sprint(w.Waiting[name]), "ApproximateNumberOfMessagesNotVisible": "0", "Policy": w.Policy}})
	case "events DescribeRule":
		if w.Schedules[text("Name")] == "" {
			out.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
			out.WriteHeader(http.StatusBadRequest)
			answer(out, map[string]any{"__type": "ResourceNotFoundException", "message": "Rule " + text("Name") + " does not exist on EventBus default."})
			return
		}
		expression := "rate(3 minutes)"
		if strings.HasSuffix(text("Name"), "-sweep") {
			expression = "rate(1 day)"
		}
		answer(out, map[string]any{"Name": text("Name"), "State": w.Schedules[text("Name")], "ScheduleExpression": expression})
	case "firehose DescribeDeliveryStream":
		name := text("DeliveryStreamName")
		answer(out, map[string]any{"DeliveryStreamDescription": map[string]any{"DeliveryStreamName": name, "DeliveryStreamStatus": w.Streams[name]}})
	case "secretsmanager GetSecretValue":
		answer(out, map[string]any{"SecretString": `{"admin_password":"` + Password + `","session_key":"k"}`})
	case "secretsmanager DescribeSecret":
		answer(out, map[string]any{"Name": text("SecretId")})
	case "logs FilterLogEvents":
		answer(out, map[string]any{"events": w.log(text("filterPattern"), in["startTime"])})
	case "monitoring DescribeAlarms":
		w.alarms(out)
	case "monitoring GetMetricData":
		w.metrics(out, body)
	case "autoscaling DescribeAutoScalingGroups":
		health := "Unhealthy"
		if w.Healthy {
			health = "Healthy"
		}
		fmt.Fprintf(out, `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>shop-insights</AutoScalingGroupName><Instances><member><InstanceId>i-1</InstanceId><HealthStatus>%s</HealthStatus><LifecycleState>InService</LifecycleState></member></Instances></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`, health)
	case "lambda Invoke":
		w.invoke(out, body)
	default:
		w.rest(out, r, service, operation)
	}
}

// operationOf names what a call does.
func operationOf(service string, r *http.Request, body []byte) string {
	if _, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return name
	}
	if _, name, ok := strings.Cut(r.URL.Path, "/operation/"); ok {
		return name
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		return form.Get("Action")
	}
	path := r.URL.Path
	switch {
	case service == "lambda" && strings.HasSuffix(path, "/invocations"):
		return "Invoke"
	case service == "lambda" && strings.HasSuffix(path, "/configuration"):
		return "GetFunctionConfiguration"
	case service == "lambda" && strings.Contains(path, "event-source-mappings"):
		return "ListEventSourceMappings"
	case service == "lambda" && strings.HasSuffix(path, "account-settings"):
		return "GetAccountSettings"
	case service == "apigateway" && path == "/account":
		return "GetAccount"
	case service == "apigateway" && strings.HasSuffix(path, "/usage"):
		return "GetUsage"
	case service == "apigateway" && strings.HasSuffix(path, "/keys"):
		return "GetUsagePlanKeys"
	case service == "apigateway":
		return "GetUsagePlans"
	case r.URL.Query().Has("notification"):
		return "GetBucketNotificationConfiguration"
	case r.URL.Query().Has("list-type"):
		return "ListObjectsV2"
	default:
		return "GetObject"
	}
}

// rest answers the services whose operations are paths.
func (w *World) rest(out http.ResponseWriter, r *http.Request, service, operation string) {
	switch service + " " + operation {
	case "lambda GetFunctionConfiguration":
		name := strings.Split(r.URL.Path, "/")[3]
		answer(out, map[string]any{"FunctionName": name, "State": w.Functions[name], "LastUpdateStatus": "Successful", "CodeSha256": "abc=", "LastModified": "2026-01-02T03:04:05.000+0000"})
	case "lambda ListEventSourceMappings":
		mappings := []any{}
		if w.Mapping != "" {
			mappings = append(mappings, map[string]any{"UUID": "m-1", "State": w.Mapping, "EventSourceArn": "arn:aws:sqs:" + Region + ":" + account + ":shop-retry"})
		}
		answer(out, map[string]any{"EventSourceMappings": mappings})
	case "lambda GetAccountSettings":
		answer(out, map[string]any{"AccountLimit": map[string]int{"ConcurrentExecutions": w.Concurrency, "UnreservedConcurrentExecutions": w.Concurrency}})
	case "apigateway GetAccount":
		answer(out, map[string]any{"cloudwatchRoleArn": w.LoggingRole})
	case "apigateway GetUsagePlans":
		answer(out, map[string]any{"item": []any{map[string]string{"id": "other", "name": "other"}, map[string]string{"id": "plan", "name": Name}}})
	case "apigateway GetUsagePlanKeys":
		keys := []any{}
		for _, id := range []string{"default", "default-2", "ios"} {
			keys = append(keys, map[string]string{"id": id, "name": Name + "-" + id, "type": "API_KEY"})
		}
		answer(out, map[string]any{"item": keys})
	case "apigateway GetUsage":
		items := map[string]any{}
		for id, n := range w.Usage {
			items[id] = [][]int{{n - n/2, 1000}, {n / 2, 1000}}
		}
		answer(out, map[string]any{"usagePlanId": "plan", "values": items})
	case "s3 GetBucketNotificationConfiguration":
		queue := ""
		if w.Notified {
			queue = "<QueueConfiguration><Queue>arn:aws:sqs:" + Region + ":" + account + ":shop-load</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
		}
		fmt.Fprintf(out, "<NotificationConfiguration>%s</NotificationConfiguration>", queue)
	case "s3 ListObjectsV2":
		var objects strings.Builder
		for _, e := range w.stored() {
			if strings.HasPrefix(e.key(), r.URL.Query().Get("prefix")) {
				fmt.Fprintf(&objects, "<Contents><Key>%s</Key><Size>1</Size><LastModified>%s</LastModified></Contents>", e.key(), e.at.Add(deliveryTime).Format(time.RFC3339))
			}
		}
		fmt.Fprintf(out, "<ListBucketResult><IsTruncated>false</IsTruncated>%s</ListBucketResult>", objects.String())
	case "s3 GetObject":
		for _, e := range w.stored() {
			if strings.HasSuffix(r.URL.Path, e.key()) {
				z := gzip.NewWriter(out)
				_, _ = z.Write(e.body) // the caller may be gone
				_ = z.Close()
				return
			}
		}
		refuse(out, "s3", Fault{http.StatusNotFound, "NoSuchKey"})
	default:
		refuse(out, service, Fault{http.StatusNotImplemented, "NotImplemented"})
	}
}

func answer(out http.ResponseWriter, v any) {
	out.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(out).Encode(v) // the caller may be gone
}

func refuse(out http.ResponseWriter, service string, f Fault) {
	switch service {
	case "s3", "sts", "autoscaling":
		out.Header().Set("Content-Type", "text/xml")
		out.WriteHeader(f.Status)
		inner := fmt.Sprintf("<Error><Code>%s</Code><Message>as the test wants it</Message></Error>", f.Code)
		if service != "s3" {
			inner = "<ErrorResponse>" + inner + "</ErrorResponse>"
		}
		fmt.Fprint(out, inner)
	case "monitoring":
		out.Header().Set("Content-Type", "application/cbor")
		out.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		out.WriteHeader(f.Status)
		_, _ = out.Write(cbor.Encode(cbor.Map{"__type": cbor.String(f.Code), "message": cbor.String("as the test wants it")}))
	default:
		out.Header().Set("Content-Type", "application/x-amz-json-1.1")
		out.Header().Set("X-Amzn-Errortype", f.Code)
		out.WriteHeader(f.Status)
		fmt.Fprintf(out, `{"__type":%q,"message":"as the test wants it"}`, f.Code)
	}
}

func binary(out http.ResponseWriter, v cbor.Value) {
	out.Header().Set("Content-Type", "application/cbor")
	out.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	_, _ = out.Write(cbor.Encode(v)) // the caller may be gone
}

func instant(at time.Time) cbor.Value {
	return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(at.UnixMilli()) / 1000)}
}

func (w *World) alarms(out http.ResponseWriter) {
	alarms := cbor.List{}
	add := func(name, topic string) {
		alarms = append(alarms, cbor.Map{
			"AlarmName": cbor.String(name), "AlarmDescription": cbor.String("what it means"), "StateValue": cbor.String("ALARM"),
			"StateTransitionedTimestamp": instant(w.now.Add(-time.Hour)), "AlarmActions": cbor.List{cbor.String(topic)},
		})
	}
	for _, kind := range w.Alarms {
		add(Name+"-"+kind, "arn:aws:sns:"+Region+":"+account+":shop-alarms")
	}
	// Another stack, whose name begins with this one's.
	add(Name+"-test-load-late", "arn:aws:sns:"+Region+":"+account+":shop-test-alarms")
	binary(out, cbor.Map{"MetricAlarms": alarms})
}

func (w *World) metrics(out http.ResponseWriter, body []byte) {
	decoded, err := cbor.Decode(body)
	if err != nil {
		refuse(out, "monitoring", Fault{http.StatusBadRequest, "SerializationException"})
		return
	}
	results := cbor.List{}
	queries, _ := decoded.(cbor.Map)["MetricDataQueries"].(cbor.List)
	for _, q := range queries {
		query := q.(cbor.Map)
		name := query["MetricStat"].(cbor.Map)["Metric"].(cbor.Map)["MetricName"].(cbor.String)
		times, values := cbor.List{}, cbor.List{}
		for i, v := range w.Metrics[string(name)] {
			times = append(times, instant(w.now.Add(-time.Duration(i+1)*time.Minute)))
			values = append(values, cbor.Float64(v))
		}
		results = append(results, cbor.Map{"Id": query["Id"], "Timestamps": times, "Values": values})
	}
	binary(out, cbor.Map{"MetricDataResults": results})
}

// log is what the load function wrote.
func (w *World) log(pattern string, since any) []any {
	from, _ := since.(float64)
	lines := []any{}
	for _, e := range w.loaded() {
		at := e.loadedAt().UnixMilli()
		if float64(at) < from {
			continue
		}
		line := `{"msg":"loaded","action":"run","objects":1,"lines":2,"inserted":2,"elapsed_ms":1500}`
		if strings.Contains(pattern, "quarantined") {
			if !w.SetsAside {
				continue
			}
			line = `{"msg":"an object is quarantined","reason":"line 1: it is broken"}`
		}
		lines = append(lines, map[string]any{"timestamp": at, "message": line})
	}
	return lines
}

func (w *World) invoke(out http.ResponseWriter, body []byte) {
	if w.Busy > 0 {
		w.Busy--
		refuse(out, "lambda", Fault{http.StatusTooManyRequests, "TooManyRequestsException"})
		return
	}
	var given map[string]any
	if json.Unmarshal(body, &given) != nil || w.Invoke == nil {
		refuse(out, "lambda", Fault{http.StatusBadRequest, "InvalidRequestContentException"})
		return
	}
	in := map[string]string{}
	for name, value := range given {
		in[name] = fmt.Sprint(value)
	}
	payload, failed := w.Invoke(in)
	if failed != "" {
		out.Header().Set("X-Amz-Function-Error", failed)
	}
	answer(out, payload)
}

// collect is the collection API.
func (w *World) collect(out http.ResponseWriter, r *http.Request, body []byte) {
	w.calls = append(w.calls, "api "+r.Method+" "+strings.TrimPrefix(r.URL.Path, "/live"))
	switch {
	case r.Header.Get("x-api-key") != Key:
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprint(out, `{"error":{"code":"key_wrong","message":"not one of this stack's keys"}}`)
	case w.APIStatus != 0:
		out.WriteHeader(w.APIStatus)
		fmt.Fprint(out, `{"error":{"code":"unavailable","message":"nothing was stored"}}`)
	default:
		w.events = append(w.events, event{body: bytes.Clone(body), at: w.now})
		out.WriteHeader(http.StatusAccepted)
		fmt.Fprint(out, `{"accepted":1,"rejected":[]}`)
	}
}

// page is the insights page.
func (w *World) page(out http.ResponseWriter, r *http.Request, body []byte) {
	path := strings.TrimPrefix(r.URL.Path, "/page")
	w.calls = append(w.calls, "page "+r.Method+" "+path)
	if w.PageStatus != http.StatusOK {
		out.WriteHeader(w.PageStatus)
		return
	}
	if w.Page != nil {
		if status, found := w.Page(r.Method, path, body); status != 0 {
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(status)
			answer(out, found)
			return
		}
	}
	switch path {
	case "/api/v1/login":
		http.SetCookie(out, &http.Cookie{Name: "session", Value: "s", Path: "/"})
	case "/healthz":
		fmt.Fprint(out, `{"status":"ok"}`)
	case "/api/v1/pipeline":
		quarantined := `[]`
		n := 0
		if w.SetsAside {
			n, quarantined = 1, `[{"object":"shop-events-bucket/events/x","reason":"line 1: it is broken","at":"2026-01-02T03:04:05Z"}]`
		}
		fmt.Fprintf(out, `{"last_load":%q,"lag_seconds":41.5,"rows_loaded":78831,"files_loaded":160,"files_waiting":0,"files_quarantined":%d,"quarantined":%s}`, w.now.Add(-time.Minute).Format(time.RFC3339), n, quarantined)
	case "/api/v1/query":
		count := 0
		if w.Counts && !w.SetsAside {
			count = len(w.loaded())
		}
		fmt.Fprintf(out, `{"kind":"trend","buckets":[],"series":[{"count":%d,"values":[]}]}`, count)
	default:
		out.WriteHeader(http.StatusNotFound)
	}
}

// Called tells whether an operation was called.
func (w *World) Called(call string) bool { return slices.Contains(w.Calls(), call) }
