package deployed

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
)

// Alarm is an alarm of the stack that rings.
type Alarm struct {
	Name string `json:"name"`
	// Kind is the name without the stack's: a section of the runbooks.
	Kind        string    `json:"kind"`
	Description string    `json:"description"`
	Since       time.Time `json:"since"`
}

// Ringing are the alarms that ring.
func (s *Stack) Ringing(ctx context.Context) ([]Alarm, error) {
	prefix := s.Name + "-"
	pages := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(s.Session.Config), &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: &prefix, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}, StateValue: types.StateValueAlarm,
	})
	out := []Alarm{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, cloud.Explain(err, "ask which alarms ring")
		}
		for _, a := range page.MetricAlarms {
			// Another stack's name may begin with this one's.
			if !s.owns(a) {
				continue
			}
			name := aws.ToString(a.AlarmName)
			out = append(out, Alarm{
				Name: name, Kind: name[len(prefix):], Description: aws.ToString(a.AlarmDescription), Since: aws.ToTime(a.StateTransitionedTimestamp),
			})
		}
	}
	return out, nil
}

// owns tells whether an alarm is this stack's, by the topic that it tells.
func (s *Stack) owns(a types.MetricAlarm) bool {
	if s.Outputs.AlarmTopicARN == "" {
		return true
	}
	for _, action := range a.AlarmActions {
		if action == s.Outputs.AlarmTopicARN {
			return true
		}
	}
	return false
}

// Metric is one number over a time.
type Metric struct {
	Namespace, Name, Statistic string
	// Dimensions are names and values, in turn.
	Dimensions []string
	// Period is over which the statistic is taken; Window how far back one looks.
	Period, Window time.Duration
}

// Point is the value of a metric in the period that begins at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Points are the values of a metric where it has any, newest first.
type Points []Point

// Since are those that begin at a time or later.
func (p Points) Since(at time.Time) (since Points) {
	for _, point := range p {
		if !point.At.Before(at) {
			since = append(since, point)
		}
	}
	return since
}

// Sum is their sum.
func (p Points) Sum() (sum float64) {
	for _, point := range p {
		sum += point.Value
	}
	return sum
}

// Max is the greatest, 0 without any.
func (p Points) Max() (greatest float64) {
	for _, point := range p {
		greatest = max(greatest, point.Value)
	}
	return greatest
}

// Metrics reads metrics in one call.
func (s *Stack) Metrics(ctx context.Context, now time.Time, metrics []Metric) ([]Points, error) {
	input := &cloudwatch.GetMetricDataInput{EndTime: aws.Time(now), ScanBy: types.ScanByTimestampDescending}
	start := now
	index := map[string]int{}
	for i, m := range metrics {
		id := fmt.Sprintf("m%d", i)
		index[id] = i
		var dimensions []types.Dimension
		for d := 0; d+1 < len(m.Dimensions); d += 2 {
			dimensions = append(dimensions, types.Dimension{Name: &m.Dimensions[d], Value: &m.Dimensions[d+1]})
		}
		input.MetricDataQueries = append(input.MetricDataQueries, types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: &m.Namespace, MetricName: &m.Name, Dimensions: dimensions},
			Period: aws.Int32(int32(m.Period / time.Second)), Stat: &m.Statistic,
		}})
		if begin := now.Add(-m.Window); begin.Before(start) {
			start = begin
		}
	}
	input.StartTime = &start
	out := make([]Points, len(metrics))
	pages := cloudwatch.NewGetMetricDataPaginator(cloudwatch.NewFromConfig(s.Session.Config), input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, cloud.Explain(err, "read the stack's metrics")
		}
		for _, r := range page.MetricDataResults {
			i, ok := index[aws.ToString(r.Id)]
			if !ok || len(r.Values) != len(r.Timestamps) {
				continue
			}
			for n, at := range r.Timestamps {
				out[i] = append(out[i], Point{At: at, Value: r.Values[n]})
			}
		}
	}
	for i, m := range metrics {
		out[i] = out[i].Since(now.Add(-m.Window))
	}
	return out, nil
}

// Load is a run of the load function that stored something, as its log has it.
type Load struct {
	At       time.Time `json:"at"`
	Action   string    `json:"action"`
	Objects  int64     `json:"objects"`
	Lines    int64     `json:"lines"`
	Inserted int64     `json:"inserted"`
	// ElapsedMS is how long it took; At is its end.
	ElapsedMS int64 `json:"elapsed_ms"`
}

// Began is when the run began.
func (l Load) Began() time.Time { return l.At.Add(-time.Duration(l.ElapsedMS) * time.Millisecond) }

// loadPattern finds those runs in the log of the load function.
const loadPattern = `{ $.msg = "loaded" && $.objects > 0 }`

// maxLogPages bounds the search of the log: a page may be empty and yet not the
// last.
const maxLogPages = 20

// LastLoad is the newest run that stored something since a time; nil without
// one. Reading the log, unlike asking the warehouse, wakes nobody.
func (s *Stack) LastLoad(ctx context.Context, since time.Time) (*Load, error) {
	group := s.Outputs.LogGroups["load"]
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(s.Session.Config), &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: aws.String(loadPattern), StartTime: aws.Int64(since.UnixMilli()),
	})
	var last *Load
	for n := 0; n < maxLogPages && pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, cloud.Explain(err, "read the log %s", group)
		}
		for _, event := range page.Events {
			at := time.UnixMilli(aws.ToInt64(event.Timestamp)).UTC()
			if last != nil && !at.After(last.At) {
				continue
			}
			var load Load
			if json.Unmarshal([]byte(aws.ToString(event.Message)), &load) == nil {
				load.At = at
				last = &load
			}
		}
	}
	return last, nil
}

// Quarantined tells whether the log of the load function has since a time that an
// object, bucket/key, was set aside, and why.
func (s *Stack) Quarantined(ctx context.Context, since time.Time, object string) (reason string, found bool, err error) {
	group := s.Outputs.LogGroups["load"]
	pattern := fmt.Sprintf(`{ $.msg = "an object is quarantined" && $.object = %q }`, object)
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(s.Session.Config), &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: &pattern, StartTime: aws.Int64(since.UnixMilli()),
	})
	for n := 0; n < maxLogPages && pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", false, cloud.Explain(err, "read the log %s", group)
		}
		for _, event := range page.Events {
			var line struct{ Reason string }
			if json.Unmarshal([]byte(aws.ToString(event.Message)), &line) == nil {
				return line.Reason, true, nil
			}
		}
	}
	return "", false, nil
}
