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

// DeliveryConfig is what a Delivery needs.
type DeliveryConfig struct {
	Store *Store
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
	// closing is closed when no more is taken, done when all is written.
	closing, done chan struct{}
	close         sync.Once
}

type submission struct {
	records [][]byte
	result  chan error
}

// maxObject bounds an object before compression; Firehose's default buffer for
// S3 is 5 MiB.
const maxObject = 5 << 20

var errClosed = errors.New("the delivery is closed")

// NewDelivery starts a delivery; Close ends it.
func NewDelivery(c DeliveryConfig) *Delivery {
	d := &Delivery{config: c, in: make(chan submission), closing: make(chan struct{}), done: make(chan struct{})}
	go d.run()
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
	<-d.done
}

func (d *Delivery) run() {
	defer close(d.done)
	for {
		select {
		case first := <-d.in:
			d.write(d.gather(first))
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

func (d *Delivery) write(batch []submission) {
	err := d.store(batch)
	for _, s := range batch {
		s.result <- err
	}
}

func (d *Delivery) store(batch []submission) error {
	var packed bytes.Buffer
	// The fastest level: the local disk is not what is paid for.
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("pack an object: %w", err)
	}
	for _, s := range batch {
		for _, r := range s.records {
			if _, err := z.Write(r); err != nil {
				return fmt.Errorf("pack an object: %w", err)
			}
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack an object: %w", err)
	}
	o := warehouse.Object{
		Bucket: string(d.config.Kind.Bucket()),
		Key:    warehouse.NewKey(d.config.Kind, d.config.Now(), d.config.NewID()),
		Kind:   d.config.Kind,
		Size:   int64(packed.Len()),
	}
	if err := d.config.Store.Put(context.Background(), o.Bucket, o.Key, packed.Bytes()); err != nil {
		return err
	}
	d.config.Notifier.Notify(o)
	return nil
}
