package awstest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// The limits of PutRecordBatch
// (https://docs.aws.amazon.com/firehose/latest/dev/limits.html).
const (
	maxRecords     = 500
	maxBatchBytes  = 4 << 20
	maxRecordBytes = 1000 << 10
)

type stream struct {
	bucket, prefix string
	// stored are the records ever taken; delivered is how many of them went
	// into an object.
	stored    [][]byte
	delivered int
}

// MakeStream makes a stream that delivers into a bucket under a prefix such as
// "events/".
func (a *AWS) MakeStream(name, bucket, prefix string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.streams[name] = &stream{bucket: bucket, prefix: prefix}
}

// Records are the records that a stream has taken.
func (a *AWS) Records(name string) [][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.streams[name].stored)
}

// Deliver does at once what Firehose does when its buffer is full or old: it
// writes the records into one gzip object. It gives the object's key, "" when
// there was nothing to deliver.
func (a *AWS) Deliver(tb testing.TB, name string) string {
	tb.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.streams[name]
	if s == nil {
		tb.Fatalf("there is no stream %q", name)
	}
	if s.delivered == len(s.stored) {
		return ""
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, record := range s.stored[s.delivered:] {
		_, _ = z.Write(record) // a Buffer takes everything
	}
	_ = z.Close()
	s.delivered = len(s.stored)
	now := a.now()
	// https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
	key := fmt.Sprintf("%s%s%s-1-%s-%08d-0000-4000-8000-000000000000.gz", s.prefix, now.Format("2006/01/02/15/"), name, now.Format("2006-01-02-15-04-05"), a.next())
	a.put(s.bucket, key, object{body: packed.Bytes(), header: http.Header{"Content-Type": {"application/octet-stream"}}})
	return key
}

func (a *AWS) firehose(operation string) func([]byte, Fault) (any, error) {
	if operation != "PutRecordBatch" {
		return nil
	}
	return func(body []byte, fault Fault) (any, error) {
		var in struct {
			DeliveryStreamName string
			Records            []struct{ Data []byte }
		}
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fail(http.StatusBadRequest, "SerializationException", "%v", err)
		}
		s := a.streams[in.DeliveryStreamName]
		if s == nil {
			return nil, fail(http.StatusBadRequest, "ResourceNotFoundException", "Firehose %s under account 000000000000 not found.", in.DeliveryStreamName)
		}
		size := 0
		for _, r := range in.Records {
			size += len(r.Data)
			if len(r.Data) == 0 || len(r.Data) > maxRecordBytes {
				return nil, fail(http.StatusBadRequest, "InvalidArgumentException", "a record of %d bytes", len(r.Data))
			}
		}
		if len(in.Records) == 0 || len(in.Records) > maxRecords || size > maxBatchBytes {
			return nil, fail(http.StatusBadRequest, "InvalidArgumentException", "%d records of %d bytes", len(in.Records), size)
		}
		type response struct {
			RecordID     string `json:"RecordId,omitempty"`
			ErrorCode    string `json:",omitempty"`
			ErrorMessage string `json:",omitempty"`
		}
		out := struct {
			Encrypted        bool
			FailedPutCount   int
			RequestResponses []response
		}{Encrypted: true}
		for i, r := range in.Records {
			if fault.Refuse != nil {
				if code := fault.Refuse(i); code != "" {
					out.FailedPutCount++
					out.RequestResponses = append(out.RequestResponses, response{ErrorCode: code, ErrorMessage: "Slow down."})
					continue
				}
			}
			s.stored = append(s.stored, r.Data)
			out.RequestResponses = append(out.RequestResponses, response{RecordID: fmt.Sprintf("record-%d", a.next())})
		}
		return out, nil
	}
}
