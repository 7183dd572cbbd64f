package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxLine is the longest line that is read: as much as the API takes in one
// body.
const maxLine = 4 << 20

// errLineTooLong says that a line was passed over.
var errLineTooLong = fmt.Errorf("the line is longer than %d bytes", maxLine)

// lines reads the lines of a file, unpacking it when it is gzip.
type lines struct {
	in *bufio.Reader
	// number is that of the line that next gave last, from 1.
	number int
	buffer []byte
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// newLines recognises gzip by its first bytes: names lie, and standard input
// has none.
func newLines(in io.Reader) (*lines, error) {
	buffered := bufio.NewReaderSize(in, 256<<10)
	head, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		buffered = bufio.NewReaderSize(z, 256<<10)
	}
	if mark, err := buffered.Peek(len(byteOrderMark)); err == nil && bytes.Equal(mark, byteOrderMark) {
		// What was peeked is there to be discarded.
		_, _ = buffered.Discard(len(byteOrderMark))
	}
	return &lines{in: buffered}, nil
}

// next gives the next line that is not blank, without its end, valid until the
// next call. After errLineTooLong the following line can be read; any other
// error is the end.
func (l *lines) next() ([]byte, error) {
	for {
		l.buffer = l.buffer[:0]
		tooLong := false
		for {
			part, err := l.in.ReadSlice('\n')
			// A line of the greatest length may end in "\r\n".
			if tooLong = tooLong || len(l.buffer)+len(part) > maxLine+2; !tooLong {
				l.buffer = append(l.buffer, part...)
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if errors.Is(err, io.EOF) && (tooLong || len(l.buffer) > 0) {
				break // the last line has no end
			}
			if err != nil {
				return nil, err
			}
			break
		}
		l.number++
		line := bytes.TrimSuffix(bytes.TrimSuffix(l.buffer, []byte("\n")), []byte("\r"))
		switch {
		case tooLong || len(line) > maxLine:
			return nil, errLineTooLong
		case len(bytes.TrimSpace(line)) > 0:
			return line, nil
		}
	}
}
