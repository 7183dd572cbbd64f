package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Tag is the tag that everything of a stack carries; its value is the name.
const Tag = "dataloaf:stack"

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

// MakeState makes the place where the state is kept: a bucket, or with
// LocalState a folder. What is there already is brought into order, so that a run
// that was cut short is mended by the next.
func (s *Stack) MakeState(ctx context.Context) error {
	if s.LocalState {
		dir := filepath.Dir(s.StatePath())
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return failure.New(err, "Give a folder that you may write to with --dir (LOAF_DIR).", "make the folder for the state")
		}
		return writeFile(filepath.Join(dir, ".gitignore"), []byte("# The state holds the API keys.\n*\n"), 0o644)
	}
	bucket, owner := aws.String(s.Bucket()), aws.String(s.Identity.Account)
	client := s.Session.S3()
	fail := func(err error, what string) error {
		return cloud.Explain(err, "%s the bucket %s for the state", what, s.Bucket())
	}
	create := &s3.CreateBucketInput{Bucket: bucket}
	// The oldest region has no name in S3's API.
	if s.Region() != "us-east-1" {
		create.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.Region())}
	}
	if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket, ExpectedBucketOwner: owner}); err != nil {
		if !missing(err) {
			return fail(err, "look for")
		}
		if _, err := client.CreateBucket(ctx, create); err != nil && cloud.Code(err) != "BucketAlreadyOwnedByYou" {
			return fail(err, "make")
		}
	}
	policy, err := json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Sid": "OnlyTLS", "Effect": "Deny", "Principal": "*", "Action": "S3:*",
			"Resource":  []string{"arn:aws:s3:::" + s.Bucket(), "arn:aws:s3:::" + s.Bucket() + "/*"},
			"Condition": map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
		}},
	})
	if err != nil {
		return fail(err, "protect")
	}
	_, err = client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: bucket, ExpectedBucketOwner: owner,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		},
	})
	if err != nil {
		return fail(err, "block public access to")
	}
	if _, err = client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: bucket, ExpectedBucketOwner: owner,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		return fail(err, "version")
	}
	if _, err = client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: bucket, ExpectedBucketOwner: owner,
		ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
		}}},
	}); err != nil {
		return fail(err, "encrypt")
	}
	if _, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, ExpectedBucketOwner: owner, Policy: aws.String(string(policy))}); err != nil {
		return fail(err, "protect")
	}
	// Old versions of the state hold old keys; they need not live for ever.
	if _, err = client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: bucket, ExpectedBucketOwner: owner,
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
			ID: aws.String("old-versions"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(90)},
		}}},
	}); err != nil {
		return fail(err, "set the rules of")
	}
	if _, err = client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{
		Bucket: bucket, ExpectedBucketOwner: owner,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String(Tag), Value: aws.String(s.Name())}}},
	}); err != nil {
		return fail(err, "tag")
	}
	return nil
}

// HasState reports whether the place for the state is there.
func (s *Stack) HasState(ctx context.Context) (bool, error) {
	if s.LocalState {
		_, err := os.Stat(filepath.Dir(s.StatePath()))
		return err == nil, nil
	}
	_, err := s.Session.S3().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(s.Bucket()), ExpectedBucketOwner: aws.String(s.Identity.Account)})
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, cloud.Explain(err, "look for the bucket %s with the state", s.Bucket())
	}
	return true, nil
}

// ShareAnswers puts the answers beside the state, where the next person finds
// them.
func (s *Stack) ShareAnswers(ctx context.Context) error {
	if s.LocalState {
		return nil
	}
	text, err := s.Answers.text()
	if err != nil {
		return err
	}
	_, err = s.Session.S3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(s.Bucket()), Key: aws.String(AnswersFile), ExpectedBucketOwner: aws.String(s.Identity.Account),
		Body: bytes.NewReader(text), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return cloud.Explain(err, "put the answers into the bucket %s", s.Bucket())
	}
	return nil
}

// AnswersDiffer reports whether the bucket has other answers than the folder:
// somebody changed them here, or applied others from elsewhere.
func (s *Stack) AnswersDiffer(ctx context.Context) (bool, error) {
	if s.LocalState {
		return false, nil
	}
	shared, err := s.read(ctx, AnswersFile)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, cloud.Explain(err, "read the answers from the bucket %s", s.Bucket())
	}
	text, err := s.Answers.text()
	return !bytes.Equal(shared, text), err
}

// RemoveState deletes the state and everything in its place, old versions, too.
func (s *Stack) RemoveState(ctx context.Context) error {
	if s.LocalState {
		if err := os.RemoveAll(filepath.Dir(s.StatePath())); err != nil {
			return failure.New(err, "", "remove the state")
		}
		return nil
	}
	client := s.Session.S3()
	bucket, owner := aws.String(s.Bucket()), aws.String(s.Identity.Account)
	fail := func(err error) error { return cloud.Explain(err, "remove the bucket %s with the state", s.Bucket()) }
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: bucket, ExpectedBucketOwner: owner})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if missing(err) {
			return nil
		}
		if err != nil {
			return fail(err)
		}
		var objects []types.ObjectIdentifier
		for _, v := range page.Versions {
			objects = append(objects, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			objects = append(objects, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(objects) == 0 {
			continue
		}
		removed, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, ExpectedBucketOwner: owner, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
		if err != nil {
			return fail(err)
		}
		if len(removed.Errors) > 0 {
			e := removed.Errors[0]
			return fail(fmt.Errorf("%s of %s: %s", aws.ToString(e.Code), aws.ToString(e.Key), aws.ToString(e.Message)))
		}
	}
	if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket, ExpectedBucketOwner: owner}); err != nil && !missing(err) {
		return fail(err)
	}
	return nil
}
