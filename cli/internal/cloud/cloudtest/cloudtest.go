// Package cloudtest is AWS over HTTP on the loopback interface, as far as loafctl
// calls it by itself: for tests. Terraform's calls can be handed on to another
// stand-in.
package cloudtest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Account is the number of the account.
const Account = "123456789012"

// ARN is who one is.
const ARN = "arn:aws:sts::" + Account + ":assumed-role/Admin/jo"

// Failure is how a call fails.
type Failure struct {
	Status        int
	Code, Message string
	// Times is how often it fails; 0 is for ever.
	Times int
}

// Server is the account.
type Server struct {
	URL string

	mu sync.Mutex
	// Regions, Zones, VPCs and so on are what is answered.
	Regions                 []string
	Zones, VPCs             int
	Concurrency, Unreserved int
	LoggingRole             string
	HostedZones             map[string]string
	Refused                 []string
	Tagged                  []string
	// Secrets are texts by ARN.
	Secrets map[string]string
	// Fail makes calls fail, by "service action", such as "sts GetCallerIdentity".
	Fail map[string]*Failure
	// Calls are those that were made, in the form of Fail.
	Calls   []string
	buckets map[string]*bucket
	proxy   *httputil.ReverseProxy
}

type bucket struct {
	objects map[string][]byte
	// Settings are the subresources that were put, such as "versioning".
	settings map[string]string
}

// New starts an account that can have a stack.
func New(t *testing.T) *Server {
	t.Helper()
	s := &Server{
		Regions: []string{"ap-southeast-2", "eu-central-1", "eu-north-1", "eu-west-1", "us-east-1", "us-west-2"},
		Zones:   3, VPCs: 1, Concurrency: 1000, Unreserved: 1000,
		HostedZones: map[string]string{"example.com": "Z0EXAMPLE"}, Secrets: map[string]string{},
		Fail: map[string]*Failure{}, buckets: map[string]*bucket{},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Behind hands calls that it does not know on to another stand-in.
func (s *Server) Behind(address string) error {
	to, err := url.Parse(address)
	if err != nil {
		return err
	}
	s.proxy = httputil.NewSingleHostReverseProxy(to)
	return nil
}

// Environ is the environment of a program that shall use the account.
func (s *Server) Environ() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_ACCESS_KEY_ID=AKIAPLANTED", "AWS_SECRET_ACCESS_KEY=planted-secret-access-key",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=2",
	}
}

// Do works on the account while nobody calls it.
func (s *Server) Do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Buckets are the names of all buckets.
func (s *Server) Buckets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.buckets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Setting is a subresource of a bucket, such as "versioning", as it was put.
func (s *Server) Setting(name, setting string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		return b.settings[setting]
	}
	return ""
}

// Object is the content of an object; nil when it is not there.
func (s *Server) Object(name, key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		return b.objects[key]
	}
	return nil
}

// Holding are the objects, as bucket/key, that contain the text.
func (s *Server) Holding(text string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for name, b := range s.buckets {
		for key, content := range b.objects {
			if bytes.Contains(content, []byte(text)) {
				found = append(found, name+"/"+key)
			}
		}
	}
	slices.Sort(found)
	return found
}

// Put makes a bucket, and in it an object unless key is empty.
func (s *Server) Put(name, key string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		s.buckets[name] = &bucket{map[string][]byte{}, map[string]string{}}
	}
	if key != "" {
		s.buckets[name].objects[key] = content
	}
}

var scope = regexp.MustCompile(`Credential=[^/]+/[0-9]+/[^/]+/([a-z0-9-]+)/aws4_request`)

// ServeHTTP answers a call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	service := "s3" // what is not signed is somebody's own call to a bucket
	if match := scope.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
		service = match[1]
	}
	s.mu.Lock()
	known := s.answer(w, r, service, body)
	s.mu.Unlock()
	if known {
		return
	}
	if s.proxy != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.proxy.ServeHTTP(w, r)
		return
	}
	http.Error(w, fmt.Sprintf("the stand-in does not know %s %s %s %s", service, r.Method, r.URL, body), http.StatusNotImplemented)
}

