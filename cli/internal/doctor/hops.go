package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/deployed"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
)

// deliveryPatience is how long Firehose may take: it gathers for a minute.
const deliveryPatience = 4 * time.Minute

// loadSlack is what a load may take beyond its interval.
const loadSlack = 5 * time.Minute

// notificationSlack is how late a bucket may tell of a new object.
const notificationSlack = 20 * time.Second

// clockSlack is how far this machine's clock may be from S3's.
const clockSlack = 2 * time.Minute

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// hops is the way through a stack.
func (d *doctor) hops(s *deployed.Stack, client *insights.Client) []hop {
	key := keyOr(d.APIKey, s.Outputs.APIKeys)
	hops := []hop{
		d.post(s.Outputs.Endpoint, key),
		{name: "2. Firehose to S3", patience: deliveryPatience, pass: func(ctx context.Context, e *sent) result { return d.delivered(ctx, s, e) }},
	}
	if !s.Loads() {
		return hops
	}
	hops = append(hops, hop{name: "3. load", patience: d.Timeout, pass: func(ctx context.Context, e *sent) result { return d.loaded(ctx, s, client, e) }})
	if client == nil {
		return append(hops, hop{name: "4. query", pass: func(context.Context, *sent) result {
			return skip("nobody may ask the page: give --token or --password, and --insecure for a page without a domain")
		}})
	}
	return append(hops, d.query(client, "4. query"))
}

// delivered waits for the raw object that holds the event.
func (d *doctor) delivered(ctx context.Context, s *deployed.Stack, e *sent) result {
	bucket := s.Outputs.Buckets["events"]
	searched := map[string]bool{}
	r, err := d.until(ctx, deliveryPatience, func() (*result, error) {
		for _, prefix := range hours(e.at.Add(-clockSlack), d.Now()) {
			object, err := d.search(ctx, s, bucket, prefix, e, searched)
			if err != nil {
				return nil, err
			}
			if object != nil {
				e.object, e.stored = bucket+"/"+aws.ToString(object.Key), aws.ToTime(object.LastModified)
				r := ok("in s3://%s, %v after it was sent", e.object, d.Now().Sub(e.at).Round(time.Second))
				return &r, nil
			}
		}
		return nil, nil //nolint:nilnil // not there yet
	})
	if err != nil {
		return failed(err)
	}
	if r == nil {
		return d.notDelivered(ctx, s, e)
	}
	return *r
}

// search looks for the event in the objects that are new.
func (d *doctor) search(ctx context.Context, s *deployed.Stack, bucket, prefix string, e *sent, searched map[string]bool) (*types.Object, error) {
	client := s.Session.S3()
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, cloud.Explain(err, "list the bucket %s", bucket)
		}
		for i := range page.Contents {
			object := &page.Contents[i]
			name := aws.ToString(object.Key)
			if searched[name] || aws.ToTime(object.LastModified).Before(e.at.Add(-clockSlack)) {
				continue
			}
			answer, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: object.Key})
			if err != nil {
				return nil, cloud.Explain(err, "read s3://%s/%s", bucket, name)
			}
			found, err := contains(answer.Body, e.id)
			_ = answer.Body.Close() // read to its end, or not wanted any more
			if err != nil {
				// Broken gzip is for the load to complain of.
				found = false
			}
			searched[name] = true
			if found {
				return object, nil
			}
		}
	}
	return nil, nil //nolint:nilnil // it is not among them
}

