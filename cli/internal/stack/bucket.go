package stack

import (
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
)

// read gives an object of the state bucket.
func (s *Stack) read(ctx context.Context, key string) ([]byte, error) {
	object, err := s.Session.S3().GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(s.Bucket()), Key: aws.String(key), ExpectedBucketOwner: aws.String(s.Identity.Account),
	})
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(object.Body)
	return text, errors.Join(err, object.Body.Close())
}

// missing reports whether a bucket or an object is not there.
func missing(err error) bool {
	switch cloud.Code(err) {
	case "NoSuchBucket", "NoSuchKey", "NotFound":
		return true
	}
	return false
}
