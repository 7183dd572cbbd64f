package doctor_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/audit"
	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/replay"
	"github.com/dataloaf/dataloaf/cli/internal/status"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// rights are what IAM asks for the calls that the verbs make, where it has
// another name for them; those without a right anybody may make.
var rights = map[string]string{
	"sts GetCallerIdentity":                 "",
	"s3 ListObjectsV2":                      "s3:ListBucket",
	"s3 GetBucketNotificationConfiguration": "s3:GetBucketNotification",
	"lambda Invoke":                         "lambda:InvokeFunction",
	"apigateway GetAccount":                 "apigateway:GET",
}

// The policy for who operates has what the verbs need, and no more.
func TestTheOperatorsPolicy(t *testing.T) {
	w := deployedtest.New(t)
	// What the doctor finds is for other tests; with the event lost it looks for
	// the cause, too.
	_, _, _ = examine(t, w, nil)
	w.Delivers = false
	_, _, _ = examine(t, w, nil)
	var out bytes.Buffer
	streams := term.Streams{Out: &out, Err: &out}
	s := status.Options{Streams: streams, Timeout: time.Minute, Now: w.Now}
	w.Invoke = func(event map[string]string) (any, string) {
		return map[string]any{"action": event["action"], "proven": true}, ""
	}
	hour := target.Range{From: "1h"}
	r := replay.Options{Streams: streams, Range: hour, Timeout: time.Minute, Now: w.Now, Pause: w.Pause}
	a := audit.Options{Streams: streams, Range: hour, Timeout: time.Minute, Now: w.Now, Pause: w.Pause}
	s.Dir, r.Dir, a.Dir = w.Dir(), w.Dir(), w.Dir()
	if err := status.Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := replay.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := audit.Run(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	var need []string
	for _, call := range w.Calls() {
		right, renamed := rights[call]
		if !renamed {
			right = strings.Replace(strings.Replace(call, " ", ":", 1), "monitoring:", "cloudwatch:", 1)
		}
		if right != "" && !toStack(call) && !slices.Contains(need, right) {
			need = append(need, right)
		}
	}
	slices.Sort(need)
	var policy struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal([]byte(read(t, "../../../docs/operator-policy.json")), &policy); err != nil {
		t.Fatal(err)
	}
	var has []string
	for _, s := range policy.Statement {
		has = append(has, s.Action...)
	}
	slices.Sort(has)
	if has = slices.Compact(has); !slices.Equal(has, need) {
		t.Errorf("the policy has\n%q, the verbs need\n%q", has, need)
	}
}

// toStack tells whether a call is one of the stack's own APIs, not of AWS's.
func toStack(call string) bool {
	return strings.HasPrefix(call, "api ") || strings.HasPrefix(call, "page ")
}