// answer answers what it knows.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, service string, body []byte) bool {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		form = url.Values{}
	}
	action := form.Get("Action")
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, action, _ = strings.Cut(target, ".")
	}
	if action == "" {
		action = r.Method + " " + r.URL.Path
		if service == "s3" {
			action = s3Action(r)
		}
	}
	call := service + " " + action
	s.Calls = append(s.Calls, call)
	if f := s.Fail[call]; f != nil {
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				delete(s.Fail, call)
			}
		}
		fail(w, r, service, f)
		return true
	}
	text := func(format string, args ...any) bool {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, format, args...)
		return true
	}
	inJSON := func(v any) bool {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		return json.NewEncoder(w).Encode(v) == nil
	}
	switch call {
	case "sts GetCallerIdentity":
		return text(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%s</Arn><UserId>AROA:jo</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, ARN, Account)
	case "ec2 DescribeRegions":
		return text(`<DescribeRegionsResponse><regionInfo>%s</regionInfo></DescribeRegionsResponse>`, items(s.Regions, "regionName"))
	case "ec2 DescribeAvailabilityZones":
		if s.proxy != nil {
			return false
		}
		var zones []string
		for i := range s.Zones {
			zones = append(zones, "zone-"+string(rune('a'+i)))
		}
		return text(`<DescribeAvailabilityZonesResponse><availabilityZoneInfo>%s</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`, items(zones, "zoneName"))
	case "ec2 DescribeVpcs":
		var ids []string
		for i := range s.VPCs {
			ids = append(ids, fmt.Sprintf("vpc-%d", i))
		}
		return text(`<DescribeVpcsResponse><vpcSet>%s</vpcSet></DescribeVpcsResponse>`, items(ids, "vpcId"))
	case "iam SimulatePrincipalPolicy":
		var out strings.Builder
		for name, values := range form {
			if !strings.HasPrefix(name, "ActionNames.member.") {
				continue
			}
			decision := "allowed"
			if slices.Contains(s.Refused, values[0]) {
				decision = "implicitDeny"
			}
			missing := ""
			// A role for one stack may make a namespace with its tag alone.
			if decision != "allowed" && values[0] == "redshift-serverless:CreateNamespace" {
				missing = "<MissingContextValues><member>aws:RequestTag/dataloaf:stack</member></MissingContextValues>"
			}
			fmt.Fprintf(&out, "<member><EvalActionName>%s</EvalActionName><EvalDecision>%s</EvalDecision>%s</member>", values[0], decision, missing)
		}
		return text(`<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>%s</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`, out.String())
	case "lambda GET /2016-08-19/account-settings":
		return inJSON(map[string]any{"AccountLimit": map[string]int{"ConcurrentExecutions": s.Concurrency, "UnreservedConcurrentExecutions": s.Unreserved}})
	case "apigateway GET /account":
		account := map[string]any{}
		if s.LoggingRole != "" {
			account["cloudwatchRoleArn"] = s.LoggingRole
		}
		return inJSON(account)
	case "route53 GET /2013-04-01/hostedzone":
		var zones strings.Builder
		for name, id := range s.HostedZones {
			fmt.Fprintf(&zones, "<HostedZone><Id>/hostedzone/%s</Id><Name>%s.</Name><CallerReference>1</CallerReference><Config><PrivateZone>false</PrivateZone></Config></HostedZone>", id, name)
		}
		return text(`<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones>%s</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>`, zones.String())
	case "tagging GetResources":
		var list []map[string]string
		for _, arn := range s.Tagged {
			list = append(list, map[string]string{"ResourceARN": arn})
		}
		return inJSON(map[string]any{"ResourceTagMappingList": list, "PaginationToken": ""})
	case "secretsmanager GetSecretValue":
		var asked struct{ SecretId string } //nolint:revive // AWS's name
		if json.Unmarshal(body, &asked) != nil || s.Secrets[asked.SecretId] == "" {
			fail(w, r, service, &Failure{Status: 400, Code: "ResourceNotFoundException", Message: "no such secret"})
			return true
		}
		return inJSON(map[string]any{"ARN": asked.SecretId, "SecretString": s.Secrets[asked.SecretId]})
	}
	if service == "s3" {
		s.s3(w, r, body)
		return true
	}
	return false
}

// items are the <item>s of a list of EC2's.
func items(values []string, element string) string {
	var out strings.Builder
	for _, v := range values {
		fmt.Fprintf(&out, "<item><%s>%s</%s></item>", element, v, element)
	}
	return out.String()
}

