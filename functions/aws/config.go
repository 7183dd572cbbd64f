// Package aws holds the adapters to AWS: Firehose takes collected records, S3
// keeps raw objects, SQS tells what is new, Secrets Manager keeps the passwords
// of the warehouse. Each client reaches the endpoint in AWS_ENDPOINT_URL, or
// the service's own such as AWS_ENDPOINT_URL_SQS, where one is set
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The patience with one attempt of a call. The SDK's own (30 s to connect, no
// bound on the answer) would let one lost packet use up a whole invocation.
const (
	connectTimeout = 3 * time.Second
	// answerTimeout is from the request's last byte to the answer's first. It
	// outlasts the longest wait of a receive from SQS.
	answerTimeout = 15 * time.Second
)

// attempts is how often the SDK tries a call that is safe to repeat, the first
// included. Firehose is not among them: the Publisher tries again itself, for
// only it knows which records are left.
const attempts = 4

// longestPause bounds the wait between two attempts of the SDK.
const longestPause = 5 * time.Second

// Load reads region, credentials and endpoints from where every AWS SDK does:
// the environment, the shared files, and the role of the function, container
// or instance.
func Load(ctx context.Context) (sdk.Config, error) {
	c, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
			WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTimeout })),
		config.WithRetryer(func() sdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = attempts, longestPause
			})
		}),
	)
	if err != nil {
		return sdk.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if c.Region == "" {
		return sdk.Config{}, errors.New("read the AWS configuration: no region; set AWS_REGION")
	}
	return c, nil
}

func newFirehose(c sdk.Config) *firehose.Client {
	return firehose.NewFromConfig(c, func(o *firehose.Options) {
		// One attempt a call: tries of the SDK within tries of the Publisher
		// would multiply, and each would send records that are stored already.
		o.Retryer = sdk.NopRetryer{}
	})
}

func newS3(c sdk.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) {
		// Behind an endpoint of one's own a bucket has no host name.
		o.UsePathStyle = o.BaseEndpoint != nil
		// An object without a checksum that the SDK knows is no news.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

func newSQS(c sdk.Config) *sqs.Client { return sqs.NewFromConfig(c) }

func newSecretsManager(c sdk.Config) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(c)
}
