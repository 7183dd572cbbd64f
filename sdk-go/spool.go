package dataloaf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The defaults of a Spool.
const (
	// DefaultSpoolMaxBytes is about a million messages, and half of what a Lambda
	// function has under /tmp.
	DefaultSpoolMaxBytes = 256 << 20
	// DefaultSpoolSyncInterval is how much of its last messages a machine that
	// loses power may lose. An fsync takes milliseconds; one a second costs
	// nothing that can be measured.
	DefaultSpoolSyncInterval = time.Second
	// MinSpoolMaxBytes lets the largest message and its neighbours fit.
	MinSpoolMaxBytes = 1 << 20
)

// ErrSpool says that the spool's disk failed; the message was not taken.
var ErrSpool = errors.New("dataloaf: the spool cannot be written")

// ErrNotSynced says that an fsync failed with SyncAlways: the message was taken
// and will be sent, but may not survive a loss of power.
var ErrNotSynced = errors.New("dataloaf: the message is enqueued, but the spool could not be synced to disk")

// ErrSpoolInUse says that another client, most likely of another process, has
// the spool's folder.
var ErrSpoolInUse = errors.New("the folder is in use by another client; give each process a folder of its own")

// Sync is when a spool calls fsync, and so what a loss of power may cost. A
// crash of the process alone costs nothing with any of them.
type Sync int

// When a spool calls fsync.
const (
	// SyncInterval: some time after a message, at most SyncInterval, by itself.
	// A loss of power costs the messages since.
	SyncInterval Sync = iota
	// SyncAlways: before Enqueue returns. A loss of power costs nothing. The call
	// waits for the disk; calls at the same time share one fsync.
	SyncAlways
	// SyncNever: whenever the operating system likes. A loss of power may cost
	// all that was not sent.
	SyncNever
)

// Spool is a queue on disk. What was enqueued survives a crash and an outage of
// any length, within MaxBytes, and is delivered by the next client that opens
// the folder. The messages keep their ids and times, so that one that is sent
// twice counts once, and their order. A folder serves one client at a time.
type Spool struct {
	// Dir is the folder, made when it is absent; empty for no spool.
	Dir string
	// MaxBytes bounds the folder's files. Beyond, Enqueue says ErrQueueFull.
	MaxBytes int64
	// Sync is when fsync is called.
	Sync Sync
	// SyncInterval is how long fsync waits at most under the policy SyncInterval.
	SyncInterval time.Duration

	// disk is the file system; tests have one that loses power.
	disk disk
}

func (s Spool) withDefaults() (Spool, error) {
	if s.Dir == "" {
		if s != (Spool{disk: s.disk}) {
			return s, errors.New("dataloaf: Config.Spool.Dir is empty; set the folder, or leave all of Config.Spool out")
		}
		return s, nil
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = DefaultSpoolMaxBytes
	}
	if s.MaxBytes < MinSpoolMaxBytes {
		return s, fmt.Errorf("dataloaf: Config.Spool.MaxBytes is %d; it must be at least %d, or 0 for %d", s.MaxBytes, MinSpoolMaxBytes, DefaultSpoolMaxBytes)
	}
	if s.Sync < SyncInterval || s.Sync > SyncNever {
		return s, fmt.Errorf("dataloaf: Config.Spool.Sync is %d; use SyncInterval, SyncAlways or SyncNever", s.Sync)
	}
	if s.SyncInterval < 0 {
		return s, fmt.Errorf("dataloaf: Config.Spool.SyncInterval is %v; it must be positive, or 0 for %v", s.SyncInterval, DefaultSpoolSyncInterval)
	}
	if s.SyncInterval == 0 {
		s.SyncInterval = DefaultSpoolSyncInterval
	}
	if s.disk == nil {
		s.disk = osDisk{}
	}
	return s, nil
}

