// Package alert watches saved insights: an alert holds one value of a trend
// against a threshold after each load that brought new data, and tells webhooks
// and SNS topics when it crosses. It decides what is asked, what an answer means
// and who is told; how a notification travels is the senders' matter.
package alert

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Limits of an alert.
const (
	// MaxAlerts is how many there may be: each is a question after a load.
	MaxAlerts = 200
	// MaxName is the longest name, in characters.
	MaxName = 200
	// MaxDescription is the longest description.
	MaxDescription = 2_000
	// MaxGroup is the longest text of a breakdown's group.
	MaxGroup = 1_000
	// MaxURL is the longest address of a webhook.
	MaxURL = 2_000
	// MaxDestinations is how many an alert tells.
	MaxDestinations = 10
	// MinCheckEvery is the least CheckEvery, in minutes.
	MinCheckEvery = 5
	// MaxCheckEvery is the greatest.
	MaxCheckEvery = 7 * 24 * 60
	// MaxRepeat is the longest RepeatAfter, in hours.
	MaxRepeat = 30 * 24
)

// Bucket says which of the insight's intervals is looked at.
type Bucket string

// The buckets.
const (
	// Complete is the last interval that is over, and was so for Settle.
	Complete Bucket = "complete"
	// Current is the one that now lies in.
	Current Bucket = "current"
)

// ConditionType says how a value is held against the threshold.
type ConditionType string

// The conditions. Rises and Falls compare with the bucket before.
const (
	Above ConditionType = "above"
	Below ConditionType = "below"
	Rises ConditionType = "rises"
	Falls ConditionType = "falls"
)

// Unit is what the threshold of Rises and Falls counts in.
type Unit string

// The units.
const (
	Absolute Unit = "absolute"
	Percent  Unit = "percent"
)

// Condition fires an alert.
type Condition struct {
	Type      ConditionType `json:"type"`
	Threshold float64       `json:"threshold"`
	// Unit is of Rises and Falls alone.
	Unit Unit `json:"unit,omitempty"`
}

// Changes reports whether it compares with the bucket before.
func (c Condition) Changes() bool { return c.Type == Rises || c.Type == Falls }

// Measure is the line of the trend that is looked at: a series or a formula, by
// its place in the query. One of the two is set.
type Measure struct {
	Series  *int `json:"series,omitempty"`
	Formula *int `json:"formula,omitempty"`
}

// Group is one of a breakdown: nil for the events without the property.
type Group struct {
	Value *string `json:"value"`
}

// DestinationKind is by what way somebody is told.
type DestinationKind string

// The ways.
const (
	Webhook DestinationKind = "webhook"
	SNS     DestinationKind = "sns"
)

// Destination is somebody who is told.
type Destination struct {
	// ID names it within its alert, for as long as it stays.
	ID   string          `json:"id"`
	Kind DestinationKind `json:"kind"`
	// URL is of a Webhook, TopicARN of SNS.
	URL      string `json:"url,omitempty"`
	TopicARN string `json:"topic_arn,omitempty"`
	// Sealed is a webhook's signing secret, as a Seal keeps it.
	Sealed string `json:"sealed,omitempty"`
}

// Definition is what people decide of an alert.
type Definition struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	InsightID   string `json:"insight_id"`

	Measure   Measure   `json:"measure"`
	Group     *Group    `json:"group,omitempty"`
	Bucket    Bucket    `json:"bucket"`
	Condition Condition `json:"condition"`

	// CheckEvery is the least time between two checks, in minutes.
	CheckEvery int `json:"check_every_minutes"`
	// CheckWithoutLoads also checks once at the end of each interval when
	// nothing was loaded, which wakes the warehouse.
	CheckWithoutLoads bool `json:"check_without_loads"`
	// NotifyRecovery also tells when the alert is over.
	NotifyRecovery bool `json:"notify_recovery"`
	// RepeatAfter is after how many hours an alert that goes on is told again;
	// 0 never.
	RepeatAfter  int           `json:"repeat_after_hours"`
	Destinations []Destination `json:"destinations"`
}

// Status is how an alert stands.
type Status string

// The statuses.
const (
	// New was not checked yet.
	New Status = "new"
	// OK does not meet the condition, and Firing does.
	OK     Status = "ok"
	Firing Status = "firing"
	// NoData has nothing to hold against the threshold.
	NoData Status = "no_data"
	// Failed cannot be asked any more: the insight is gone, or was changed.
	Failed Status = "error"
)

