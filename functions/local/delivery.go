package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Notifier is told of objects that were created.
type Notifier interface {
	Notify(o warehouse.Object)
}

// ObjectStore keeps raw objects; Store is one.
type ObjectStore interface {
	// Put stores an object whole or not at all; when it returns nil the object is
	// durable.
	Put(ctx context.Context, bucket, key string, body []byte) error
}

// DeliveryConfig is what a Delivery needs.
type DeliveryConfig struct {
	Store ObjectStore
	// Kind is what the records are; it decides bucket and prefix.
	Kind     warehouse.Kind
	Notifier Notifier
	// Now is the clock and NewID makes unique object names.
	Now   func() time.Time
	NewID func() string
}

// Delivery stands in for a Firehose stream: it gathers the records that come
// in while an object is being written into the next one, so that many callers
// share one fsync, and answers each when its records are durable.
type Delivery struct {
	config DeliveryConfig
	in     chan submission
	// closing is closed when no more is taken.
	closing chan struct{}
	close   sync.Once
	writers sync.WaitGroup
}

type submission struct {
	records [][]byte
	result  chan error
}

// maxObject bounds an object before compression; Firehose's default buffer for
// S3 is 5 MiB.
const maxObject = 5 << 20

// writers is how many objects are written at once. While one waits for the disk
// the next is gathered and packed; more than two only make the objects smaller.
const writers = 2

var errClosed = errors.New("the delivery is closed")

// NewDelivery starts a delivery; Close ends it.
func NewDelivery(c DeliveryConfig) *Delivery {
	d := &Delivery{config: c, in: make(chan submission), closing: make(chan struct{})}
	for range writers {
		d.writers.Go(d.run)
	}
	return d
}

// Publish implements collect.Publisher: all records are stored, or none.
func (d *Delivery) Publish(ctx context.Context, records [][]byte) ([]int, error) {
	s := submission{records: records, result: make(chan error, 1)}
	select {
	case d.in <- s:
	case <-d.closing:
		return nil, errClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the delivery: %w", ctx.Err())
	}
	// From here on the records are being written; an answer before that is
	// settled would be a guess.
	return nil, <-s.result
}

// Close waits until everything that was taken is stored.
func (d *Delivery) Close() {
	d.close.Do(func() { close(d.closing) })
	d.writers.Wait()
}

func (d *Delivery) run() {
	w := newPacker()
	for {
		select {
		case first := <-d.in:
			batch := d.gather(first)
			err := d.store(w, batch)
			for _, s := range batch {
				s.result <- err
			}
		case <-d.closing:
			return
		}
	}
}

// gather takes what waits, up to the size of an object.
func (d *Delivery) gather(first submission) []submission {
	batch, size := []submission{first}, length(first.records)
	for size < maxObject {
		select {
		case next := <-d.in:
			batch = append(batch, next)
			size += length(next.records)
		default:
			return batch
		}
	}
	return batch
}

func length(records [][]byte) (n int) {
	for _, r := range records {
		n += len(r)
	}
	return n
}

func (d *Delivery) store(w *packer, batch []submission) error {
	body, err := w.pack(batch)
	if err != nil {
		return fmt.Errorf("pack an object: %w", err)
	}
	o := warehouse.Object{
		Bucket: string(d.config.Kind.Bucket()),
		Key:    warehouse.NewKey(d.config.Kind, d.config.Now(), d.config.NewID()),
		Kind:   d.config.Kind,
		Size:   int64(len(body)),
	}
	// Not the context of any one caller: the object belongs to all of them.
	if err := d.config.Store.Put(context.Background(), o.Bucket, o.Key, body); err != nil {
		return err
	}
	d.config.Notifier.Notify(o)
	return nil
}

// packer compresses objects one after the other; what it keeps between them
// would otherwise be most of a delivery's garbage.
type packer struct {
	packed bytes.Buffer
	gzip   *gzip.Writer
}

func newPacker() *packer {
	// The fastest level: the local disk is not what is paid for. It is a valid
	// level, which is all that can fail.
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &packer{gzip: z}
}

// pack gives the records as one gzip member, valid until the next call.
func (p *packer) pack(batch []submission) ([]byte, error) {
	p.packed.Reset()
	p.gzip.Reset(&p.packed)
	for _, s := range batch {
		for _, r := range s.records {
			if _, err := p.gzip.Write(r); err != nil {
				return nil, err
			}
		}
	}
	if err := p.gzip.Close(); err != nil {
		return nil, err
	}
	return p.packed.Bytes(), nil
}