// The folder holds segments, numbered from 1 on:
//
//	00000000000000000001.log    the messages, each a record
//	00000000000000000001.done   which of them are settled, as ranges of the log
//	lock                        held while a client has the folder
//
// Both are only ever appended to. A log begins with segmentMagic. A segment is
// removed once it is full and all its records are settled. Each start appends to
// a new segment, so that a record that a crash cut short is always the last of
// its log.
const (
	segmentMagic = "DLSPOOL1"
	// recordHead is a mark, the lane, the item's length and a checksum over lane,
	// length and item.
	recordHead = 1 + 1 + 4 + 4
	recordMark = 0xDA
	// maxItem is more than any valid item has: 32 KiB of properties, and a name
	// and a user id at their longest.
	maxItem = 128 << 10
	// doneRecord is the range's start and end, and a checksum over both. Each
	// record may need one.
	doneRecord = 4 + 4 + 4
	// maxSegment bounds what one message that is not settled keeps on disk;
	// segmentShare is for small spools.
	maxSegment   = 16 << 20
	segmentShare = 16
	// readBlock is how much is read back at a time. The longest record fits.
	readBlock = 256 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// place is where a message lies in the spool.
type place struct {
	segment *segment
	// from and to are its bytes in the log.
	from, to uint32
}

// segment is one log with its record of what is settled.
type segment struct {
	id        uint64
	log, done file
	// size is the log's length, count the number of its records, left how many
	// of them are not settled yet.
	size        int64
	count, left int
	// read is how many of its records went from disk into memory or were settled
	// before the start.
	read int
	// settled are the ranges that were settled before the start, sorted.
	settled []span
	// synced is how much of the log is known to be on the disk; named says that
	// the folder knows of it there, too.
	synced int64
	named  bool
}

type span struct{ from, to uint32 }

func (s *segment) wasSettled(from uint32) bool {
	_, found := slices.BinarySearchFunc(s.settled, from, func(p span, at uint32) int {
		switch {
		case p.to <= at:
			return -1
		case p.from > at:
			return 1
		}
		return 0
	})
	return found
}

// spool is the queue on disk. Its methods are called with the client's lock
// held, unless they say otherwise.
type spool struct {
	Spool
	logger *slog.Logger
	lock   func() error

	segments []*segment
	nextID   uint64
	// bytes are those of all logs, with room for what settling them will take.
	bytes int64
	// recovered is how many messages an earlier client left.
	recovered int

	// behind: some messages lie on disk alone, from cursor on. New ones then stay
	// there, too, so that the order is kept.
	behind bool
	// cursor is the first byte that is not in memory yet, in its segment.
	cursor struct {
		segment *segment
		at      int64
	}
	// wants is the size of the next message, where it did not fit into memory.
	wants int
	// appended and fetched count the messages: all, and those that have been in
	// memory. epoch is that of the next one to fetch; marks are the flushes that
	// come after it.
	appended, fetched int
	epoch             int
	marks             []epochMark
	// rotates: the next message begins a segment. After a write that failed
	// midway, the end of the last one is no record; and one that an earlier client
	// left may have lost its end, of which something may stand in its list of what
	// is settled.
	rotates bool

	// timer: a sync is to come.
	timer bool
	// syncing is held by the one who calls fsync; it is taken before the
	// client's lock.
	syncing sync.Mutex
}

// epochMark says that the messages from the number on are of the epoch.
type epochMark struct{ number, epoch int }

// openSpool reads what an earlier client left.
func openSpool(config Spool, logger *slog.Logger) (*spool, error) {
	s := &spool{Spool: config, logger: logger, nextID: 1, rotates: true}
	wrap := func(err error) error { return fmt.Errorf("dataloaf: open the spool %s: %w", config.Dir, err) }
	if err := s.disk.MkdirAll(s.Dir); err != nil {
		return nil, wrap(err)
	}
	unlock, err := s.disk.Lock(filepath.Join(s.Dir, "lock"))
	if err != nil {
		return nil, wrap(err)
	}
	s.lock = unlock
	if err := s.load(); err != nil {
		for _, old := range s.segments {
			old.close()
		}
		_ = unlock()
		return nil, wrap(err)
	}
	return s, nil
}

func (s *spool) load() error {
	names, err := s.disk.List(s.Dir)
	if err != nil {
		return err
	}
	var ids []uint64
	orphans := map[uint64]bool{}
	for _, name := range names {
		base, extension, _ := strings.Cut(name, ".")
		id, err := strconv.ParseUint(base, 10, 64)
		if err != nil || len(base) != 20 {
			continue // not ours
		}
		switch extension {
		case "log":
			ids = append(ids, id)
		case "done":
			orphans[id] = true
		}
		s.nextID = max(s.nextID, id+1)
	}
	slices.Sort(ids)
	for _, id := range ids {
		delete(orphans, id)
		if err := s.loadSegment(id); err != nil {
			return err
		}
	}
	for id := range orphans {
		if err := s.disk.Remove(s.path(id, "done")); err != nil {
			return err
		}
	}
	s.appended = s.recovered
	if s.recovered > 0 {
		s.behind = true
		s.cursor.segment, s.cursor.at = s.segments[0], int64(len(segmentMagic))
	}
	return nil
}

func (s *spool) loadSegment(id uint64) error {
	log, err := s.disk.Open(s.path(id, "log"))
	if err != nil {
		return err
	}
	old := &segment{id: id, log: log}
	content, err := readAll(log)
	if err != nil {
		old.close()
		return fmt.Errorf("read segment %d: %w", id, err)
	}
	if len(content) < len(segmentMagic) {
		// A crash came between making the file and its first record.
		old.close()
		return s.removeFiles(id)
	}
	if string(content[:len(segmentMagic)]) != segmentMagic {
		old.close()
		return fmt.Errorf("segment %d was written by another version of the SDK; deliver it with that one, or move the file away", id)
	}
	if old.done, err = s.disk.OpenOrCreate(s.path(id, "done")); err != nil {
		old.close()
		return err
	}
	if err := old.loadDone(); err != nil {
		old.close()
		return fmt.Errorf("read what is settled of segment %d: %w", id, err)
	}
	old.size = int64(len(content))
	skipped := records(content, len(segmentMagic), func(from, to int, _ lane, _ []byte) bool {
		old.count++
		if !old.wasSettled(uint32(from)) {
			old.left++
		}
		return true
	})
	if skipped > 0 {
		s.logger.Warn("dataloaf: the spool holds bytes that are no message: a crash cut one short, or the disk is failing", "folder", s.Dir, "segment", id, "bytes", skipped)
	}
	if old.left == 0 {
		old.close()
		return s.removeFiles(id)
	}
	s.segments = append(s.segments, old)
	s.recovered += old.left
	s.bytes += old.size + int64(old.count)*doneRecord
	return nil
}

func (s *segment) close() {
	for _, f := range []file{s.log, s.done} {
		if f != nil {
			_ = f.Close() // it has been read, or synced
		}
	}
}

// loadDone reads the ranges, and cuts off one that a crash cut short.
func (s *segment) loadDone() error {
	content, err := readAll(s.done)
	if err != nil {
		return err
	}
	good := 0
	for ; good+doneRecord <= len(content); good += doneRecord {
		r := content[good : good+doneRecord]
		if crc32.Checksum(r[:8], castagnoli) != binary.LittleEndian.Uint32(r[8:]) {
			break
		}
		s.settled = append(s.settled, span{binary.LittleEndian.Uint32(r), binary.LittleEndian.Uint32(r[4:])})
	}
	slices.SortFunc(s.settled, func(a, b span) int { return int(int64(a.from) - int64(b.from)) })
	if good == len(content) {
		return nil
	}
	return s.done.Truncate(int64(good))
}

// records calls f with each record of a log, until it reports false. Bytes that
// are no record are passed over, up to the next one; it gives their number.
func records(content []byte, at int, f func(from, to int, l lane, item []byte) bool) (skipped int) {
	for at < len(content) {
		l, item, ok := parseRecord(content[at:])
		if !ok {
			skipped++
			at++
			continue
		}
		to := at + recordHead + len(item)
		if !f(at, to, l, item) {
			return skipped
		}
		at = to
	}
	return skipped
}

func parseRecord(b []byte) (lane, []byte, bool) {
	if len(b) < recordHead || b[0] != recordMark || lane(b[1]) >= lanes {
		return 0, nil, false
	}
	n := int64(binary.LittleEndian.Uint32(b[2:]))
	if n > maxItem || recordHead+n > int64(len(b)) {
		return 0, nil, false
	}
	item := b[recordHead : recordHead+n]
	if recordSum(b[1:6], item) != binary.LittleEndian.Uint32(b[6:]) {
		return 0, nil, false
	}
	return lane(b[1]), item, true
}

func recordSum(head, item []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, item)
}

