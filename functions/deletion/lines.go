package deletion

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// matcher tells whose lines go.
type matcher struct {
	// ids are the users', as they stand in most lines.
	ids   [][]byte
	users map[string]*target
	// n is the number of the deletions.
	n int
}

// target is a user whose lines go.
type target struct {
	id string
	// deletion is the index of the one that asked for what was accepted latest.
	deletion int
	until    time.Time
	// broken finds the user in a line that is no JSON.
	broken *regexp.Regexp
}

func newMatcher(deletions []warehouse.DeletionDocument) *matcher {
	m := &matcher{users: map[string]*target{}, n: len(deletions)}
	for i, d := range deletions {
		before := m.users[d.UserID]
		switch {
		case d.UserID == "":
		case before == nil:
			m.ids = append(m.ids, []byte(d.UserID))
			m.users[d.UserID] = &target{id: d.UserID, deletion: i, until: d.RequestedAt, broken: regexp.MustCompile(`"user_id"\s*:\s*"` + regexp.QuoteMeta(d.UserID) + `"`)}
		case d.RequestedAt.After(before.until):
			before.deletion, before.until = i, d.RequestedAt
		}
	}
	return m
}

// verdict is what becomes of a line.
type verdict struct {
	// target is whose line it is, nil for somebody else's.
	target *target
	// goes is true when the line was accepted before the deletion was asked for.
	goes bool
	// event is of a line that stays.
	event warehouse.EventIdentity
	at    time.Time
}

// judge looks at a line. Most are somebody else's, which takes no parsing to
// tell: an id stands in a line as it is, or is written with a backslash.
func (m *matcher) judge(kind warehouse.Kind, line []byte) verdict {
	candidate := bytes.IndexByte(line, '\\') >= 0
	for _, id := range m.ids {
		if candidate {
			break
		}
		candidate = bytes.Contains(line, id)
	}
	if !candidate {
		return verdict{}
	}
	id, event, arrival, err := parse(kind, line)
	if err != nil {
		return m.broken(line)
	}
	t := m.users[id]
	if t == nil {
		return verdict{}
	}
	if arrival.After(t.until) {
		return verdict{target: t, event: warehouse.EventIdentity{ID: strings.ToLower(event.EventID), Micros: event.Timestamp.UnixMicro()}, at: event.Timestamp}
	}
	return verdict{target: t, goes: true}
}

// broken looks at a line that is no record. It can never be loaded, so that its
// time does not matter.
func (m *matcher) broken(line []byte) verdict {
	var loose struct {
		UserID *string `json:"user_id"`
	}
	if json.Unmarshal(line, &loose) == nil {
		if loose.UserID == nil || m.users[*loose.UserID] == nil {
			return verdict{}
		}
		return verdict{target: m.users[*loose.UserID], goes: true}
	}
	for _, t := range m.users {
		if t.broken.Match(line) {
			return verdict{target: t, goes: true}
		}
	}
	return verdict{}
}

func parse(kind warehouse.Kind, line []byte) (id string, event wire.Event, arrival time.Time, err error) {
	switch kind {
	case warehouse.Events:
		if event, arrival, err = wire.ParseEventRecord(line); err == nil && event.UserID != nil {
			id = *event.UserID
		}
	case warehouse.Updates:
		var u wire.UserUpdate
		u, arrival, err = wire.ParseUpdateRecord(line)
		id = u.UserID
	default:
		var u wire.NewUser
		u, arrival, err = wire.ParseUserRecord(line)
		id = u.UserID
	}
	return id, event, arrival, err
}

// content is what an object holds.
type content struct {
	lines int64
	// removed is, by deletion, how many of the lines go.
	removed []int64
	// later are lines of these users that stay, by their number.
	later map[int64]verdict
	// unreadable is what is wrong with the object.
	unreadable error
}

func (c content) goes() (n int64) {
	for _, r := range c.removed {
		n += r
	}
	return n
}

// maxLine bounds a line: a load takes none that is longer than a sixteenth of it.
const maxLine = 16 << 20

// lines calls f with every line of a gzip NDJSON object that is not empty, with
// its end. bad is what is wrong with the object, err is of the store or of f. Of an
// object that breaks off f has all that can be read: somebody else could read it,
// too. Hence the standard library's gzip: klauspost/compress, which is faster, keeps
// the last of such an object back.
func lines(body io.Reader, f func(line []byte) error) (bad, err error) {
	store := &watched{r: body}
	fault := func(err error) (bad, failed error) {
		if store.err != nil {
			return nil, fmt.Errorf("read it: %w", store.err)
		}
		return err, nil
	}
	unpacked, err := gzip.NewReader(store)
	if err != nil {
		return fault(fmt.Errorf("not gzip: %w", err))
	}
	reader := bufio.NewReaderSize(unpacked, 64<<10)
	var long []byte
	for {
		piece, err := reader.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, piece...); len(long) > maxLine {
				return fmt.Errorf("a line has more than %d bytes", maxLine), nil
			}
			continue
		}
		line := piece
		if len(long) > 0 {
			line = append(long, piece...)
			long = long[:0]
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			if err := f(line); err != nil {
				return nil, err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return fault(err)
		}
	}
}

// watched remembers an error of the store underneath, to tell a store that is
// away from an object that is broken.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// look reads an object to its end.
func (m *matcher) look(kind warehouse.Kind, body io.Reader) (content, error) {
	c := content{removed: make([]int64, m.n)}
	bad, err := lines(body, func(line []byte) error {
		c.lines++
		switch v := m.judge(kind, bytes.TrimRight(line, "\r\n")); {
		case v.goes:
			c.removed[v.target.deletion]++
		case v.target != nil && kind == warehouse.Events:
			if c.later == nil {
				c.later = map[int64]verdict{}
			}
			c.later[c.lines] = v
		}
		return nil
	})
	c.unreadable = bad
	return c, err
}

// rewrite packs an object without the lines that go, those of the numbers among
// them. The others stay as they are, byte for byte.
func (m *matcher) rewrite(kind warehouse.Kind, body io.Reader, too map[int64]bool) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	var n int64
	bad, err := lines(body, func(line []byte) error {
		n++
		if too[n] || m.judge(kind, bytes.TrimRight(line, "\r\n")).goes {
			return nil
		}
		_, err := z.Write(line)
		return err
	})
	if err = errors.Join(bad, err); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
