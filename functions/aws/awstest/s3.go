package awstest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pageKeys is how many keys a page of a listing has unless the caller wants
// fewer.
const pageKeys = 1000

type object struct {
	body   []byte
	header http.Header
}

// notify says which queue is told of new objects.
type notify struct{ prefix, queue string }

// MakeBucket makes an empty bucket.
func (a *AWS) MakeBucket(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buckets[name] = map[string]object{}
}

// Notify announces new objects of a bucket under a prefix to a queue.
func (a *AWS) Notify(bucket, prefix, queue string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notify[bucket] = append(a.notify[bucket], notify{prefix, queue})
}

// Version makes a bucket keep what its objects were before.
func (a *AWS) Version(bucket string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.older[bucket] = map[string][]version{}
}

// Older are the contents that objects of a bucket had before, by version.
func (a *AWS) Older(bucket string) map[string][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string][]byte{}
	for key, versions := range a.older[bucket] {
		for _, v := range versions {
			all[key+"?"+v.id] = v.body
		}
	}
	return all
}

// Hold keeps a version from being removed, as Object Lock does.
func (a *AWS) Hold(bucket, keyAndVersion string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held[bucket+"/"+keyAndVersion] = true
}

// Mirror also writes every object that is put from now on to a folder, at
// bucket/key, for a stand-in of another service that reads S3.
func (a *AWS) Mirror(dir string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mirror = dir
}

// PutObject stores an object as if somebody had put it.
func (a *AWS) PutObject(bucket, key string, body []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(bucket, key, object{body: body, header: http.Header{}})
}

// DeleteObject removes an object.
func (a *AWS) DeleteObject(bucket, key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outdate(bucket, key)
	delete(a.buckets[bucket], key)
}

// Object is the content of an object.
func (a *AWS) Object(bucket, key string) ([]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o, ok := a.buckets[bucket][key]
	return o.body, ok
}

// Keys are the keys of a bucket in their order.
func (a *AWS) Keys(bucket string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.buckets[bucket]))
}

// version is what an object was before.
type version struct {
	id   string
	body []byte
}

// outdate keeps the current version of an object as an older one.
func (a *AWS) outdate(bucket, key string) {
	o, ok := a.buckets[bucket][key]
	if a.older[bucket] == nil || !ok {
		return
	}
	versions := a.older[bucket][key]
	next := version{id: "v" + strconv.Itoa(len(versions)+1), body: o.body}
	a.older[bucket][key] = append([]version{next}, versions...)
}

func (a *AWS) put(bucket, key string, o object) {
	a.outdate(bucket, key)
	a.buckets[bucket][key] = o
	if a.mirror != "" {
		if err := mirror(filepath.Join(a.mirror, bucket, filepath.FromSlash(key)), o.body); err != nil {
			panic(err) // a test folder that cannot be written to
		}
	}
	for _, n := range a.notify[bucket] {
		if strings.HasPrefix(key, n.prefix) {
			a.send(n.queue, Notification(bucket, key, int64(len(o.body))), 0)
		}
	}
}

func mirror(path string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o644)
}

func checksum(body []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
}

