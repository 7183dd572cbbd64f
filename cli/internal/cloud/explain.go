package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Code is the code of AWS's error, such as AccessDenied; empty when AWS did not
// answer.
func Code(err error) string {
	var answered smithy.APIError
	if errors.As(err, &answered) {
		return answered.ErrorCode()
	}
	return ""
}

// Denied reports whether AWS said that one may not.
func Denied(err error) bool { return kindOf(err) == denied }

// kind is what a failed call means for whoever made it.
type kind int

const (
	other kind = iota
	expired
	invalid
	denied
	throttled
	elsewhere
	unreachable
	noCredentials
)

var kinds = map[string]kind{
	"ExpiredToken": expired, "ExpiredTokenException": expired, "TokenRefreshRequired": expired, "RequestExpired": expired,
	"InvalidClientTokenId": invalid, "UnrecognizedClientException": invalid, "SignatureDoesNotMatch": invalid,
	"InvalidAccessKeyId": invalid, "AuthFailure": invalid, "InvalidSignatureException": invalid,
	"AccessDenied": denied, "AccessDeniedException": denied, "UnauthorizedOperation": denied,
	"Forbidden": denied, "NotAuthorized": denied, "UnauthorizedException": denied,
	"Throttling": throttled, "ThrottlingException": throttled, "ThrottledException": throttled, "TooManyRequestsException": throttled,
	"RequestLimitExceeded": throttled, "SlowDown": throttled, "RequestThrottled": throttled,
	"PermanentRedirect": elsewhere, "AuthorizationHeaderMalformed": elsewhere, "IllegalLocationConstraintException": elsewhere,
	"OptInRequired": elsewhere,
}

func kindOf(err error) kind {
	if k, ok := kinds[Code(err)]; ok {
		return k
	}
	if Code(err) != "" {
		return other
	}
	var network net.Error
	var lookup *net.DNSError
	var dial *net.OpError
	switch text := err.Error(); {
	case errors.Is(err, context.Canceled):
		return other
	case strings.Contains(text, "token has expired") || strings.Contains(text, "refresh cached SSO token failed") || strings.Contains(text, "SSO session has expired"):
		return expired
	case strings.Contains(text, "failed to refresh cached credentials") || strings.Contains(text, "get credentials") || strings.Contains(text, "static credentials are empty"):
		return noCredentials
	case errors.As(err, &lookup) || errors.As(err, &dial) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded):
		return unreachable
	default:
		return other
	}
}

var remedies = map[kind]string{
	expired:       "Your credentials have expired. Sign in again, for example with `aws sso login`, and give --profile (LOAF_PROFILE) where you have several.",
	invalid:       "AWS does not know these credentials. `aws sts get-caller-identity` tries them; choose others with --profile (LOAF_PROFILE).",
	denied:        "Ask whoever runs the account for this permission, or choose another role with --profile (LOAF_PROFILE).",
	throttled:     "AWS asks for fewer calls. Wait a minute and run this again.",
	elsewhere:     "It is in another region, or the region is not enabled. Give the right one with --region (LOAF_REGION).",
	unreachable:   "AWS does not answer. Check the network, the proxy (HTTPS_PROXY) and the region (--region), and run this again.",
	noCredentials: "There are no credentials. Sign in, for example with `aws configure sso` or `aws sso login`, and give --profile (LOAF_PROFILE) where you have several.",
}

// Explain makes an error of a call to AWS one that says what to do next. The
// format says what was tried.
func Explain(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	var known *failure.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return fmt.Errorf(format+": %w", append(args, err)...)
	}
	return failure.New(&plain{err}, remedies[kindOf(err)], format, args...)
}

// plain says what AWS said, without the SDK's words around it.
type plain struct{ err error }

func (p *plain) Error() string {
	var answered smithy.APIError
	if errors.As(p.err, &answered) {
		if message := answered.ErrorMessage(); message != "" {
			return answered.ErrorCode() + ": " + message
		}
		return answered.ErrorCode()
	}
	return p.err.Error()
}

func (p *plain) Unwrap() error { return p.err }
