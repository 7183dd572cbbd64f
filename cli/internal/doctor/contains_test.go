package doctor

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func TestAnEventIsFoundWhereverItStands(t *testing.T) {
	const id = "01957a3c-0000-7000-8000-000000000001"
	pack := func(text string) *bytes.Buffer {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write([]byte(text)) // a Buffer takes everything
		_ = z.Close()
		return &out
	}
	for _, before := range []int{0, 1, window - 20, window, window + len(id) - 1, 3*window - 7} {
		for _, after := range []int{0, 5, window} {
			text := strings.Repeat("x", before) + id + strings.Repeat("y", after)
			if found, err := contains(pack(text), id); err != nil || !found {
				t.Errorf("%d before, %d after: %v, %v", before, after, found, err)
			}
			if found, err := contains(pack(strings.Replace(text, id, id[1:], 1)), id); err != nil || found {
				t.Errorf("%d before, %d after, and it is not there: %v, %v", before, after, found, err)
			}
		}
	}
	if _, err := contains(strings.NewReader("not gzip"), id); err == nil {
		t.Error("no gzip")
	}
}
