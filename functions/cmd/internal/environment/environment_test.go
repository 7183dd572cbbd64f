package environment_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/cmd/internal/environment"
)

func of(variables map[string]string) *environment.Environment {
	return environment.New(func(name string) string { return variables[name] })
}

func TestEverythingWrongIsNamed(t *testing.T) {
	e := of(map[string]string{"P": "70000", "LOAF_LOG_LEVEL": "loud", "LOAF_WAREHOUSE_DIALECT": "mysql", "HERE": "x", "D": "30", "HALF": "1.5", "NONE": "0", "M": "60", "LONG": "1441"})
	e.Logger(new(bytes.Buffer))
	e.Port("P", 1)
	if days := e.Days("D") + e.Days("GONE") + e.Days("HALF") + e.Days("NONE"); days != 30 {
		t.Errorf("%d days", days)
	}
	if minutes := e.Minutes("M") + e.Minutes("GONE") + e.Minutes("LONG"); minutes != time.Hour {
		t.Errorf("%v", minutes)
	}
	if got := e.Text("HERE") + e.Optional("GONE", "otherwise"); got != "xotherwise" {
		t.Errorf("%q", got)
	}
	e.Warehouse("test")
	e.Text("LAST")
	err := e.Err()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{"LOAF_WAREHOUSE_SECRET, LOAF_WAREHOUSE_HOST, LAST", `P is "70000"`, `HALF is "1.5"`, `NONE is "0"`, `LONG is "1441"`, `LOAF_LOG_LEVEL is "loud"`, `LOAF_WAREHOUSE_DIALECT is "mysql"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if err := of(nil).Err(); err != nil {
		t.Error(err)
	}
}

// An alarm's filter reads these lines.
func TestLinesAreJSONWithTheRequest(t *testing.T) {
	var out bytes.Buffer
	logger := of(map[string]string{"LOAF_LOG_LEVEL": "warn"}).Logger(&out)
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "the-request"})
	logger.InfoContext(ctx, "too quiet")
	logger.With("a", 1).ErrorContext(ctx, "an object is quarantined", "object", "b/k")
	var line struct {
		Time, Level, Msg, Object, Request string
		A                                 int
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	if line.Time == "" || line.Level != "ERROR" || line.Msg != "an object is quarantined" || line.Object != "b/k" || line.Request != "the-request" || line.A != 1 {
		t.Errorf("%s", &out)
	}
}

func TestAnAuthorityThatCannotBeReadStopsTheStart(t *testing.T) {
	e := of(map[string]string{"LOAF_WAREHOUSE_SECRET": "s", "LOAF_WAREHOUSE_HOST": "h", "LOAF_WAREHOUSE_CA_FILE": "/nowhere/ca.pem"})
	w := e.Warehouse("test")
	if err := e.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Opener(environment.Parts{Secrets: &aws.Secrets{}}); err == nil || !strings.Contains(err.Error(), "LOAF_WAREHOUSE_CA_FILE") {
		t.Errorf("%v", err)
	}
}
