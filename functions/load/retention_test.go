package load_test

import (
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

func TestADayExpiresWhole(t *testing.T) {
	r := load.Retention{Days: 30}
	for key, last := range map[string]string{
		"events/2026/01/01/00/a.gz": "2026-01-31T23:59:59Z",
		"events/2026/01/01/23/a.gz": "2026-01-31T23:59:59Z",
		"events/2026/02/28/05/a.gz": "2026-03-30T23:59:59Z",
	} {
		o := warehouse.Object{Bucket: "b", Key: key, Kind: warehouse.Events}
		at, err := time.Parse(time.RFC3339, last)
		if err != nil {
			t.Fatal(err)
		}
		if r.Expired(o, at) || !r.Expired(o, at.Add(time.Second)) {
			t.Errorf("%s does not expire right after %s", key, last)
		}
		if (load.Retention{}).Expired(o, at.AddDate(100, 0, 0)) {
			t.Errorf("%s expires for ever", key)
		}
	}
	for _, key := range []string{"events/", "events/x", "events/2026/13/01/05/a.gz", "events/year/a/nd/day"} {
		if o := (warehouse.Object{Key: key, Kind: warehouse.Events}); r.Expired(o, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s has no day and expires", key)
		}
	}
}