func fail(w http.ResponseWriter, r *http.Request, service string, f *Failure) {
	switch {
	case service == "s3" && r.Method == http.MethodHead:
		w.WriteHeader(f.Status)
	case service == "s3":
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", f.Code, f.Message)
	case service == "ec2":
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", f.Code, f.Message)
	case service == "sts" || service == "iam" || service == "route53":
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", f.Code, f.Message)
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-ErrorType", f.Code)
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, `{"__type":%q,"message":%q}`, f.Code, f.Message)
	}
}

var subresources = []string{"publicAccessBlock", "versioning", "encryption", "policy", "lifecycle", "tagging", "versions", "delete"}

func s3Action(r *http.Request) string {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for _, sub := range subresources {
		if r.URL.Query().Has(sub) {
			return r.Method + " " + name + "?" + sub
		}
	}
	if key == "" {
		return r.Method + " " + name
	}
	return r.Method + " " + name + "/" + key
}

// s3 is S3 with buckets by path.
func (s *Server) s3(w http.ResponseWriter, r *http.Request, body []byte) {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	b := s.buckets[name]
	w.Header().Set("Content-Type", "application/xml")
	gone := func(code string) {
		fail(w, r, "s3", &Failure{Status: http.StatusNotFound, Code: code, Message: "not there"})
	}
	if b == nil {
		if r.Method == http.MethodPut && key == "" {
			s.buckets[name] = &bucket{map[string][]byte{}, map[string]string{}}
			return
		}
		gone("NoSuchBucket")
		return
	}
	for _, sub := range subresources {
		if !r.URL.Query().Has(sub) {
			continue
		}
		switch {
		case sub == "versions":
			var out strings.Builder
			for k := range b.objects {
				fmt.Fprintf(&out, "<Version><Key>%s</Key><VersionId>1</VersionId></Version>", k)
			}
			fmt.Fprintf(w, "<ListVersionsResult><IsTruncated>false</IsTruncated>%s</ListVersionsResult>", out.String())
		case sub == "delete":
			var asked struct {
				Objects []struct{ Key string } `xml:"Object"`
			}
			if xml.Unmarshal(body, &asked) == nil {
				for _, o := range asked.Objects {
					delete(b.objects, o.Key)
				}
			}
			fmt.Fprint(w, "<DeleteResult></DeleteResult>")
		case r.Method == http.MethodPut:
			b.settings[sub] = string(body)
		default:
			fmt.Fprint(w, b.settings[sub])
		}
		return
	}
	switch {
	case key == "" && r.Method == http.MethodDelete:
		if len(b.objects) > 0 {
			fail(w, r, "s3", &Failure{Status: http.StatusConflict, Code: "BucketNotEmpty", Message: "not empty"})
			return
		}
		delete(s.buckets, name)
		w.WriteHeader(http.StatusNoContent)
	case key == "" && r.Method == http.MethodGet:
		var out strings.Builder
		for k := range b.objects {
			fmt.Fprintf(&out, "<Contents><Key>%s</Key></Contents>", k)
		}
		fmt.Fprintf(w, "<ListBucketResult><IsTruncated>false</IsTruncated>%s</ListBucketResult>", out.String())
	case key == "":
	case r.Method == http.MethodPut:
		if r.Header.Get("If-None-Match") == "*" && b.objects[key] != nil {
			fail(w, r, "s3", &Failure{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed", Message: "there already"})
			return
		}
		b.objects[key] = unchunked(r, body)
		w.Header().Set("ETag", `"1"`)
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case b.objects[key] == nil:
		gone("NoSuchKey")
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(b.objects[key])))
		w.Header().Set("ETag", `"1"`)
		if r.Method == http.MethodGet {
			_, _ = w.Write(b.objects[key]) // the client is gone
		}
	}
}

// unchunked is a body without the SDK's own framing.
func unchunked(r *http.Request, body []byte) []byte {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return body
	}
	var out []byte
	for len(body) > 0 {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		size := 0
		if _, err := fmt.Sscanf(string(line), "%x", &size); err != nil || !ok || size == 0 || size > len(rest) {
			break
		}
		out = append(out, rest[:size]...)
		body = bytes.TrimPrefix(rest[size:], []byte("\r\n"))
	}
	return out
}
