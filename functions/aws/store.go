package aws

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"net/http"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Store keeps raw objects in S3. It implements update.ObjectStore,
// warehouse.Source and load.Lister.
type Store struct {
	client  *s3.Client
	buckets Buckets
}

// NewStore makes a client of S3. The buckets are those that List lists.
func NewStore(c sdk.Config, buckets Buckets) *Store {
	return &Store{client: newS3(c), buckets: buckets}
}

// Put implements update.ObjectStore. S3 compares the body with its checksum
// before it stores it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
func (s *Store) Put(ctx context.Context, bucket, key string, body []byte) error {
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	answer, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ContentLength: sdk.Int64(int64(len(body))), ChecksumCRC32: &sum,
	})
	if err != nil {
		return fmt.Errorf("put %s/%s: %w", bucket, key, err)
	}
	if stored := sdk.ToString(answer.ChecksumCRC32); stored != "" && stored != sum {
		return fmt.Errorf("put %s/%s: the store says that it has checksum %s, and %s was sent", bucket, key, stored, sum)
	}
	return nil
}

// Exists tells whether there is an object. The role must be allowed to list the
// bucket: without that S3 answers 403 for what is not there
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
func (s *Store) Exists(ctx context.Context, bucket, key string) (bool, error) {
	_, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	switch {
	case err == nil:
		return true, nil
	case isMissing(err):
		return false, nil
	default:
		return false, fmt.Errorf("look for %s/%s: %w", bucket, key, err)
	}
}

// Get reads a small object whole.
func (s *Store) Get(ctx context.Context, bucket, key string) ([]byte, error) {
	body, err := s.Open(ctx, warehouse.Object{Bucket: bucket, Key: key})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// Open implements warehouse.Source. What breaks off while it is read is an
// error that wraps warehouse.ErrUnavailable and nothing that looks like the end
// of the data.
func (s *Store) Open(ctx context.Context, o warehouse.Object) (io.ReadCloser, error) {
	answer, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.Bucket, Key: &o.Key})
	if err != nil {
		if isMissing(err) {
			return nil, fmt.Errorf("open %s: %w: %w", o.ID(), fs.ErrNotExist, err)
		}
		return nil, fmt.Errorf("open %s: %w: %w", o.ID(), warehouse.ErrUnavailable, err)
	}
	return &download{id: o.ID(), body: answer.Body}, nil
}

// isMissing tells whether S3 answered that there is no such object. A bucket
// that is missing is another matter: every object in it would seem late.
func isMissing(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "NoSuchKey", "NoSuchVersion", "NotFound":
			return true
		case "NoSuchBucket":
			return false
		}
	}
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound
}

// download is the body of an object. The errors of its connection must not pass
// for those of its content: an io.ErrUnexpectedEOF in the middle of gzip would
// have the object set aside as broken.
type download struct {
	id   string
	body io.ReadCloser
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if err == nil || err == io.EOF { //nolint:errorlint // the bare io.EOF alone means the end
		return n, err
	}
	return n, &downloadError{id: d.id, text: err.Error(), timeout: errors.Is(err, context.DeadlineExceeded), cancelled: errors.Is(err, context.Canceled)}
}

func (d *download) Close() error { return d.body.Close() }

// downloadError keeps the text of an error and not its identity.
type downloadError struct {
	id, text           string
	timeout, cancelled bool
}

func (e *downloadError) Error() string {
	return fmt.Sprintf("the download of %s broke off: %s", e.id, e.text)
}

func (e *downloadError) Unwrap() []error {
	causes := []error{warehouse.ErrUnavailable}
	if e.timeout {
		causes = append(causes, context.DeadlineExceeded)
	}
	if e.cancelled {
		causes = append(causes, context.Canceled)
	}
	return causes
}

// List implements load.Lister. S3 gives the keys in the order of their bytes,
// a thousand at a time
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), and
// a key begins with its hour, so beginning behind a key leaves out all that is
// older without listing it.
func (s *Store) List(ctx context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error {
	bucket, prefix := s.buckets.Of(kind), string(kind)+"/"
	input := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}
	if after != "" {
		input.StartAfter = &after
	}
	pages := s3.NewListObjectsV2Paginator(s.client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list %s/%s: %w", bucket, prefix, err)
		}
		objects := make([]warehouse.Object, 0, len(page.Contents))
		for _, found := range page.Contents {
			// A console makes empty objects to show folders.
			if o, ok := warehouse.ParseKey(bucket, sdk.ToString(found.Key)); ok && !isFolder(o.Key) {
				o.Size = sdk.ToInt64(found.Size)
				objects = append(objects, o)
			}
		}
		if len(objects) == 0 {
			continue
		}
		if err := f(objects); err != nil {
			return err
		}
	}
	return nil
}

func isFolder(key string) bool { return key[len(key)-1] == '/' }