// seal writes the record's head, for which there is room before the item.
func seal(record []byte, l lane) {
	record[0], record[1] = recordMark, byte(l)
	binary.LittleEndian.PutUint32(record[2:], uint32(len(record)-recordHead))
	binary.LittleEndian.PutUint32(record[6:], recordSum(record[1:6], record[recordHead:]))
}

func (s *spool) path(id uint64, extension string) string {
	return filepath.Join(s.Dir, fmt.Sprintf("%020d.%s", id, extension))
}

func (s *spool) hasRoom(item int) bool {
	return s.bytes+int64(len(segmentMagic)+recordHead+item+doneRecord) <= s.MaxBytes
}

func (s *spool) active() *segment {
	if len(s.segments) == 0 {
		return nil
	}
	return s.segments[len(s.segments)-1]
}

// append writes a record, whose head is not filled in yet.
func (s *spool) append(l lane, record []byte) (place, error) {
	seal(record, l)
	to := s.active()
	if to == nil || s.rotates || (to.count > 0 && to.size+int64(len(record)) > min(maxSegment, s.MaxBytes/segmentShare)) {
		var err error
		if to, err = s.rotate(); err != nil {
			return place{}, fmt.Errorf("%w: %w", ErrSpool, err)
		}
	}
	n, err := to.log.Write(record)
	if err != nil {
		// What was written of it is no record, and is passed over.
		to.size += int64(n)
		s.bytes += int64(n)
		s.rotates = true
		return place{}, fmt.Errorf("%w: %w", ErrSpool, err)
	}
	at := place{to, uint32(to.size), uint32(to.size) + uint32(len(record))}
	to.size += int64(len(record))
	to.count++
	to.left++
	s.bytes += int64(len(record) + doneRecord)
	s.appended++
	return at, nil
}

