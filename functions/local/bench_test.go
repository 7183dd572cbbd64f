package local_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/collect"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// countingNotifier counts the objects that a benchmark makes.
type countingNotifier struct{ objects int }

func (c *countingNotifier) Notify(warehouse.Object) { c.objects++ }

// BenchmarkCollect measures the path from an HTTP call to a durable object:
// edge, handler and delivery, on a real disk, under as many callers as an SDK
// keeps in flight.
func BenchmarkCollect(b *testing.B) {
	const items = 100
	body := []byte(batch(0, items))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(body); err != nil {
		b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	for name, sent := range map[string][]byte{"plain": body, "gzip": packed.Bytes()} {
		for _, callers := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				store, err := local.NewStore(filepath.Join(b.TempDir(), "raw"))
				if err != nil {
					b.Fatal(err)
				}
				made := &countingNotifier{}
				delivery := local.NewDelivery(local.DeliveryConfig{Store: store, Kind: warehouse.Events, Notifier: made, Now: time.Now, NewID: newID})
				logger := slog.New(slog.DiscardHandler)
				handler := local.NewHTTP(local.HTTPConfig{
					Keys:     local.NewKeyring(key),
					Collect:  collect.New(collect.Config{Events: delivery, Users: delivery, Now: time.Now, NewID: newID, Logger: logger}),
					InFlight: 64, Patience: time.Minute, Logger: logger,
				})
				b.SetParallelism(callers)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						r := httptest.NewRequest(http.MethodPost, "/v1/events", bytes.NewReader(sent))
						r.Header.Set("x-api-key", key)
						w := httptest.NewRecorder()
						handler.ServeHTTP(w, r)
						if w.Code != http.StatusAccepted {
							b.Errorf("%d %s", w.Code, w.Body)
						}
					}
				})
				b.StopTimer()
				delivery.Close()
				b.ReportMetric(float64(items)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
				b.ReportMetric(float64(made.objects)/b.Elapsed().Seconds(), "objects/s")
			})
		}
	}
}
