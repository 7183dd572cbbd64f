package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Older implements deletion.Store. S3 lists all versions, those of a key from the
// newest on, in the order of the keys
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html);
// markers of deletion hold nothing. All versions of a key come in one call of f.
func (s *Store) Older(ctx context.Context, kind warehouse.Kind, after string, f func([]deletion.Version) error) error {
	bucket, prefix := s.buckets.Of(kind), string(kind)+"/"
	input := &s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: &prefix}
	if after != "" {
		input.KeyMarker = &after
	}
	var held []deletion.Version
	pages := s3.NewListObjectVersionsPaginator(s.client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the versions of %s/%s: %w", bucket, prefix, err)
		}
		for _, found := range page.Versions {
			key := sdk.ToString(found.Key)
			o, ok := warehouse.ParseKey(bucket, key)
			if !ok || isFolder(key) || sdk.ToBool(found.IsLatest) {
				continue
			}
			if len(held) >= olderAtOnce && held[len(held)-1].Object.Key != key {
				if err := f(held); err != nil {
					return err
				}
				held = nil
			}
			o.Size = sdk.ToInt64(found.Size)
			held = append(held, deletion.Version{Object: o, ID: sdk.ToString(found.VersionId)})
		}
	}
	if len(held) == 0 {
		return nil
	}
	return f(held)
}

// olderAtOnce is about how many versions are handed on at once.
const olderAtOnce = 200

// OpenVersion implements deletion.Store.
func (s *Store) OpenVersion(ctx context.Context, v deletion.Version) (io.ReadCloser, error) {
	answer, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &v.Object.Bucket, Key: &v.Object.Key, VersionId: &v.ID})
	if err != nil {
		if isMissing(err) {
			return nil, fmt.Errorf("open version %s of %s: %w: %w", v.ID, v.Object.ID(), fs.ErrNotExist, err)
		}
		return nil, fmt.Errorf("open version %s of %s: %w: %w", v.ID, v.Object.ID(), warehouse.ErrUnavailable, err)
	}
	return &download{id: v.Object.ID(), body: answer.Body}, nil
}

// RemoveVersion implements deletion.Store. S3 answers 403 for a version that
// Object Lock holds, or that the role may not remove
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html).
func (s *Store) RemoveVersion(ctx context.Context, v deletion.Version) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &v.Object.Bucket, Key: &v.Object.Key, VersionId: &v.ID})
	if err == nil {
		return nil
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusForbidden {
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	}
	return fmt.Errorf("remove version %s of %s: %w", v.ID, v.Object.ID(), err)
}
