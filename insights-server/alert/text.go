package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Title says in a line what happened.
func (n Notification) Title() string {
	what := map[EventKind]string{
		FiringEvent: "Alert", RepeatEvent: "Still firing", RecoveredEvent: "Recovered",
		NoDataEvent: "No data", ErrorEvent: "Cannot be checked", TestEvent: "Test",
	}[n.Event]
	return what + ": " + oneLine(n.Name)
}

// Sentence says what was found, in words.
func (n Notification) Sentence() string {
	if n.Event == TestEvent {
		return "This is a test of the alert's destinations. Nothing happened."
	}
	r := n.Result
	if r.Value == nil {
		return oneLine(r.Reason)
	}
	text := fmt.Sprintf("%s is %s %s", oneLine(r.Line), amount(*r.Value), n.when())
	if r.Before != nil {
		text += fmt.Sprintf(", after %s in the interval before", amount(*r.Before))
		if r.Change != nil {
			text += " (" + signed(*r.Change, n.Condition.Unit) + ")"
		}
	}
	return text + ". The alert fires when it " + n.Condition.String() + "."
}

func (n Notification) when() string {
	from := n.Result.Bucket.Format(time.RFC3339)
	if n.Bucket == Current {
		return "so far in the interval from " + from
	}
	return "in the interval from " + from
}

// String says when the condition fires, to come after "fires when it".
func (c Condition) String() string {
	switch c.Type {
	case Above, Below:
		return "is " + string(c.Type) + " " + amount(c.Threshold)
	default:
		text := string(c.Type) + " by " + amount(c.Threshold)
		if c.Unit == Percent {
			text += " %"
		}
		return text + " or more"
	}
}

// Text is the whole notification for people.
func (n Notification) Text() string {
	text := n.Title() + "\n\n" + n.Sentence() + "\n"
	if n.Result.Insight != "" {
		text += "\nInsight: " + oneLine(n.Result.Insight)
	}
	if n.URL != "" {
		text += "\n" + n.URL
	}
	if n.Description != "" {
		text += "\n\n" + n.Description
	}
	return text
}

func amount(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func signed(v float64, u Unit) string {
	digits := -1
	if u == Percent {
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if v > 0 {
		text = "+" + text
	}
	if u == Percent {
		text += " %"
	}
	return text
}

// oneLine takes out what would begin a new line, or a new field of a log.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}
