package aws_test

import (
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/awstest"
)

func setenv(t *testing.T, variables []string) {
	t.Helper()
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

// One endpoint for all services, or one for a service.
func TestEndpointsComeFromTheEnvironment(t *testing.T) {
	all, storage := awstest.New(t), awstest.New(t)
	storage.MakeBucket("bucket")
	arn := all.SetSecret("s", `{"username":"u","password":"p"}`)
	url := all.MakeQueue("q")
	setenv(t, append(all.Environment(), "AWS_ENDPOINT_URL_S3="+storage.URL))
	config, err := aws.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if config.Region != awstest.Region {
		t.Errorf("region %q", config.Region)
	}
	if err := aws.NewStore(config, aws.Buckets{}).Put(t.Context(), "bucket", "key", []byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := aws.NewSecrets(config).Get(t.Context(), arn, false); err != nil {
		t.Error(err)
	}
	if _, err := aws.NewQueue(config, url).Depth(t.Context()); err != nil {
		t.Error(err)
	}
	if got := storage.Calls("PutObject"); len(got) != 1 || got[0].Subject != "bucket/key" {
		t.Errorf("S3 was asked %v", got)
	}
	if n := len(all.Calls("")); n != 2 {
		t.Errorf("the others were asked %d times", n)
	}
}

func TestARegionIsNeeded(t *testing.T) {
	setenv(t, append(awstest.New(t).Environment(), "AWS_REGION=", "AWS_DEFAULT_REGION="))
	if _, err := aws.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("%v", err)
	}
}
