// Bootstrap is a Lambda function with nothing but the standard library, to measure
// those of DataLoaf beside: it takes the calls of the collection API's gateway,
// decodes the events with encoding/json, and says that it has them.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		if err := one(api); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func one(api string) error {
	response, err := http.Get(api + "next")
	if err != nil {
		return err
	}
	event, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	n, err := count(event)
	if err != nil {
		return err
	}
	answer, err := json.Marshal(map[string]any{"statusCode": http.StatusAccepted, "body": fmt.Sprintf(`{"accepted":%d,"rejected":[]}`, n)})
	if err != nil {
		return err
	}
	taken, err := http.Post(api+response.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", bytes.NewReader(answer))
	if err != nil {
		return err
	}
	return taken.Body.Close()
}

// count decodes a call and tells how many events are in it.
func count(event []byte) (int, error) {
	var call struct{ Body string }
	if err := json.Unmarshal(event, &call); err != nil {
		return 0, err
	}
	packed, err := base64.StdEncoding.DecodeString(call.Body)
	if err != nil {
		return 0, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return 0, err
	}
	var batch struct {
		Events []struct {
			EventID    string         `json:"event_id"`
			Event      string         `json:"event"`
			UserID     string         `json:"user_id"`
			Timestamp  time.Time      `json:"timestamp"`
			Properties map[string]any `json:"properties"`
		}
	}
	err = json.Unmarshal(body, &batch)
	return len(batch.Events), err
}
