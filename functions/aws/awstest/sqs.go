package awstest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Visibility is how long a message that was received stays hidden.
const Visibility = 960 * time.Second

type queue struct{ messages []*message }

type message struct {
	id, body string
	// visible is when it can be received.
	visible  time.Time
	receipt  string
	received int
	delayed  bool
}

// MakeQueue makes a queue and gives its URL.
func (a *AWS) MakeQueue(name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queues[name] = &queue{}
	return a.URL + "/000000000000/" + name
}

// Send puts a message into a queue that may be received after a delay.
func (a *AWS) Send(queue, body string, delay time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.send(queue, body, delay)
}

// Messages are the bodies of the messages that a queue holds, those in flight
// included.
func (a *AWS) Messages(queue string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var bodies []string
	for _, m := range a.queues[queue].messages {
		bodies = append(bodies, m.body)
	}
	return bodies
}

func (a *AWS) send(name, body string, delay time.Duration) *message {
	m := &message{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", a.next()), body: body, visible: a.now().Add(delay), delayed: delay > 0}
	a.queues[name].messages = append(a.queues[name].messages, m)
	return m
}

func (q *queue) find(receipt string) *message {
	for _, m := range q.messages {
		if receipt != "" && m.receipt == receipt {
			return m
		}
	}
	return nil
}

func (q *queue) remove(m *message) {
	for i := range q.messages {
		if q.messages[i] == m {
			q.messages = append(q.messages[:i:i], q.messages[i+1:]...)
			return
		}
	}
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

type sqsInput struct {
	QueueUrl            string //nolint:revive // the name in the protocol
	MessageBody         string
	MaxNumberOfMessages int
	VisibilityTimeout   *int
	AttributeNames      []string
	Entries             []struct {
		Id, ReceiptHandle string //nolint:revive // the name in the protocol
		VisibilityTimeout int
	}
}

func (a *AWS) sqs(operation string) func([]byte, Fault) (any, error) {
	do := map[string]func(*queue, sqsInput, Fault) (any, error){
		"SendMessage": a.sendMessage, "ReceiveMessage": a.receiveMessage, "GetQueueAttributes": a.queueAttributes,
		"DeleteMessageBatch": a.deleteBatch, "ChangeMessageVisibilityBatch": a.visibilityBatch,
	}[operation]
	if do == nil {
		return nil
	}
	return func(body []byte, fault Fault) (any, error) {
		var in sqsInput
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fail(http.StatusBadRequest, "SerializationException", "%v", err)
		}
		q := a.queues[in.QueueUrl[strings.LastIndex(in.QueueUrl, "/")+1:]]
		if q == nil {
			return nil, fail(http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
		}
		return do(q, in, fault)
	}
}

func (a *AWS) sendMessage(_ *queue, in sqsInput, _ Fault) (any, error) {
	m := a.send(in.QueueUrl[strings.LastIndex(in.QueueUrl, "/")+1:], in.MessageBody, 0)
	return map[string]string{"MessageId": m.id, "MD5OfMessageBody": md5Hex(m.body)}, nil
}

func (a *AWS) receiveMessage(q *queue, in sqsInput, _ Fault) (any, error) {
	if in.MaxNumberOfMessages < 1 || in.MaxNumberOfMessages > 10 {
		return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "MaxNumberOfMessages %d", in.MaxNumberOfMessages)
	}
	hidden := Visibility
	if in.VisibilityTimeout != nil {
		hidden = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	type received struct {
		MessageId, ReceiptHandle, Body, MD5OfBody string //nolint:revive // the names in the protocol
	}
	out := struct{ Messages []received }{}
	now := a.now()
	for _, m := range q.messages {
		if len(out.Messages) == in.MaxNumberOfMessages {
			break
		}
		if m.visible.After(now) {
			continue
		}
		m.received++
		m.delayed = false
		m.visible = now.Add(hidden)
		m.receipt = fmt.Sprintf("receipt-%d", a.next())
		out.Messages = append(out.Messages, received{m.id, m.receipt, m.body, md5Hex(m.body)})
	}
	return out, nil
}

func (a *AWS) queueAttributes(q *queue, in sqsInput, _ Fault) (any, error) {
	counts := map[string]int{}
	for _, m := range q.messages {
		switch {
		case !m.visible.After(a.now()):
			counts["ApproximateNumberOfMessages"]++
		case m.delayed:
			counts["ApproximateNumberOfMessagesDelayed"]++
		default:
			counts["ApproximateNumberOfMessagesNotVisible"]++
		}
	}
	attributes := map[string]string{}
	for _, name := range in.AttributeNames {
		attributes[name] = strconv.Itoa(counts[name])
	}
	return map[string]any{"Attributes": attributes}, nil
}

type batchResult struct {
	Successful []map[string]string
	Failed     []map[string]any
}

// batch does f with each entry that the fault lets through.
func batch(q *queue, in sqsInput, fault Fault, f func(m *message, visibility int)) (any, error) {
	if len(in.Entries) == 0 {
		return nil, fail(http.StatusBadRequest, "com.amazonaws.sqs#EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(in.Entries) > 10 {
		return nil, fail(http.StatusBadRequest, "com.amazonaws.sqs#TooManyEntriesInBatchRequest", "%d entries", len(in.Entries))
	}
	out := batchResult{Successful: []map[string]string{}, Failed: []map[string]any{}}
	for i, e := range in.Entries {
		refuse := func(code string, senderFault bool) {
			out.Failed = append(out.Failed, map[string]any{"Id": e.Id, "Code": code, "SenderFault": senderFault, "Message": "as the test wants it"})
		}
		if fault.Refuse != nil {
			if code := fault.Refuse(i); code != "" {
				refuse(code, false)
				continue
			}
		}
		m := q.find(e.ReceiptHandle)
		if m == nil {
			refuse("ReceiptHandleIsInvalid", true)
			continue
		}
		f(m, e.VisibilityTimeout)
		out.Successful = append(out.Successful, map[string]string{"Id": e.Id})
	}
	return out, nil
}

func (a *AWS) deleteBatch(q *queue, in sqsInput, fault Fault) (any, error) {
	return batch(q, in, fault, func(m *message, _ int) { q.remove(m) })
}

func (a *AWS) visibilityBatch(q *queue, in sqsInput, fault Fault) (any, error) {
	return batch(q, in, fault, func(m *message, seconds int) { m.visible = a.now().Add(time.Duration(seconds) * time.Second) })
}
