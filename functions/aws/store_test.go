package aws_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/awstest"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

var (
	_ update.ObjectStore = (*aws.Store)(nil)
	_ warehouse.Source   = (*aws.Store)(nil)
	_ load.Lister        = (*aws.Store)(nil)
	_ load.StateStore    = (*aws.Store)(nil)
	_ deletion.Store     = (*aws.Store)(nil)
)

var buckets = aws.Buckets{Events: "the-events", Users: "the-users"}

func newStore(t *testing.T) (*aws.Store, *awstest.AWS) {
	t.Helper()
	a := awstest.New(t)
	a.MakeBucket(buckets.Events)
	a.MakeBucket(buckets.Users)
	return aws.NewStore(a.Config(), buckets), a
}

func raw(t *testing.T, bucket, key string) warehouse.Object {
	t.Helper()
	o, ok := warehouse.ParseKey(bucket, key)
	if !ok {
		t.Fatalf("%s is no raw object", key)
	}
	return o
}

func TestPutAndOpen(t *testing.T) {
	s, a := newStore(t)
	body := []byte("\x1f\x8b what looks like gzip is not unpacked on the way")
	const key = "updates/2026/01/02/03/a b+c=ü.ndjson.gz"
	if err := s.Put(t.Context(), buckets.Users, key, body); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), raw(t, buckets.Users, key))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != string(body) {
		t.Errorf("%q, %v", got, err)
	}
	if there, err := s.Exists(t.Context(), buckets.Users, key); err != nil || !there {
		t.Errorf("%v, %v", there, err)
	}
	if keys := a.Keys(buckets.Users); !slices.Equal(keys, []string{key}) {
		t.Errorf("%q", keys)
	}
}

// A body that does not arrive as it was sent is not stored; S3 compares.
func TestPutSendsAChecksum(t *testing.T) {
	s, a := newStore(t)
	if err := s.Put(t.Context(), buckets.Users, "k", []byte("123456789")); err != nil {
		t.Fatal(err)
	}
	// The check value of CRC-32 is CBF43926.
	if got := a.Calls("PutObject")[0].Header.Get("X-Amz-Checksum-Crc32"); got != "y/Q5Jg==" {
		t.Errorf("checksum %q", got)
	}
	a.SetFault(func(awstest.Call) awstest.Fault {
		return awstest.Fault{Status: http.StatusBadRequest, Code: "BadDigest"}
	})
	if err := s.Put(t.Context(), buckets.Users, "k", []byte("x")); err == nil {
		t.Error("a body that was refused is stored")
	}
}

func TestPutIsTriedAgain(t *testing.T) {
	s, a := newStore(t)
	calls := 0
	a.SetFault(func(awstest.Call) awstest.Fault {
		calls++
		return []awstest.Fault{{Status: http.StatusServiceUnavailable, Code: "SlowDown"}, {CutAfter: true}, {}}[calls-1]
	})
	if err := s.Put(t.Context(), buckets.Users, "k", []byte("x")); err != nil || calls != 3 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	s, a := newStore(t)
	if _, err := s.Open(t.Context(), raw(t, buckets.Events, "events/none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an object: %v", err)
	}
	if _, err := s.Get(t.Context(), buckets.Events, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a state: %v", err)
	}
	if there, err := s.Exists(t.Context(), buckets.Events, "none"); err != nil || there {
		t.Errorf("%v, %v", there, err)
	}
	// A wrong bucket or a missing permission must not pass for objects that
	// are late.
	if _, err := s.Open(t.Context(), raw(t, "no-bucket", "events/a")); errors.Is(err, fs.ErrNotExist) || !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("a bucket: %v", err)
	}
	a.SetFault(func(awstest.Call) awstest.Fault {
		return awstest.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
	})
	if _, err := s.Open(t.Context(), raw(t, buckets.Events, "events/none")); errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no permission: %v", err)
	}
	if _, err := s.Exists(t.Context(), buckets.Events, "none"); err == nil {
		t.Error("no permission is an answer")
	}
	a.SetFault(func(awstest.Call) awstest.Fault {
		return awstest.Fault{Status: http.StatusNotFound, Code: "NoSuchVersion"}
	})
	if _, err := s.Open(t.Context(), raw(t, buckets.Events, "events/none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a version: %v", err)
	}
}

