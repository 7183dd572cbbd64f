package deletion

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// An object that breaks off names the user wherever what is left of it, by a reader
// that takes all there is, names them: in the beginning of a line, too.
func TestWhatIsLeftOfABrokenObjectIsLookedInto(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for i := range 9 {
		user := fmt.Sprintf("user-%d", i)
		if i%3 == 1 {
			user = "ada"
		}
		fmt.Fprintf(z, `{"user_id":%q,"time":"2026-03-04T09:00:00.%06dZ","received_at":"2026-03-04T09:00:01.000000Z","set":{"a%d":%d}}`+"\n", user, i*7919, i, i*i)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	m := newMatcher([]warehouse.DeletionDocument{{ID: "1", Deletion: warehouse.Deletion{UserID: "ada", RequestedAt: now}}})
	found := 0
	for cut := range packed.Len() {
		broken := packed.Bytes()[:cut]
		left := 0
		if unpacked, err := gzip.NewReader(bytes.NewReader(broken)); err == nil {
			text, _ := io.ReadAll(unpacked) // it breaks off
			for line := range bytes.Lines(text) {
				if bytes.Contains(line, []byte(`"ada"`)) {
					left++
				}
			}
		}
		c, err := m.look(warehouse.Updates, bytes.NewReader(broken))
		if err != nil || c.unreadable == nil || c.goes() != int64(left) {
			t.Fatalf("of %d bytes: %d lines go, want %d; %v, %v", cut, c.goes(), left, c.unreadable, err)
		}
		found = max(found, left)
	}
	if found != 3 {
		t.Errorf("at most %d lines were left", found)
	}
}
