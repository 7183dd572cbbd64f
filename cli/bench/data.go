package main

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"time"
)

// The data: 20 events and 500,000 users, both by Zipf's law, over 365 days, with 8
// properties and 3 attributes.
const (
	users = 500_000
	days  = 365
	// eventsPerObject is what a busy minute of collection puts into a raw object.
	eventsPerObject = 20_000
	usersPerObject  = 50_000
)

var (
	firstDay = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

	eventNames = []string{"page_view", "click", "search", "view_item", "session_start", "scroll", "add_to_cart", "open_app", "purchase", "signup",
		"share", "comment", "upload", "download", "invite", "refund", "export", "subscribe", "cancel", "delete_account"}
	countries = []string{"US", "DE", "IN", "GB", "BR", "FR", "JP", "CA", "ES", "IT", "NL", "PL", "MX", "AU", "SE", "TR", "KR", "ID", "AR", "CH"}
	devices   = []string{"desktop", "phone", "tablet", "tv"}
	browsers  = []string{"Chrome", "Safari", "Firefox", "Edge", "Opera"}
	tiers     = []string{"free", "starter", "team", "business", "enterprise"}
	sources   = []string{"search", "ad", "friend", "blog", "event", "partner"}
)

// zipf draws a rank from 0 to n-1, rank r as often as 1/(r+1).
type zipf []float64

func newZipf(n int) zipf {
	sums := make(zipf, n)
	sum := 0.0
	for r := range n {
		sum += 1 / float64(r+1)
		sums[r] = sum
	}
	return sums
}

func (z zipf) draw(r *rand.Rand) int {
	return sort.SearchFloat64s(z, r.Float64()*z[len(z)-1])
}

// generate writes the raw objects as the collection API leaves them: gzip NDJSON,
// in the order of arrival. raw is the folder that holds the stores' buckets. What a
// run before has finished is left as it is; size is what the objects take.
func generate(raw string, events int, seed uint64) (size int64, err error) {
	done := filepath.Join(filepath.Dir(raw), fmt.Sprintf("data-%d-%d", events, seed))
	if _, err := os.Stat(done); err == nil {
		return sizeOf(raw)
	}
	if err := os.RemoveAll(raw); err != nil {
		return 0, err
	}
	if err := writeUsers(raw, seed); err != nil {
		return 0, err
	}
	if err := writeEvents(raw, events, seed); err != nil {
		return 0, err
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return 0, err
	}
	return sizeOf(raw)
}

func writeUsers(raw string, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 1))
	var line []byte
	for first := 0; first < users; first += usersPerObject {
		err := writeObject(raw, "users", firstDay, first/usersPerObject, func(w io.Writer) error {
			for i := first; i < first+usersPerObject; i++ {
				line = fmt.Appendf(line[:0], `{"user_id":"user-%d","created_at":"2025-01-01T00:00:00Z","attributes":{"tier":"%s","source":"%s","seats":%d},"received_at":"2025-01-01T00:00:00Z"}`+"\n",
					i, tiers[r.IntN(len(tiers))], sources[r.IntN(len(sources))], 1+r.IntN(50))
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeEvents(raw string, events int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	names, people := newZipf(len(eventNames)), newZipf(users)
	// Rank and number are not to be the same thing: ids come in no order.
	shuffled := rand.New(rand.NewPCG(seed, 3)).Perm(users)
	step := float64(days*24*time.Hour) / float64(events)
	var line []byte
	for first := 0; first < events; first += eventsPerObject {
		last := min(first+eventsPerObject, events)
		arrival := firstDay.Add(time.Duration(float64(last-1) * step))
		err := writeObject(raw, "events", arrival, first/eventsPerObject, func(w io.Writer) error {
			for i := first; i < last; i++ {
				at := firstDay.Add(time.Duration((float64(i) + r.Float64()) * step)).Truncate(time.Microsecond)
				line = appendEvent(line[:0], r, at, eventNames[names.draw(r)], shuffled[people.draw(r)])
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func appendEvent(b []byte, r *rand.Rand, at time.Time, name string, user int) []byte {
	b = append(b, `{"event_id":"`...)
	b = appendUUID(b, r, at)
	b = append(b, `","event":"`...)
	b = append(b, name...)
	b = append(b, `","user_id":"user-`...)
	b = strconv.AppendInt(b, int64(user), 10)
	b = append(b, `","timestamp":"`...)
	b = at.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","properties":{"amount":`...)
	b = strconv.AppendFloat(b, math.Round(r.ExpFloat64()*8000)/100, 'f', -1, 64)
	b = append(b, `,"country":"`...)
	b = append(b, countries[min(int(r.ExpFloat64()*4), len(countries)-1)]...)
	b = append(b, `","device":"`...)
	b = append(b, devices[r.IntN(len(devices))]...)
	b = append(b, `","browser":"`...)
	b = append(b, browsers[r.IntN(len(browsers))]...)
	b = append(b, `","path":"/p/`...)
	b = strconv.AppendInt(b, int64(r.IntN(2000)), 10)
	b = append(b, `","items":`...)
	b = strconv.AppendInt(b, int64(1+r.IntN(9)), 10)
	b = append(b, `,"experiment":`...)
	b = strconv.AppendBool(b, r.IntN(2) == 0)
	b = append(b, `,"version":"1.`...)
	b = strconv.AppendInt(b, int64(r.IntN(40)), 10)
	b = append(b, `"},"received_at":"`...)
	b = at.AppendFormat(b, time.RFC3339Nano)
	return append(b, "\"}\n"...)
}

// appendUUID makes a UUID of version 7 (RFC 9562, section 5.7).
func appendUUID(b []byte, r *rand.Rand, at time.Time) []byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16|uint64(r.Uint32N(1<<12))|7<<12)
	binary.BigEndian.PutUint64(id[8:], r.Uint64()>>2|1<<63)
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	for _, i := range []int{8, 13, 18, 23} {
		text[i] = '-'
	}
	return append(b, text[:]...)
}

// writeObject writes an object of a kind, named as collection names it.
func writeObject(raw, kind string, at time.Time, n int, write func(io.Writer) error) (err error) {
	folder := filepath.Join(raw, kind, kind, at.Format("2006/01/02/15"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-00000000-0000-7000-8000-%012d.ndjson.gz", at.Format("20060102T150405.000000Z"), n)
	f, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(z, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	return errors.Join(w.Flush(), z.Close())
}

// sizeOf is the bytes of all files in a folder.
func sizeOf(folder string) (total int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}