// A download that breaks off says nothing about the data: the object must not
// be set aside for it.
func TestADownloadThatBreaksOffIsTheStores(t *testing.T) {
	s, a := newStore(t)
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	var packed writer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(noise)
	_ = z.Close()
	a.PutObject(buckets.Events, "events/a.gz", packed)
	a.SetFault(func(awstest.Call) awstest.Fault { return awstest.Fault{Truncate: true} })
	body, err := s.Open(t.Context(), raw(t, buckets.Events, "events/a.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	unpacked, err := gzip.NewReader(body)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, unpacked)
	if !errors.Is(err, warehouse.ErrUnavailable) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

func list(t *testing.T, s *aws.Store, kind warehouse.Kind, after string) (keys []string) {
	t.Helper()
	err := s.List(t.Context(), kind, after, func(objects []warehouse.Object) error {
		if len(objects) > 1000 {
			t.Errorf("%d objects at once", len(objects))
		}
		for _, o := range objects {
			if o.Size != 1 || o.Kind != kind || o.Bucket != buckets.Of(kind) {
				t.Errorf("%+v", o)
			}
			keys = append(keys, o.Key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestListGoesThroughAllPages(t *testing.T) {
	s, a := newStore(t)
	var want []string
	for i := range 2500 {
		key := fmt.Sprintf("events/2026/01/02/03/%05d.gz", i)
		want = append(want, key)
		a.PutObject(buckets.Events, key, []byte("x"))
	}
	for _, other := range []string{"manifests/a", "state/rebuild.json", "errors/a", "events/2026/"} {
		a.PutObject(buckets.Events, other, []byte("x"))
	}
	a.PutObject(buckets.Users, "users/a", []byte("x"))
	a.PutObject(buckets.Users, "updates/a", []byte("x"))
	if got := list(t, s, warehouse.Events, ""); !slices.Equal(got, want) {
		t.Errorf("%d keys", len(got))
	}
	if got := list(t, s, warehouse.Updates, ""); !slices.Equal(got, []string{"updates/a"}) {
		t.Errorf("%q", got)
	}
	stop := errors.New("stop")
	if err := s.List(t.Context(), warehouse.Events, "", func([]warehouse.Object) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	if err := s.List(t.Context(), warehouse.Events, "events/3", func([]warehouse.Object) error { return stop }); err != nil {
		t.Errorf("nothing is something: %v", err)
	}
}

// Three days are listed as three days, whatever lies before them.
func TestAWindowListsNothingOlder(t *testing.T) {
	s, a := newStore(t)
	now := time.Date(2026, 3, 4, 5, 30, 0, 0, time.UTC)
	key := func(at time.Time) string { return "events/" + at.Format("2006/01/02/15") + "/a.gz" }
	var want []string
	for h := 3000; h >= 0; h-- {
		at := now.Add(-time.Duration(h) * time.Hour)
		a.PutObject(buckets.Events, key(at), []byte("x"))
		if h <= 72 {
			want = append(want, key(at))
		}
	}
	got := list(t, s, warehouse.Events, load.Since(now.Add(-72 * time.Hour)).After[warehouse.Events])
	if !slices.Equal(got, want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
	calls := a.Calls("ListObjectsV2")
	if len(calls) != 1 {
		t.Fatalf("%d pages", len(calls))
	}
	if q, err := url.ParseQuery(calls[0].Query); err != nil || q.Get("start-after") != "events/2026/03/01/05" || q.Get("prefix") != "events/" {
		t.Errorf("asked for %v", q)
	}
}

func TestOlderVersions(t *testing.T) {
	s, a := newStore(t)
	a.Version(buckets.Events)
	const one, two, gone = "events/2026/01/02/03/1.gz", "events/2026/01/02/03/2.gz", "events/2026/01/02/04/3.gz"
	for _, key := range []string{one, two, gone} {
		for i := range 3 {
			a.PutObject(buckets.Events, key, fmt.Appendf(nil, "%s %d", key, i))
		}
	}
	a.DeleteObject(buckets.Events, gone)
	a.PutObject(buckets.Events, "manifests/x", nil)
	a.PutObject(buckets.Events, "manifests/x", nil)
	list := func(after string) (all []string) {
		err := s.Older(t.Context(), warehouse.Events, after, func(versions []deletion.Version) error {
			for _, v := range versions {
				body, err := s.OpenVersion(t.Context(), v)
				if err != nil {
					return err
				}
				text, err := io.ReadAll(body)
				all = append(all, fmt.Sprintf("%s %s", v.ID, text))
				if err := errors.Join(err, body.Close()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	of := func(key string, more ...string) []string {
		return append(more, "v2 "+key+" 1", "v1 "+key+" 0")
	}
	if got, want := list(""), slices.Concat(of(one), of(two), of(gone, "v3 "+gone+" 2")); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := list(two), of(gone, "v3 "+gone+" 2"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	v := deletion.Version{Object: raw(t, buckets.Events, one), ID: "v2"}
	if err := s.RemoveVersion(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveVersion(t.Context(), v); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, err := s.OpenVersion(t.Context(), v); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	a.Hold(buckets.Events, one+"?v1")
	v.ID = "v1"
	if err := s.RemoveVersion(t.Context(), v); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
	if body, _ := a.Object(buckets.Events, one); string(body) != one+" 2" {
		t.Errorf("the current version is %q", body)
	}
}
