// Package cloud is loafctl's way to AWS: who one is, where, and what goes wrong.
// Credentials come from where every AWS tool takes them, never from a flag.
package cloud

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// The patience with one attempt of a call, for a person waits.
const (
	connectTimeout = 5 * time.Second
	answerTimeout  = 30 * time.Second
)

// Options say which account and region.
type Options struct {
	// Profile is one of the shared configuration files; empty is the SDK's
	// default chain.
	Profile string
	// Region is where; empty is that of the profile or of the environment.
	Region string
}

// Identity is who AWS takes us for.
type Identity struct {
	Account string `json:"account"`
	ARN     string `json:"arn"`
}

// Session is a way to AWS: configuration for the SDK's clients.
type Session struct {
	Config  aws.Config
	Options Options
}

// Open reads configuration and credentials from where every AWS tool does: the
// environment, the shared files, the role of the machine. It asks nobody yet.
func Open(ctx context.Context, o Options) (*Session, error) {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
			WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTimeout })),
	}
	if o.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		options = append(options, config.WithRegion(o.Region))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, failure.New(err, "`aws configure list-profiles` lists the profiles; choose one with --profile (LOAF_PROFILE).", "read the AWS configuration")
	}
	return &Session{Config: c, Options: o}, nil
}

// In is the session in another region.
func (s *Session) In(region string) *Session {
	other := *s
	other.Config.Region = region
	other.Options.Region = region
	return &other
}

// Identify asks STS who one is.
func (s *Session) Identify(ctx context.Context) (Identity, error) {
	c := s.Config
	if c.Region == "" {
		// STS answers the same everywhere.
		c.Region = "us-east-1"
	}
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, nil)
	if err != nil {
		return Identity{}, Explain(err, "ask AWS who you are")
	}
	return Identity{Account: aws.ToString(who.Account), ARN: aws.ToString(who.Arn)}, nil
}

// S3 is a client of S3.
func (s *Session) S3() *s3.Client {
	return s3.NewFromConfig(s.Config, func(o *s3.Options) {
		// Behind an endpoint of one's own a bucket has no host name.
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// Opener opens a session. Open is the real one.
type Opener func(ctx context.Context, o Options) (*Session, error)