// Result is what one check found.
type Result struct {
	Status Status `json:"status"`
	// Reason says in a sentence why there is no data, or what is wrong.
	Reason string `json:"reason,omitempty"`
	// Bucket and BucketEnd are the interval that was looked at; zero in Failed.
	Bucket    time.Time `json:"bucket,omitzero"`
	BucketEnd time.Time `json:"bucket_end,omitzero"`
	// Value is that bucket's, and Before the one's before it for a condition that
	// compares; nil where there is none.
	Value  *float64 `json:"value"`
	Before *float64 `json:"before,omitempty"`
	// Change is from Before to Value in the condition's unit.
	Change *float64 `json:"change,omitempty"`
	// Line says what the value is of, such as "signup (total), de".
	Line string `json:"line,omitempty"`
	// Insight is the insight's name.
	Insight string `json:"insight,omitempty"`
}

// State is where an alert stands, and its last check.
type State struct {
	Result
	// Since is when the status was reached.
	Since time.Time `json:"since,omitzero"`
	// CheckedAt is when it was last checked.
	CheckedAt time.Time `json:"checked_at,omitzero"`
	// NotifiedAt is when somebody was last told of the status.
	NotifiedAt time.Time `json:"notified_at,omitzero"`
	// FailedCheck says why the last check came to no result that counts, such as
	// a warehouse that was away; empty after one that did.
	FailedCheck string `json:"failed_check,omitempty"`
}

// EventKind says why somebody is told.
type EventKind string

// The events.
const (
	FiringEvent    EventKind = "alert.firing"
	RepeatEvent    EventKind = "alert.repeated"
	RecoveredEvent EventKind = "alert.recovered"
	NoDataEvent    EventKind = "alert.no_data"
	ErrorEvent     EventKind = "alert.error"
	TestEvent      EventKind = "alert.test"
)

// Entry is one of an alert's history: a check that changed its state, that
// somebody was told of, or that failed.
type Entry struct {
	// ID is that of the notification, where there is one.
	ID string    `json:"id,omitempty"`
	At time.Time `json:"at"`
	// Event is what was told; empty where nobody was.
	Event          EventKind `json:"event,omitempty"`
	Status         Status    `json:"status"`
	PreviousStatus Status    `json:"previous_status"`
	Reason         string    `json:"reason,omitempty"`
	Bucket         time.Time `json:"bucket,omitzero"`
	Value          *float64  `json:"value"`
	Change         *float64  `json:"change,omitempty"`
	Threshold      float64   `json:"threshold"`
	// Deliveries are what became of the telling, by destination.
	Deliveries []Delivery `json:"deliveries,omitempty"`
}

// Delivery is what became of one notification at one destination.
type Delivery struct {
	DestinationID string          `json:"destination_id"`
	Kind          DestinationKind `json:"kind"`
	// To is whom: a host, or a topic. Never a whole address, which may be a
	// secret itself.
	To string    `json:"to"`
	At time.Time `json:"at"`
	OK bool      `json:"ok"`
	// Attempts is how often it was tried in all.
	Attempts int `json:"attempts"`
	// Error says why the last one failed.
	Error string `json:"error,omitempty"`

	// temporary says that it is worth another attempt.
	temporary bool
}

// Notification is what is told.
type Notification struct {
	// ID is the same however often it is sent.
	ID    string
	Event EventKind
	At    time.Time
	// AlertID, Name and Description are the alert's, and URL its page's.
	AlertID, Name, Description, URL string
	InsightID                       string
	Condition                       Condition
	Bucket                          Bucket
	Previous                        Status
	Result                          Result
}

// notificationJSON is the body that a webhook gets, after the Standard Webhooks'
// advice: type, timestamp, data.
type notificationJSON struct {
	Type      EventKind `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		ID    string `json:"id"`
		Test  bool   `json:"test"`
		Alert struct {
			ID          string `json:"id"`
			Name        string `json:"name"`
			Description string `json:"description"`
			URL         string `json:"url,omitempty"`
		} `json:"alert"`
		Insight struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"insight"`
		Status         Status    `json:"status"`
		PreviousStatus Status    `json:"previous_status"`
		Line           string    `json:"line"`
		Condition      Condition `json:"condition"`
		Bucket         Bucket    `json:"bucket"`
		From           time.Time `json:"from,omitzero"`
		To             time.Time `json:"to,omitzero"`
		Value          *float64  `json:"value"`
		Before         *float64  `json:"before"`
		Change         *float64  `json:"change"`
		Reason         string    `json:"reason"`
		Text           string    `json:"text"`
	} `json:"data"`
}