// s3 reads a request with the bucket in its path.
func (a *AWS) s3(r *http.Request, body []byte) (name, subject string, do operation) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	bucket, key, hasKey := strings.Cut(path, "/")
	exists := func(do operation) operation {
		return func(f Fault) (answer, error) {
			if a.buckets[bucket] == nil {
				return answer{}, fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
			}
			return do(f)
		}
	}
	get := func(Fault) (answer, error) {
		o, ok := a.buckets[bucket][key]
		if id := r.URL.Query().Get("versionId"); id != "" {
			i := a.indexOf(bucket, key, id)
			if ok = i >= 0; ok {
				o = object{body: a.older[bucket][key][i].body, header: http.Header{}}
			}
		}
		if !ok {
			return answer{}, fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		}
		h := o.header.Clone()
		h.Set("ETag", `"0123456789abcdef0123456789abcdef"`)
		if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
			h.Set("X-Amz-Checksum-Crc32", checksum(o.body))
		}
		h.Set("Content-Length", strconv.Itoa(len(o.body)))
		return answer{header: h, body: o.body}, nil
	}
	switch {
	case r.Method == http.MethodGet && (!hasKey || key == "") && r.URL.Query().Get("list-type") == "2":
		return "ListObjectsV2", bucket, exists(func(Fault) (answer, error) { return a.list(bucket, r.URL.Query()) })
	case r.Method == http.MethodGet && (!hasKey || key == "") && r.URL.Query().Has("versions"):
		return "ListObjectVersions", bucket, exists(func(Fault) (answer, error) { return a.listVersions(bucket, r.URL.Query()) })
	case r.Method == http.MethodDelete && key != "" && r.URL.Query().Get("versionId") != "":
		return "DeleteObject", path, exists(func(Fault) (answer, error) { return a.removeVersion(bucket, key, r.URL.Query().Get("versionId")) })
	case r.Method == http.MethodGet && key != "":
		return "GetObject", path, exists(get)
	case r.Method == http.MethodHead && key != "":
		return "HeadObject", path, exists(get)
	case r.Method == http.MethodPut && key != "":
		return "PutObject", path, exists(func(Fault) (answer, error) {
			sum := r.Header.Get("X-Amz-Checksum-Crc32")
			if sum == "" {
				return answer{}, fail(http.StatusBadRequest, "InvalidRequest", "the stand-in wants a CRC-32")
			}
			if sum != checksum(body) {
				return answer{}, fail(http.StatusBadRequest, "BadDigest", "The CRC32 you specified did not match the calculated checksum.")
			}
			h := http.Header{}
			if t := r.Header.Get("Content-Type"); t != "" {
				h.Set("Content-Type", t)
			}
			a.put(bucket, key, object{body: body, header: h})
			return answer{header: http.Header{"X-Amz-Checksum-Crc32": {sum}, "Etag": {`"0123456789abcdef0123456789abcdef"`}}}, nil
		})
	default:
		return r.Method, path, func(Fault) (answer, error) {
			return answer{}, fail(http.StatusNotImplemented, "NotImplemented", "%s %s", r.Method, r.URL)
		}
	}
}

type listing struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	StartAfter            string `xml:",omitempty"`
	KeyCount              int
	MaxKeys               int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listed
}

type listed struct {
	Key          string
	Size         int64
	LastModified string
	ETag         string
	StorageClass string
}

func (a *AWS) list(bucket string, q url.Values) (answer, error) {
	out := listing{Name: bucket, Prefix: q.Get("prefix"), StartAfter: q.Get("start-after"), MaxKeys: pageKeys}
	if text := q.Get("max-keys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return answer{}, fail(http.StatusBadRequest, "InvalidArgument", "max-keys %q", text)
		}
		out.MaxKeys = min(n, pageKeys)
	}
	after := max(out.StartAfter, strings.TrimPrefix(q.Get("continuation-token"), "after:"))
	for _, key := range slices.Sorted(maps.Keys(a.buckets[bucket])) {
		if key <= after || !strings.HasPrefix(key, out.Prefix) {
			continue
		}
		if out.KeyCount == out.MaxKeys {
			out.IsTruncated = true
			out.NextContinuationToken = "after:" + out.Contents[out.KeyCount-1].Key
			break
		}
		out.KeyCount++
		out.Contents = append(out.Contents, listed{
			Key: key, Size: int64(len(a.buckets[bucket][key].body)), LastModified: "2026-01-02T03:04:05.000Z",
			ETag: `"0123456789abcdef0123456789abcdef"`, StorageClass: "STANDARD",
		})
	}
	text, err := xml.Marshal(out)
	return answer{header: http.Header{"Content-Type": {"application/xml"}}, body: append([]byte(xml.Header), text...)}, err
}

func (a *AWS) indexOf(bucket, key, id string) int {
	return slices.IndexFunc(a.older[bucket][key], func(v version) bool { return v.id == id })
}

