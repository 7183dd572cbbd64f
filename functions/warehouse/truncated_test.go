package warehouse_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// An object that lost its end, wherever that is, is not loaded as if it were
// whole: what is missing would never be loaded any more.
func TestAnObjectThatLostItsEnd(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		var lines []string
		for n := range 20 {
			lines = append(lines, eventLine(n, noon, "x", "u", fmt.Sprintf(`{"n":%d}`, n*n*7919)))
		}
		o := raw.put(t, warehouse.Events, "cut", lines...)
		whole, err := os.ReadFile(raw.path(o))
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(whole) {
			o := raw.putRaw(t, warehouse.Events, fmt.Sprintf("cut-%d", n), whole[:n])
			report, err := w.Load(t.Context(), []warehouse.Object{o})
			var data *warehouse.DataError
			if !errors.As(err, &data) || data.Object == nil || *data.Object != o {
				t.Fatalf("%d of %d bytes are loaded: %+v, %v", n, len(whole), report, err)
			}
		}
	})
}