// rotate begins a new segment.
func (s *spool) rotate() (*segment, error) {
	next := &segment{id: s.nextID}
	var err error
	if next.log, err = s.disk.OpenOrCreate(s.path(next.id, "log")); err != nil {
		return nil, err
	}
	s.nextID++
	if next.done, err = s.disk.OpenOrCreate(s.path(next.id, "done")); err == nil {
		_, err = next.log.Write([]byte(segmentMagic))
	}
	if err != nil {
		next.close()
		return nil, errors.Join(err, s.removeFiles(next.id))
	}
	next.size = int64(len(segmentMagic))
	s.bytes += next.size
	old := s.active()
	s.segments = append(s.segments, next)
	s.rotates = false
	if old != nil && old.left == 0 {
		s.drop(old)
	}
	return next, nil
}

// settle records that messages have their results.
func (s *spool) settle(places []place) {
	var out []byte
	for i := 0; i < len(places); {
		segment := places[i].segment
		out = out[:0]
		for i < len(places) && places[i].segment == segment {
			from, to := places[i].from, places[i].to
			segment.left--
			for i++; i < len(places) && places[i].segment == segment && places[i].from == to; i++ {
				to = places[i].to
				segment.left--
			}
			out = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, from), to)
			out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out[len(out)-8:], castagnoli))
		}
		if segment.left == 0 && segment != s.active() {
			s.drop(segment)
			continue
		}
		if _, err := segment.done.Write(out); err != nil {
			// The messages would be sent again, and count once all the same.
			s.logger.Warn("dataloaf: the spool could not record what is settled", "folder", s.Dir, "error", err)
		}
	}
}

// drop removes a segment whose messages are all settled.
func (s *spool) drop(old *segment) {
	old.close()
	if err := s.removeFiles(old.id); err != nil {
		s.logger.Warn("dataloaf: the spool could not remove a segment that is done", "folder", s.Dir, "segment", old.id, "error", err)
	}
	s.bytes -= old.size + int64(old.count)*doneRecord
	if s.cursor.segment == old {
		s.advance()
	}
	s.segments = slices.DeleteFunc(s.segments, func(o *segment) bool { return o == old })
}

