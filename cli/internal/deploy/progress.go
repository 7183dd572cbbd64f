package deploy

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
)

// slow says why some things take minutes.
var slow = map[string]string{
	"aws_redshiftserverless_namespace":     "Redshift prepares its storage, a minute or two",
	"aws_redshiftserverless_workgroup":     "Redshift starts its compute, two to six minutes",
	"aws_redshift_cluster":                 "Redshift starts its nodes, five to ten minutes",
	"aws_lb":                               "a load balancer takes two to three minutes",
	"aws_acm_certificate_validation":       "Amazon looks for the certificate's record in the domain, one to five minutes",
	"aws_autoscaling_group":                "the machine starts, two to three minutes",
	"aws_vpc_endpoint":                     "endpoints take one to two minutes",
	"aws_kinesis_firehose_delivery_stream": "Firehose takes about a minute",
	"aws_iam_instance_profile":             "roles take a moment to be known everywhere",
}

// slowToRemove says why removing some things takes minutes.
var slowToRemove = map[string]string{
	"aws_redshiftserverless_workgroup": "Redshift stops its compute, two to six minutes",
	"aws_redshiftserverless_namespace": "Redshift deletes its storage, a few minutes",
	"aws_redshift_cluster":             "Redshift stops its nodes, several minutes",
	"aws_security_group":               "Lambda gives its network interfaces back only after up to half an hour",
	"aws_subnet":                       "Lambda gives its network interfaces back only after up to half an hour",
	"aws_lambda_function":              "Lambda gives its network interfaces back slowly",
	"aws_s3_bucket":                    "a bucket's objects are deleted one by one",
	"aws_lb":                           "a load balancer takes a minute or two",
	"aws_autoscaling_group":            "the machine stops, one to two minutes",
}

// progress shows how an apply goes on: one line that changes on a terminal, and a
// line for each thing elsewhere.
type progress struct {
	mu      sync.Mutex
	out     io.Writer
	style   term.Style
	live    bool
	width   int
	now     func() time.Time
	started time.Time
	total   int
	done    int
	// running are begun and not done, in the order of their beginning.
	running  []task
	stopping bool
	drawn    bool
}

type task struct {
	address, kind, action string
	since                 time.Time
}

func newProgress(streams term.Streams, total int, now func() time.Time) *progress {
	return &progress{
		out: streams.Err, style: streams.StyleOf(streams.Err), live: term.IsTerminal(streams.Err), width: term.Width(streams.Err),
		now: now, started: now(), total: total,
	}
}

// event takes one event of Terraform's.
func (p *progress) event(e tf.Event) {
	if e.Hook == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	address, kind, action := shortAddress(e.Hook.Resource.Address), e.Hook.Resource.Type, e.Hook.Action
	if action == "read" {
		return
	}
	switch e.Type {
	case "apply_start":
		p.running = append(p.running, task{address, kind, action, p.now()})
	case "apply_complete":
		p.end(address, action)
		p.done++
		p.line(fmt.Sprintf("%s %s%s", p.style.Good(pastTense(action)), address, took(e.Hook.Elapsed)))
	case "apply_errored":
		p.end(address, action)
		p.line(p.style.Bad("failed") + " " + address)
	}
	p.draw()
}

func (p *progress) end(address, action string) {
	for i, t := range p.running {
		if t.address == address && t.action == action {
			p.running = append(p.running[:i], p.running[i+1:]...)
			return
		}
	}
}

// line is said once, and stays.
func (p *progress) line(text string) {
	if p.live {
		return
	}
	// Nobody is told that standard error is closed.
	_, _ = fmt.Fprintf(p.out, "[%d of %d, %s] %s\n", p.done, p.total, elapsed(p.now().Sub(p.started)), text)
}

// tick draws anew, for the time that has passed.
func (p *progress) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw()
}

// stop says that what is under way is waited for.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return
	}
	p.stopping = true
	p.clear()
	_, _ = fmt.Fprintln(p.out, "Stopping. What is under way is waited for, so that nothing is lost; Ctrl-C again ends at once.")
	p.draw()
}

func (p *progress) clear() {
	if p.live && p.drawn {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *progress) draw() {
	if !p.live {
		return
	}
	text := fmt.Sprintf("%d of %d done, %s", p.done, p.total, elapsed(p.now().Sub(p.started)))
	if len(p.running) > 0 {
		// The oldest is what one waits for.
		oldest := p.running[0]
		text += fmt.Sprintf("; %s %s (%s", presentTense(oldest.action), spoken(oldest.address), elapsed(p.now().Sub(oldest.since)))
		reasons := slow
		if oldest.action == "delete" {
			reasons = slowToRemove
		}
		if reason := reasons[oldest.kind]; reason != "" {
			text += ": " + reason
		}
		text += ")"
		if more := len(p.running) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	p.clear()
	// One line only, or it cannot be taken back.
	_, _ = fmt.Fprint(p.out, "\r\x1b[K"+runewidth.Truncate(text, p.width-1, "…"))
	p.drawn = true
}

// finish leaves the last word.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if p.live {
		_, _ = fmt.Fprintf(p.out, "%d of %d done in %s.\n", p.done, p.total, elapsed(p.now().Sub(p.started)))
	}
}

func shortAddress(address string) string {
	const prefix = "module.dataloaf."
	if len(address) > len(prefix) && address[:len(prefix)] == prefix {
		return address[len(prefix):]
	}
	return address
}

// spoken is an address short enough for a line that says more: the type without
// its prefix, and the key where there are several.
func spoken(address string) string {
	parts := strings.Split(address, ".aws_")
	name := parts[len(parts)-1]
	kind, label, _ := strings.Cut(name, ".")
	text := strings.ReplaceAll(kind, "_", " ")
	if _, key, ok := strings.Cut(label, `["`); ok {
		text += " " + strings.TrimSuffix(key, `"]`)
	}
	return text
}

func elapsed(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

func took(seconds int) string {
	if seconds < 5 {
		return ""
	}
	return ", " + elapsed(time.Duration(seconds)*time.Second)
}

func pastTense(action string) string {
	switch action {
	case "create":
		return "made"
	case "update":
		return "changed"
	case "delete":
		return "removed"
	}
	return "done"
}

func presentTense(action string) string {
	switch action {
	case "create":
		return "making"
	case "update":
		return "changing"
	case "delete":
		return "removing"
	}
	return "working on"
}