func (a *AWS) removeVersion(bucket, key, id string) (answer, error) {
	i := a.indexOf(bucket, key, id)
	if i < 0 {
		return answer{status: http.StatusNoContent}, nil // so does S3
	}
	if a.held[bucket+"/"+key+"?"+id] {
		return answer{}, fail(http.StatusForbidden, "AccessDenied", "Access Denied because object protected by object lock.")
	}
	a.older[bucket][key] = slices.Delete(a.older[bucket][key], i, i+1)
	return answer{status: http.StatusNoContent}, nil
}

type versions struct {
	XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name                string
	Prefix              string
	KeyMarker           string
	MaxKeys             int
	IsTruncated         bool
	NextKeyMarker       string          `xml:",omitempty"`
	NextVersionIdMarker string          `xml:",omitempty"` //nolint:revive // S3's name
	Version             []listedVersion `xml:"Version"`
	DeleteMarker        []deleteMarker  `xml:"DeleteMarker"`
}

type listedVersion struct {
	Key, VersionId string //nolint:revive // S3's name
	IsLatest       bool
	Size           int64
}

type deleteMarker struct {
	Key, VersionId string //nolint:revive // S3's name
	IsLatest       bool
}

// listVersions lists the versions of a bucket, a few a page, so that those of one
// key come on two.
func (a *AWS) listVersions(bucket string, q url.Values) (answer, error) {
	const page = 3
	out := versions{Name: bucket, Prefix: q.Get("prefix"), KeyMarker: q.Get("key-marker"), MaxKeys: page}
	keys := map[string]bool{}
	for key := range a.buckets[bucket] {
		keys[key] = true
	}
	for key := range a.older[bucket] {
		keys[key] = true
	}
	behind := q.Get("version-id-marker") == ""
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !strings.HasPrefix(key, out.Prefix) || key < out.KeyMarker || key == out.KeyMarker && behind {
			continue
		}
		current, there := a.buckets[bucket][key]
		all := []listedVersion{{Key: key, VersionId: "current", IsLatest: true, Size: int64(len(current.body))}}
		for _, v := range a.older[bucket][key] {
			all = append(all, listedVersion{Key: key, VersionId: v.id, Size: int64(len(v.body))})
		}
		for _, v := range all {
			if key == out.KeyMarker && !behind {
				behind = v.VersionId == q.Get("version-id-marker")
				continue
			}
			if len(out.Version)+len(out.DeleteMarker) == page {
				out.IsTruncated = true
				text, err := xml.Marshal(out)
				return answer{header: http.Header{"Content-Type": {"application/xml"}}, body: append([]byte(xml.Header), text...)}, err
			}
			out.NextKeyMarker, out.NextVersionIdMarker = key, v.VersionId
			if v.IsLatest && !there {
				out.DeleteMarker = append(out.DeleteMarker, deleteMarker{Key: key, VersionId: "marker", IsLatest: true})
				continue
			}
			out.Version = append(out.Version, v)
		}
	}
	out.NextKeyMarker, out.NextVersionIdMarker = "", ""
	text, err := xml.Marshal(out)
	return answer{header: http.Header{"Content-Type": {"application/xml"}}, body: append([]byte(xml.Header), text...)}, err
}

// Notification is the message by which S3 tells of a new object
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
func Notification(bucket, key string, size int64) string {
	return fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":%q,"eventTime":"2026-01-02T03:04:05.000Z","eventName":"ObjectCreated:Put",`+
		`"userIdentity":{"principalId":"AWS:EXAMPLE"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810"},`+
		`"s3":{"s3SchemaVersion":"1.0","configurationId":"raw","bucket":{"name":%q,"ownerIdentity":{"principalId":"EXAMPLE"},"arn":%q},`+
		`"object":{"key":%q,"size":%d,"eTag":"0123456789abcdef0123456789abcdef","sequencer":"0055AED6DCD90281E5"}}}]}`,
		Region, bucket, "arn:aws:s3:::"+bucket, escapeKey(key), size)
}

// escapeKey encodes a key as a form does and leaves the slashes.
func escapeKey(key string) string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		parts[i] = url.QueryEscape(p)
	}
	return strings.Join(parts, "/")
}
