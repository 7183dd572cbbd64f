package wire

import (
	"testing"
	"time"
)

func TestAppendTimeWritesTheFormat(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, -1), time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(2024, 2, 29, 1, 2, 3, 4000, zone),
		time.Date(987, 6, 5, 4, 3, 2, 123_456_000, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, want := string(AppendTime(nil, at)), `"`+at.UTC().Format(TimeFormat)+`"`; got != want {
			t.Errorf("%v: got %s, want %s", at, got, want)
		}
	}
}
