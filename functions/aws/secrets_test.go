package aws_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/awstest"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

func TestASecretIsReadOnceAndAnewWhenAsked(t *testing.T) {
	a := awstest.New(t)
	arn := a.SetSecret("db", `{"username":"loaf_load","password":"one","port":5439}`)
	s := aws.NewSecrets(a.Config())
	for range 3 {
		if login, err := s.Login(t.Context(), arn, false); err != nil || login != (warehouse.Login{Username: "loaf_load", Password: "one"}) {
			t.Fatalf("%v, %v", login, err)
		}
	}
	if n := len(a.Calls("GetSecretValue")); n != 1 {
		t.Errorf("read %d times", n)
	}
	// Rotated: who was refused asks anew, and the others have it from then on.
	a.SetSecret("db", `{"username":"loaf_load","password":"two"}`)
	for _, fresh := range []bool{true, false} {
		if login, err := s.LoginFunc(arn)(t.Context(), fresh); err != nil || login.Password != "two" {
			t.Errorf("%v", err)
		}
	}
	if n := len(a.Calls("GetSecretValue")); n != 2 {
		t.Errorf("read %d times", n)
	}
}

// A hundred logins refused at once do not read the secret a hundred times.
func TestManyRefusedLoginsReadOnce(t *testing.T) {
	a := awstest.New(t)
	arn := a.SetSecret("db", `{"username":"u","password":"p"}`)
	s := aws.NewSecrets(a.Config())
	// The first read waits until all others have asked.
	asked := make(chan struct{})
	var once sync.Once
	a.SetFault(func(awstest.Call) awstest.Fault { once.Do(func() { <-asked }); return awstest.Fault{} })
	const callers = 100
	var started, done sync.WaitGroup
	started.Add(callers)
	for range callers {
		done.Go(func() {
			started.Done()
			if _, err := s.Get(t.Context(), arn, true); err != nil {
				t.Error(err)
			}
		})
	}
	started.Wait()
	close(asked)
	done.Wait()
	if n := len(a.Calls("GetSecretValue")); n > callers/2 {
		t.Errorf("read %d times", n)
	}
}

func TestWhatIsWrongWithASecretIsSaid(t *testing.T) {
	a := awstest.New(t)
	s := aws.NewSecrets(a.Config())
	const password = "hunter2"
	for name, test := range map[string]struct {
		value string
		fault awstest.Fault
		want  string
	}{
		"missing":        {"", awstest.Fault{}, "check the ARN and the region"},
		"not JSON":       {password, awstest.Fault{}, "not a JSON object"},
		"a list":         {`["` + password + `"]`, awstest.Fault{}, "not a JSON object"},
		"null":           {`null`, awstest.Fault{}, "not a JSON object"},
		"no user":        {`{"password":"` + password + `"}`, awstest.Fault{}, `no text "username"`},
		"empty":          {`{"username":"u","password":""}`, awstest.Fault{}, `no text "password"`},
		"a number":       {`{"username":"u","password":7}`, awstest.Fault{}, `no text "password"`},
		"denied":         {`{}`, awstest.Fault{Status: http.StatusBadRequest, Code: "AccessDeniedException"}, "secretsmanager:GetSecretValue"},
		"undecipherable": {`{}`, awstest.Fault{Status: http.StatusBadRequest, Code: "DecryptionFailure"}, "kms:Decrypt"},
		"being deleted":  {`{}`, awstest.Fault{Status: http.StatusBadRequest, Code: "InvalidRequestException"}, "deletion"},
	} {
		id := "secret of " + name
		if test.value != "" {
			a.SetSecret(id, test.value)
		}
		a.SetFault(func(awstest.Call) awstest.Fault { return test.fault })
		_, err := s.Login(t.Context(), id, false)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), id) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Get(t.Context(), "", false); err == nil {
		t.Error("no id is an id")
	}
}

// A throttle passes; the SDK asks again.
func TestAThrottledReadIsTriedAgain(t *testing.T) {
	a := awstest.New(t)
	arn := a.SetSecret("db", `{"username":"u","password":"p"}`)
	calls := 0
	a.SetFault(func(awstest.Call) awstest.Fault {
		if calls++; calls < 3 {
			return awstest.Fault{Status: http.StatusBadRequest, Code: "ThrottlingException"}
		}
		return awstest.Fault{}
	})
	if _, err := aws.NewSecrets(a.Config()).Login(t.Context(), arn, false); err != nil {
		t.Error(err)
	}
}

func TestASecretPrintsWithoutItsValue(t *testing.T) {
	a := awstest.New(t)
	arn := a.SetSecret("page", `{"admin_password":"hunter2"}`)
	s, err := aws.NewSecrets(a.Config()).Get(t.Context(), arn, false)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "secret", s)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s %s %s", s, s, s, s, text, log.String()); strings.Contains(printed, "hunter2") || !strings.Contains(printed, arn) {
		t.Errorf("printed %s", printed)
	}
	if text, err := s.Text("admin_password"); err != nil || text != "hunter2" {
		t.Errorf("%q, %v", text, err)
	}
}
