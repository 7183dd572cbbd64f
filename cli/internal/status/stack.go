package status

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/deployed"
)

const (
	// deliveryLate is when Firehose is late: the alarm's own threshold.
	deliveryLate = 15 * time.Minute
	// defaultInterval is that of a stack whose schedule cannot be read.
	defaultInterval = 3 * time.Minute
	// history is how far back the newest load is looked for.
	history = 24 * time.Hour
	// metricPeriod is that of most metrics.
	metricPeriod = 5 * time.Minute
)

// lateAfter is how long an object may wait for its load, as the alarm has it.
func lateAfter(interval, idle time.Duration) time.Duration {
	return max(15*time.Minute, idle+3*interval+5*time.Minute)
}

// facts are what AWS answered.
type facts struct {
	queues    []deployed.Queue
	alarms    []deployed.Alarm
	functions []deployed.Function
	streams   []deployed.Stream
	schedules []deployed.Rule
	load      *deployed.Load
	metrics   []deployed.Points
}

// The places of the metrics in facts.metrics.
const (
	calls = iota
	clientErrors
	serverErrors
	eventsFreshness
	usersFreshness
	loadRuns
	loadErrors
	quarantines
	oldest
)

func metrics(s *deployed.Stack) []deployed.Metric {
	api := func(name string) deployed.Metric {
		return deployed.Metric{Namespace: "AWS/ApiGateway", Name: name, Statistic: "Sum", Dimensions: []string{"ApiName", s.Name, "Stage", "live"}, Period: metricPeriod, Window: time.Hour}
	}
	fresh := func(stream string) deployed.Metric {
		return deployed.Metric{Namespace: "AWS/Firehose", Name: "DeliveryToS3.DataFreshness", Statistic: "Maximum", Dimensions: []string{"DeliveryStreamName", stream}, Period: metricPeriod, Window: 10 * time.Minute}
	}
	out := []deployed.Metric{
		calls: api("Count"), clientErrors: api("4XXError"), serverErrors: api("5XXError"),
		eventsFreshness: fresh(s.Outputs.Streams["events"]), usersFreshness: fresh(s.Outputs.Streams["users"]),
	}
	if !s.Loads() {
		return out
	}
	// A load may come once a day.
	const loadWindow = 3*24*time.Hour + 2*metricPeriod
	load := func(name string) deployed.Metric {
		return deployed.Metric{Namespace: "AWS/Lambda", Name: name, Statistic: "Sum", Dimensions: []string{"FunctionName", s.Outputs.Functions["load"]}, Period: metricPeriod, Window: loadWindow}
	}
	return append(out,
		load("Invocations"), load("Errors"),
		deployed.Metric{Namespace: "DataLoaf/" + s.Name, Name: "QuarantinedObjects", Statistic: "Sum", Period: metricPeriod, Window: history},
		deployed.Metric{Namespace: "AWS/SQS", Name: "ApproximateAgeOfOldestMessage", Statistic: "Maximum", Dimensions: []string{"QueueName", s.Outputs.Queues["load"].Name}, Period: time.Minute, Window: 10 * time.Minute},
	)
}

func (o *Options) stack(ctx context.Context, r *Report, s *deployed.Stack) error {
	var f facts
	now := o.Now()
	asked := []func() error{
		func() (err error) { f.alarms, err = s.Ringing(ctx); return err },
		func() (err error) { f.functions, err = s.Functions(ctx); return err },
		func() (err error) { f.streams, err = s.Streams(ctx); return err },
		func() (err error) { f.metrics, err = s.Metrics(ctx, now, metrics(s)); return err },
	}
	if s.Loads() {
		asked = append(asked,
			func() (err error) { f.queues, err = s.Queues(ctx); return err },
			func() (err error) { f.schedules, err = s.Schedules(ctx); return err },
			func() (err error) { f.load, err = s.LastLoad(ctx, now.Add(-history)); return err },
		)
	}
	if err := atOnce(asked); err != nil {
		return err
	}
	r.Queues, r.Alarms, r.Functions, r.Streams, r.Schedules = f.queues, f.alarms, f.functions, f.streams, f.schedules
	r.Versions.Deployed = s.Outputs.DataloafVersion
	if d := r.Versions.Deployed; d != "" && d != r.Versions.Loafctl {
		r.note("`loafctl plan` shows what this loafctl would change.", "the stack was applied by loafctl %s, and this is %s", d, r.Versions.Loafctl)
	}
	r.Calls = &Calls{Total: f.metrics[calls].Sum(), ClientErrors: f.metrics[clientErrors].Sum(), ServerErrors: f.metrics[serverErrors].Sum()}
	r.collection(&f)
	if s.Loads() {
		r.loading(s, &f, now)
	}
	for _, a := range f.alarms {
		if a.Kind == "quarantined" {
			r.note("`loafctl replay` loads what was mended.", "the alarm %s rings: an object was set aside", a.Name)
			continue
		}
		r.problem("See docs/runbooks.md#"+a.Kind+".", "the alarm %s rings since %s", a.Name, a.Since.UTC().Format(time.RFC3339))
	}
	return o.askWarehouse(ctx, r, s)
}

