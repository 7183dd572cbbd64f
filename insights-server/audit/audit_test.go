package audit_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/audit"
	"github.com/dataloaf/dataloaf/insights-server/document"
)

// documents are bodies.
type documents []string

func (d documents) List(_ context.Context, kind document.Kind) ([]document.Document, error) {
	var out []document.Document
	for _, body := range d {
		out = append(out, document.Document{Kind: kind, Body: json.RawMessage(body)})
	}
	return out, nil
}

func TestRecordsComeNewestFirst(t *testing.T) {
	const rest = `,"from":"2026-03-04T05:00:00Z","to":"2026-03-04T07:00:00Z","deep":true,"proven":true,"totals":[{"kind":"events","objects":1,"accepted":2,"loaded":2,"duplicates":0,"quarantined":0,"waiting":0,"quarantined_objects":0,"waiting_objects":0,"checked":2}],"loads":1,"load_rows":2,"mismatches":[],"mismatches_total":0,"notes":[],"notes_total":0,"stopped":false}`
	records, err := audit.New(documents{`{"at":"2026-03-04T08:00:00Z"` + rest, `{"at":"2026-03-04T09:00:00Z"` + rest}).List(t.Context())
	if err != nil || len(records) != 2 {
		t.Fatalf("%+v, %v", records, err)
	}
	if !records[0].At.Equal(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)) || records[0].Totals[0].Loaded != 2 || !records[0].Proven || records[0].Next != nil {
		t.Errorf("%+v", records[0])
	}
	if _, err := audit.New(documents{`{"at":"now"}`}).List(t.Context()); err == nil {
		t.Error("a broken record is read")
	}
}
