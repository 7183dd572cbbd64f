package dataloaf

// overhead is what a message takes in memory beside its JSON, about, where a
// callback keeps it.
const overhead = 128

// batch is the messages of one request. Its body is written as the messages
// come, so that a message costs no memory of its own.
type batch struct {
	lane lane
	// epoch is the flush that the messages belong to, all of them to one.
	epoch int
	// body has its head, the items with commas between and, once the batch is
	// sealed, its tail.
	body []byte
	// ends are where in the body the items end.
	ends []int32
	// kept are the messages, where a callback wants them back; nil for one that
	// was read from the spool.
	kept []Message
	// places are where the messages lie in the spool, where there is one.
	places []place
	// stop ends the timer that cuts the batch when it has waited long enough.
	stop func() bool
}

func newBatch(l lane, epoch, size int) batch {
	b := batch{lane: l, epoch: epoch, body: make([]byte, 0, len(l.head())+size+size/8+len(tail))}
	b.body = append(b.body, l.head()...)
	return b
}

func (b *batch) add(item []byte) {
	if len(b.ends) > 0 {
		b.body = append(b.body, ',')
	}
	b.body = append(b.body, item...)
	b.ends = append(b.ends, int32(len(b.body)))
}

// seal makes the body whole. Nothing is written to it afterwards: a transport
// may read it longer than the request lasts.
func (b *batch) seal() { b.body = append(b.body, tail...) }

func (b *batch) item(i int) []byte {
	from := len(b.lane.head())
	if i > 0 {
		from = int(b.ends[i-1]) + 1
	}
	return b.body[from:b.ends[i]]
}

// message gives back what was enqueued.
func (b *batch) message(i int) Message {
	if b.kept[i] == nil {
		return decode(b.lane, b.item(i))
	}
	if e, ok := b.kept[i].(Event); ok && e.EventID == "" {
		e.EventID = idOf(b.item(i))
		return e
	}
	return b.kept[i]
}

// pick is a sealed batch of some of the messages, by their places in b.
func (b *batch) pick(indexes []int) batch {
	size := 0
	for _, i := range indexes {
		size += len(b.item(i)) + 1
	}
	out := newBatch(b.lane, b.epoch, size)
	for _, i := range indexes {
		out.add(b.item(i))
		if b.kept != nil {
			out.kept = append(out.kept, b.kept[i])
		}
		if b.places != nil {
			out.places = append(out.places, b.places[i])
		}
	}
	out.seal()
	return out
}

// halves splits a batch of two or more messages.
func (b *batch) halves() (batch, batch) {
	all := make([]int, len(b.ends))
	for i := range all {
		all[i] = i
	}
	return b.pick(all[:len(all)/2]), b.pick(all[len(all)/2:])
}
