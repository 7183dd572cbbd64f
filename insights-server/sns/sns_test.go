package sns

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/dataloaf/dataloaf/insights-server/alert"
)

const topic = "arn:aws:sns:eu-central-1:123456789012:loaf-alarms"

// server stands in for SNS: one answer for every call, which is kept.
func server(t *testing.T, status int, answer string) (s *Sender, calls *[]url.Values) {
	t.Helper()
	calls = &[]url.Values{}
	stand := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		*calls = append(*calls, form)
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(stand.Close)
	return New(sdk.Config{
		Region: "eu-central-1", BaseEndpoint: sdk.String(stand.URL), Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	}), calls
}

const published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`

func refusal(fault, code string) string {
	return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>` + fault + `</Type><Code>` + code + `</Code><Message>user arn:aws:iam::1:role/secret may not</Message></Error></ErrorResponse>`
}

var notice = alert.Notification{
	ID: "n1", Event: alert.FiringEvent, At: time.Unix(0, 0), AlertID: "a1", Name: "Zu wenige Käufe\n" + strings.Repeat("x", 100), Description: "Call Jo.",
	Result: alert.Result{Status: alert.Firing, Reason: "None."},
}

func TestSend(t *testing.T) {
	s, calls := server(t, http.StatusOK, published)
	if err := s.Send(t.Context(), alert.Destination{Kind: alert.SNS, TopicARN: topic}, "", notice); err != nil || len(*calls) != 1 {
		t.Fatalf("%v, %v", err, *calls)
	}
	got := (*calls)[0]
	subject := got.Get("Subject")
	if got.Get("Action") != "Publish" || got.Get("TopicArn") != topic || got.Get("MessageStructure") != "json" ||
		!strings.HasPrefix(subject, "Alert: Zu wenige K?ufe x") || len(subject) != maxSubject {
		t.Errorf("%v", got)
	}
	var message map[string]string
	if err := json.Unmarshal([]byte(got.Get("Message")), &message); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(message["default"], "Call Jo.") || !strings.Contains(message["sqs"], `"type":"alert.firing"`) {
		t.Errorf("%v", message)
	}
	attributes := map[string]string{}
	for name, values := range got {
		if strings.HasSuffix(name, ".Name") {
			attributes[values[0]] = got.Get(strings.TrimSuffix(name, "Name") + "Value.StringValue")
		}
	}
	if attributes["event"] != "alert.firing" || attributes["alert_id"] != "a1" || attributes["notification_id"] != "n1" {
		t.Errorf("%v", attributes)
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		status      int
		fault, code string
		temporary   bool
	}{
		{403, "Sender", "AuthorizationError", false},
		{404, "Sender", "NotFound", false},
		{400, "Sender", "InvalidParameter", false},
		{400, "Sender", "Throttled", true},
		{500, "Receiver", "InternalError", true},
	} {
		s, calls := server(t, test.status, refusal(test.fault, test.code))
		err := s.Send(t.Context(), alert.Destination{Kind: alert.SNS, TopicARN: topic}, "", notice)
		var e *alert.SendError
		if !errors.As(err, &e) || e.Temporary != test.temporary || !strings.Contains(e.Reason, test.code) || strings.Contains(e.Reason, "secret") || len(*calls) != 1 {
			t.Errorf("%s: %#v, %d calls", test.code, err, len(*calls))
		}
	}
	s := New(sdk.Config{Region: "eu-central-1", BaseEndpoint: sdk.String("http://127.0.0.1:1"), Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
	var e *alert.SendError
	if err := s.Send(t.Context(), alert.Destination{Kind: alert.SNS, TopicARN: topic}, "", notice); !errors.As(err, &e) || !e.Temporary {
		t.Errorf("nobody there: %v", err)
	}
}