// Body gives the JSON of the notification.
func (n Notification) Body() ([]byte, error) {
	var b notificationJSON
	b.Type, b.Timestamp = n.Event, n.At
	d := &b.Data
	d.ID, d.Test = n.ID, n.Event == TestEvent
	d.Alert.ID, d.Alert.Name, d.Alert.Description, d.Alert.URL = n.AlertID, n.Name, n.Description, n.URL
	d.Insight.ID, d.Insight.Name = n.InsightID, n.Result.Insight
	d.Status, d.PreviousStatus, d.Line, d.Condition, d.Bucket = n.Result.Status, n.Previous, n.Result.Line, n.Condition, n.Bucket
	d.From, d.To = n.Result.Bucket, n.Result.BucketEnd
	d.Value, d.Before, d.Change, d.Reason = n.Result.Value, n.Result.Before, n.Result.Change, n.Result.Reason
	d.Text = n.Sentence()
	text, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write the notification %s: %w", n.ID, err)
	}
	return text, nil
}

// readDefinition takes a definition out of a form. Destinations that are known by
// their id keep their secret; the others get an id.
func readDefinition(f *insight.Form, before []Destination, newID func() string) Definition {
	d := Definition{
		Name:        f.Text("name", 1, MaxName),
		Description: f.Text("description", 0, MaxDescription),
		Enabled:     f.Flag("enabled", true),
		InsightID:   f.Text("insight_id", 1, 64),
		Bucket:      Complete,
		CheckEvery:  60, CheckWithoutLoads: f.Flag("check_without_loads", false), NotifyRecovery: f.Flag("notify_recovery", true),
		Destinations: []Destination{},
	}
	d.Measure = readMeasure(f.Form("measure", "A measure"))
	if f.Has("group") {
		g := f.Form("group", "A group")
		d.Group = &Group{}
		if g.Has("value") {
			text := g.Text("value", 0, MaxGroup)
			d.Group.Value = &text
		}
	}
	if f.Has("bucket") {
		d.Bucket = Bucket(f.Word("bucket", string(Complete), string(Current)))
	}
	d.Condition = readCondition(f.Form("condition", "A condition"))
	if f.Has("check_every_minutes") {
		d.CheckEvery = f.Whole("check_every_minutes", MinCheckEvery, MaxCheckEvery)
	}
	if f.Has("repeat_after_hours") {
		d.RepeatAfter = f.Whole("repeat_after_hours", 0, MaxRepeat)
	}
	for _, form := range f.Forms("destinations", "A destination", MaxDestinations) {
		d.Destinations = append(d.Destinations, readDestination(form, before, d.Destinations, newID))
	}
	return d
}

func readMeasure(f *insight.Form) Measure {
	var m Measure
	if f.Has("formula") {
		n := f.Whole("formula", 0, insight.MaxFormulas-1)
		m.Formula = &n
		if f.Has("series") {
			f.Fail("series", insight.CodeNotAllowed, "A measure is a series or a formula. Give one of the two.")
		}
		return m
	}
	n := f.Whole("series", 0, insight.MaxSeries-1)
	m.Series = &n
	return m
}

func readCondition(f *insight.Form) Condition {
	c := Condition{
		Type:      ConditionType(f.Word("type", string(Above), string(Below), string(Rises), string(Falls))),
		Threshold: f.Number("threshold"),
	}
	switch {
	case c.Changes():
		c.Unit = Unit(f.Word("unit", string(Absolute), string(Percent)))
		if c.Threshold < 0 {
			f.Fail("threshold", insight.CodeInvalidValue, "A change by less than 0 is one the other way. Give a number from 0, and %q or %q.", Rises, Falls)
		}
	case f.Has("unit"):
		f.Fail("unit", insight.CodeNotAllowed, "%q compares the value itself, which has no unit. Leave it out, or give the type %q or %q.", c.Type, Rises, Falls)
	}
	return c
}

func readDestination(f *insight.Form, before, others []Destination, newID func() string) Destination {
	d := Destination{ID: f.Text("id", 0, 64), Kind: DestinationKind(f.Word("kind", string(Webhook), string(SNS)))}
	switch d.Kind {
	case Webhook:
		d.URL = f.Text("url", 1, MaxURL)
	case SNS:
		d.TopicARN = f.Text("topic_arn", 1, 300)
	}
	if d.ID == "" {
		d.ID = newID()
		return d
	}
	same := func(o Destination) bool { return o.ID == d.ID }
	switch i := slices.IndexFunc(before, same); {
	case i < 0:
		f.Fail("id", insight.CodeUnknownValue, "The alert has no destination of this id. Leave the id out for a new one.")
	case before[i].Kind != d.Kind:
		f.Fail("kind", insight.CodeNotAllowed, "This destination is a %q and cannot become another. Leave its id out for a new one.", before[i].Kind)
	case slices.ContainsFunc(others, same):
		f.Fail("id", insight.CodeInvalidValue, "Another destination has this id. Leave it out for a new one.")
	default:
		d.Sealed = before[i].Sealed
	}
	return d
}