// notDelivered finds out why there is no object.
func (d *doctor) notDelivered(ctx context.Context, s *deployed.Stack, e *sent) result {
	stream, group := s.Outputs.Streams["events"], s.Outputs.LogGroups["firehose"]
	remedy := "The log group " + group + " says why. docs/runbooks.md#events-delivery-late says what to do. The event is not lost: Firehose tries for a day."
	text := fmt.Sprintf("no object in %s holds the event after %v", s.Outputs.Buckets["events"], d.Now().Sub(e.at).Round(time.Second))
	if streams, err := s.Streams(ctx); err == nil {
		for _, st := range streams {
			if st.Name == stream && st.Status != "ACTIVE" {
				return bad(remedy, "%s: the stream %s is %s %s", text, stream, st.Status, st.Failure)
			}
		}
	}
	prefix, bucket := "errors/events/", s.Outputs.Buckets["events"]
	if page, err := s.Session.S3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}); err == nil {
		for _, object := range page.Contents {
			if !aws.ToTime(object.LastModified).Before(e.at) {
				return bad(remedy, "%s: Firehose put what it could not deliver into %s", text, aws.ToString(object.Key))
			}
		}
	}
	got, err := s.Metrics(ctx, d.Now(), []deployed.Metric{{
		Namespace: "AWS/Firehose", Name: "IncomingRecords", Statistic: "Sum", Dimensions: []string{"DeliveryStreamName", stream}, Period: time.Minute, Window: d.Now().Sub(e.at) + time.Minute,
	}})
	switch {
	case err != nil:
		return bad(remedy, "%s", text)
	case got[0].Sum() == 0:
		return bad("The log group "+s.Outputs.LogGroups["collect"]+" says what collect did with it.", "%s: Firehose took in nothing since", text)
	default:
		return bad(remedy, "%s: Firehose took in %.0f records since and has not delivered them", text, got[0].Sum())
	}
}

// loaded waits for the load of the object: by the warehouse, where one may ask
// it, and else by the log of the function.
func (d *doctor) loaded(ctx context.Context, s *deployed.Stack, client *insights.Client, e *sent) result {
	interval := 3 * time.Minute
	if rules, err := s.Schedules(ctx); err == nil && len(rules) > 0 && rules[0].Every > 0 {
		interval = rules[0].Every
	}
	patience := interval + loadSlack
	if client == nil {
		// Who asks for the event ends the waiting; who cannot must wait it out.
		patience += time.Duration(s.Outputs.IdleLoadIntervalMinutes) * time.Minute
	}
	r, err := d.until(ctx, patience, func() (*result, error) { return d.lookAtLoad(ctx, s, client, e) })
	if err != nil {
		return failed(err)
	}
	if r == nil {
		return d.notLoaded(ctx, s, patience)
	}
	return *r
}

func (d *doctor) lookAtLoad(ctx context.Context, s *deployed.Stack, client *insights.Client, e *sent) (*result, error) {
	run, err := s.LastLoad(ctx, e.stored)
	if err != nil || run == nil {
		return nil, err
	}
	reason, aside, err := s.Quarantined(ctx, e.stored, e.object)
	if err != nil {
		return nil, err
	}
	if aside {
		r := bad("docs/runbooks.md#quarantined says what to do.", "the object was set aside: %s", reason)
		return &r, nil
	}
	if client != nil {
		// The log tells of a run, and the warehouse that this object was in it.
		n, err := client.CountEvents(ctx, eventName, markProperty, e.id)
		if err != nil || n == 0 {
			return nil, passing(err)
		}
	}
	if client == nil && run.Began().Before(e.stored.Add(notificationSlack)) {
		return nil, nil //nolint:nilnil // it may have begun before it was told of the object
	}
	r := ok("%d objects, %d new rows, at %s", run.Objects, run.Inserted, run.At.Format(time.TimeOnly))
	return &r, nil
}

// notLoaded finds out why there was no load.
func (d *doctor) notLoaded(ctx context.Context, s *deployed.Stack, patience time.Duration) result {
	group := s.Outputs.LogGroups["load"]
	text := fmt.Sprintf("not loaded within %v", patience)
	if rules, err := s.Schedules(ctx); err == nil {
		for _, r := range rules {
			if strings.HasSuffix(r.Name, "-load") && !r.Enabled {
				return bad("Enable it: `aws events enable-rule --name "+r.Name+"`, or `loafctl apply`.", "%s: the schedule %s is switched off", text, r.Name)
			}
		}
	}
	if all, err := s.Queues(ctx); err == nil {
		for _, q := range all {
			if q.Name != s.Outputs.Queues["load"].Name {
				continue
			}
			if q.Waiting+q.InFlight > 0 {
				return bad("The log group "+group+" says why. docs/runbooks.md#load-late says what to do.", "%s: %d notifications wait in %s and %d are in work", text, q.Waiting, q.Name, q.InFlight)
			}
			return bad("Does the bucket notify the queue? `loafctl apply` puts that back; the daily sweep loads what was missed. The log group "+group+" has the runs.", "%s, and nothing waits in %s", text, q.Name)
		}
	}
	return bad("The log group "+group+" says why. docs/runbooks.md#load-late says what to do.", "%s", text)
}
