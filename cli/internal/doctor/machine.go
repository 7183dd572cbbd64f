package doctor

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
)

// callTimeout bounds one call of the collection API.
const callTimeout = 35 * time.Second

// Standard are the options of this process, without the flags.
func Standard(streams term.Streams) Options {
	o := Options{Streams: streams, Now: time.Now, Pause: cloud.Pause, Random: rand.Reader, HTTP: &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	o.Stdin = streams.In
	return o
}

const (
	machine = "machine"
	account = "account"
	inStack = "stack"
)

// The clock may be this far off. AWS refuses what was signed five minutes ago
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html).
const (
	clockWrong = 4 * time.Minute
	clockOff   = 30 * time.Second
)

// machine looks at what loafctl stands on, before it needs a stack.
func (d *doctor) machine(ctx context.Context) bool {
	d.check(ctx, machine, "Terraform", func(ctx context.Context) result {
		cache, err := tf.CacheDir()
		if err != nil {
			return failed(err)
		}
		finder := tf.Finder{Flags: d.Terraform, Cache: cache}
		p, err := finder.Find(ctx)
		if err != nil {
			return failed(err)
		}
		if p == nil {
			return warn("`loafctl init` and `loafctl apply` install one for themselves, or give --terraform (LOAF_TERRAFORM).", "none that satisfies %s", tf.Constraint)
		}
		return ok("%s at %s", p.Version, p.Path)
	})
	session, err := cloud.Open(ctx, cloud.Options{Profile: d.Profile, Region: d.Region})
	if err != nil {
		return d.check(ctx, machine, "AWS configuration", func(context.Context) result { return failed(err) })
	}
	d.check(ctx, machine, "clock", func(ctx context.Context) result { return d.clock(ctx, session) })
	return d.check(ctx, machine, "credentials", func(ctx context.Context) result {
		who, err := session.Identify(ctx)
		if err != nil {
			return failed(err)
		}
		return ok("account %s as %s", who.Account, who.ARN)
	})
}

// clock compares this machine's clock with AWS's.
func (d *doctor) clock(ctx context.Context, s *cloud.Session) result {
	url := aws.ToString(s.Config.BaseEndpoint)
	if url == "" {
		url = "https://sts.amazonaws.com"
		if s.Config.Region != "" {
			url = "https://sts." + s.Config.Region + ".amazonaws.com"
		}
	}
	return d.compareClock(ctx, url)
}

func (d *doctor) compareClock(ctx context.Context, url string) result {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return failed(err)
	}
	before := d.Now()
	response, err := d.HTTP.Do(request)
	if err != nil {
		return bad("Check the network, the proxy (HTTPS_PROXY) and the region (--region).", "%s cannot be reached: %v", url, err)
	}
	_ = response.Body.Close() // a HEAD has no body
	there, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return skip("%s tells no time", url)
	}
	off := before.Sub(there).Round(time.Second)
	switch size := off.Abs(); {
	case size > clockWrong:
		return bad("Set the clock, best by NTP: AWS refuses calls that were signed at another time.", "this machine's clock is off by %v", off)
	case size > clockOff:
		return warn("Set the clock, best by NTP.", "this machine's clock is off by %v", off)
	default:
		return ok("within %v", clockOff)
	}
}