// advance puts the cursor at the next segment's beginning. It reports false
// where there is none.
func (s *spool) advance() bool {
	i := slices.Index(s.segments, s.cursor.segment)
	if i+1 == len(s.segments) {
		return false
	}
	s.cursor.segment, s.cursor.at = s.segments[i+1], int64(len(segmentMagic))
	return true
}

// removeFiles removes the log first: what is settled of no log means nothing.
func (s *spool) removeFiles(id uint64) error {
	return errors.Join(s.disk.Remove(s.path(id, "log")), s.disk.Remove(s.path(id, "done")))
}

// mark begins an epoch.
func (s *spool) mark(epoch int) {
	if !s.behind {
		s.epoch = epoch
		return
	}
	s.marks = append(s.marks, epochMark{s.appended, epoch})
}

// next is the epoch of the message to fetch.
func (s *spool) next() int {
	for len(s.marks) > 0 && s.marks[0].number <= s.fetched {
		s.epoch = s.marks[0].epoch
		s.marks = s.marks[1:]
	}
	return s.epoch
}

// --- the client's side ----------------------------------------------------------

// recover takes the account of what an earlier client left.
func (c *Client) recover() {
	if n := c.spool.recovered; n > 0 {
		c.stats.Recovered = int64(n)
		c.unsettled[c.epoch] += n
	}
}

// spoolAdd writes a message to disk and, if there is room and none is before
// it, holds it in memory, too.
func (c *Client) spoolAdd(l lane, scratch *scratch, kept Message) (place, error) {
	s := c.spool
	at, err := s.append(l, scratch.buf)
	if err != nil {
		return at, err
	}
	c.unsettled[c.epoch]++
	c.stats.Enqueued++
	switch {
	case s.behind:
	case c.memoryFor(len(scratch.item())):
		c.hold(l, scratch.item(), kept, at, c.epoch)
		s.fetched++
		at.segment.read++
	default:
		s.behind = true
		s.cursor.segment, s.cursor.at = at.segment, int64(at.from)
		c.changed.Broadcast()
	}
	if s.Sync == SyncInterval && !s.timer {
		s.timer = true
		c.config.Clock.AfterFunc(s.SyncInterval, func() {
			c.mu.Lock()
			s.timer = false
			c.mu.Unlock()
			if err := c.syncAll(); err != nil {
				c.config.Logger.Error("dataloaf: the spool could not be synced to disk", "folder", s.Dir, "error", err)
			}
		})
	}
	return at, nil
}

// spoolSync is called without the lock.
func (c *Client) spoolSync(at place) error {
	if c.spool.Sync != SyncAlways {
		return nil
	}
	if err := c.syncTo(at.segment, int64(at.to)); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSynced, err)
	}
	return nil
}

// syncAll is called without the lock.
func (c *Client) syncAll() error {
	c.mu.Lock()
	segments := slices.Clone(c.spool.segments)
	sizes := make([]int64, len(segments))
	for i, segment := range segments {
		sizes[i] = segment.size
	}
	c.mu.Unlock()
	var failed error
	for i, segment := range segments {
		failed = errors.Join(failed, c.syncTo(segment, sizes[i]))
	}
	return failed
}

// syncTo makes a segment safe up to a byte. Of those who call it at once, one
// calls fsync and the others find that it is done.
func (c *Client) syncTo(segment *segment, to int64) error {
	s := c.spool
	s.syncing.Lock()
	defer s.syncing.Unlock()
	c.mu.Lock()
	size := segment.size
	done := (segment.synced >= to && segment.named) || !slices.Contains(s.segments, segment)
	c.mu.Unlock()
	if done {
		return nil
	}
	err := segment.log.Sync()
	if err == nil {
		// Without it the file itself could be gone after a loss of power.
		err = s.disk.SyncDir(s.Dir)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		segment.synced, segment.named = max(segment.synced, size), true
		return nil
	case !slices.Contains(s.segments, segment):
		return nil // settled and removed meanwhile
	default:
		return err
	}
}