// atOnce asks everything together and gives what went wrong.
func atOnce(asked []func() error) error {
	errs := make([]error, len(asked))
	var wg sync.WaitGroup
	for i, ask := range asked {
		wg.Go(func() { errs[i] = ask() })
	}
	wg.Wait()
	// One cause, such as credentials that have expired, makes all of them fail.
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// collection judges what stands before the raw objects.
func (r *Report) collection(f *facts) {
	for _, fn := range f.functions {
		if fn.State != "Active" || fn.Update == "Failed" {
			r.problem("The AWS console shows more; `loafctl apply` deploys it again.", "the function %s is %s (last update %s) %s", fn.Name, fn.State, fn.Update, fn.Reason)
		}
	}
	for _, s := range f.streams {
		if s.Status != "ACTIVE" {
			r.problem("The AWS console shows more; `loafctl apply` makes it again.", "the stream %s is %s %s", s.Name, s.Status, s.Failure)
		}
	}
	if late := max(f.metrics[eventsFreshness].Max(), f.metrics[usersFreshness].Max()); late >= deliveryLate.Seconds() {
		r.problem("See docs/runbooks.md#events-delivery-late.", "Firehose holds records back from S3 for %s", seconds(late))
	}
}

// loading judges the way from the raw objects into the warehouse.
func (r *Report) loading(s *deployed.Stack, f *facts, now time.Time) {
	interval := defaultInterval
	for _, rule := range f.schedules {
		if !rule.Enabled {
			r.problem("Enable it: `aws events enable-rule --name "+rule.Name+"`, or `loafctl apply`.", "the schedule %s is switched off", rule.Name)
		}
		if rule.Name == s.Name+"-load" && rule.Every > 0 {
			interval = rule.Every
		}
	}
	waiting := 0
	for _, q := range f.queues {
		waiting += q.Waiting + q.InFlight
		if q.DeadLetters > 0 {
			r.problem("See docs/runbooks.md#"+q.Name[len(s.Name)+1:]+"-dead-letters.", "%s in %s", plural(int64(q.DeadLetters), "message was tried too often and lies", "messages were tried too often and lie"), q.DeadLetterQueue)
		}
	}
	age := f.metrics[oldest].Max()
	if waiting > 0 {
		r.OldestWaitingSeconds = &age
		if late := lateAfter(interval, time.Duration(s.Outputs.IdleLoadIntervalMinutes)*time.Minute); age > late.Seconds() {
			r.problem("See docs/runbooks.md#load-late.", "a raw object has waited for its load for %s; more than %s is late", seconds(age), late)
		}
	}
	// The newest period is not whole yet, and metrics come a minute or two late.
	span := 3*interval + 2*metricPeriod
	runs, failed := f.metrics[loadRuns].Since(now.Add(-span)).Sum(), f.metrics[loadErrors].Since(now.Add(-span)).Sum()
	switch {
	case runs == 0 && youngerThan(f.functions, s.Outputs.Functions["load"], now.Add(-span)):
		r.note("Ask again in a few minutes.", "the load has not run since it was deployed, which is not long ago")
	case runs == 0:
		r.problem("See docs/runbooks.md#load-not-running.", "the load has not run in the last %s", span)
	case failed >= runs:
		r.problem("See docs/runbooks.md#load-errors.", "every load of the last %s failed", span)
	}
	if n := f.metrics[quarantines].Sum(); n > 0 {
		r.note("The page's pipeline view, or --token here, names them; `loafctl replay` loads what was mended.", "%s set aside in the last day", plural(int64(n), "object was", "objects were"))
	}
	if f.load != nil {
		r.LastLoad = &LastLoad{At: f.load.At, Objects: &f.load.Objects, Inserted: &f.load.Inserted}
	}
}

// youngerThan tells whether a function was changed after a time.
func youngerThan(functions []deployed.Function, name string, at time.Time) bool {
	for _, f := range functions {
		if f.Name == name {
			modified, err := time.Parse("2006-01-02T15:04:05.000-0700", f.Modified)
			return err == nil && modified.After(at)
		}
	}
	return false
}

// askWarehouse asks the warehouse through the page's API, where one may.
func (o *Options) askWarehouse(ctx context.Context, r *Report, s *deployed.Stack) error {
	if o.Token == "" && o.Password == "" {
		return nil
	}
	if s.Outputs.InsightsURL == "" {
		return errors.New("the stack has no insights page to ask with --token or --password")
	}
	client, err := o.Insights(s.Outputs.InsightsURL)
	if err != nil {
		return err
	}
	p, err := client.Pipeline(ctx)
	if err != nil {
		return fmt.Errorf("ask the warehouse: %w", err)
	}
	r.pipeline(p)
	return nil
}
