package dataloaf_test

import (
	"net/http"
	"testing"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
)

// hang is a transport that never answers.
type hang struct{}

func (hang) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// BenchmarkTrack is what a call costs its caller; nothing is sent meanwhile.
func BenchmarkTrack(b *testing.B) {
	properties := map[string]any{"path": "/bread/rye", "plan": "pro", "seconds": 12.5, "first": true}
	b.ReportAllocs()
	b.StopTimer()
	for n := 0; n < b.N; n += lap {
		c := idle(b) // a new queue now and then, so that memory stays small
		b.StartTimer()
		for range min(lap, b.N-n) {
			if err := c.Track(dataloaf.Event{Event: "page_viewed", UserID: "user-12345", Properties: properties}); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
	}
}

const lap = 50_000