// closeSpool leaves on disk what is not settled, for the next client.
func (c *Client) closeSpool() error {
	s := c.spool
	var failed error
	if s.Sync != SyncNever {
		if err := c.syncAll(); err != nil {
			failed = fmt.Errorf("dataloaf: close: %w: %w", ErrNotSynced, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	left := 0
	for _, b := range c.open {
		if len(b.ends) > 0 {
			b.stop()
		}
	}
	for _, segment := range slices.Clone(s.segments) {
		left += segment.left
		if segment.left == 0 {
			s.drop(segment)
			continue
		}
		segment.close()
	}
	s.segments = nil
	if left > 0 {
		c.config.Logger.Info("dataloaf: messages stay in the spool for the next start", "messages", left, "folder", s.Dir)
	}
	return errors.Join(failed, s.lock())
}

// refill brings messages from disk into memory, in their order, as room comes.
func (c *Client) refill() {
	s := c.spool
	var block []byte
	for {
		c.mu.Lock()
		for !c.ended && !(s.behind && c.memoryFor(s.wants)) {
			c.changed.Wait()
		}
		if c.ended {
			c.mu.Unlock()
			return
		}
		segment, at := s.cursor.segment, s.cursor.at
		size := int(min(readBlock, segment.size-at))
		c.mu.Unlock()

		if block == nil {
			block = make([]byte, readBlock)
		}
		n, err := segment.log.ReadAt(block[:size], at)
		c.mu.Lock()
		switch {
		case s.cursor.segment != segment:
			// It was removed meanwhile; only bytes that are no message were left.
			c.mu.Unlock()
		case n == size:
			c.fetch(segment, at, block[:n])
			c.mu.Unlock()
		default:
			c.mu.Unlock()
			c.config.Logger.Error("dataloaf: the spool cannot be read; it is tried again", "folder", s.Dir, "segment", segment.id, "error", err)
			c.pause(readAgain, true)
		}
	}
}

// readAgain is how long a disk that fails is left alone.
const readAgain = time.Second

// fetch holds the messages of a block of the segment that begins at a byte.
func (c *Client) fetch(from *segment, at int64, block []byte) {
	s := c.spool
	s.wants = 0
	// next is the first byte of the block that is still to be read.
	next := 0
	records(block, 0, func(start, end int, l lane, item []byte) bool {
		where := place{from, uint32(at) + uint32(start), uint32(at) + uint32(end)}
		if !from.wasSettled(where.from) {
			if !c.memoryFor(len(item)) {
				s.wants = len(item)
				return false
			}
			c.hold(l, item, nil, where, s.next())
			s.fetched++
		}
		from.read++
		next = end
		return true
	})
	if s.wants == 0 {
		switch {
		case at+int64(len(block)) == from.size:
			next = len(block) // behind the last record nothing whole is left
			c.unreadable(from)
		case next == 0:
			// Not one message in all of it: one may begin near its end.
			next = len(block) - recordHead - maxItem
		}
	}
	s.cursor.at = at + int64(next)
	if s.cursor.at == from.size && !s.advance() {
		s.behind = false
		s.marks = nil
		s.epoch = c.epoch
	}
	for l := range lanes {
		// A flush waits for what was before it; the rest may wait for company.
		if b := &c.open[l]; len(b.ends) > 0 && b.epoch < c.epoch {
			c.cut(l)
		}
	}
}

// unreadable gives up the messages of a segment that were whole once and are
// whole no more. What they were nobody can tell, so the callback is not told.
func (c *Client) unreadable(from *segment) {
	lost := from.count - from.read
	if lost <= 0 {
		return
	}
	s := c.spool
	c.config.Logger.Error("dataloaf: messages in the spool cannot be read any more and are dropped", "messages", lost, "folder", s.Dir, "segment", from.id)
	epoch := s.next()
	if c.unsettled[epoch] -= lost; c.unsettled[epoch] <= 0 {
		delete(c.unsettled, epoch)
	}
	c.stats.Dropped += int64(lost)
	s.fetched += lost
	from.read += lost
	from.left -= lost
	c.changed.Broadcast()
}
