package importer

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// progress shows how much of the files was read, to a person only.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress makes a bar for so many bytes, or one without an end for -1.
func newProgress(to io.Writer, size int64) *progress {
	if !term.IsTerminal(to) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(to),
		progressbar.OptionSetDescription("importing"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(size > 0),
	)}
}

// count is the reader with its bytes counted.
func (p *progress) count(in io.Reader) io.Reader {
	if p.bar == nil {
		return in
	}
	return io.TeeReader(in, p.bar)
}

func (p *progress) finish() {
	if p.bar != nil {
		// A bar that cannot be drawn is no reason to fail.
		_ = p.bar.Finish()
	}
}
