package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// ec2Version is the API's only one.
const ec2Version = "2016-11-15"

// ec2 makes one call to EC2, signed by the SDK. Not by the SDK's client of EC2: that
// one would be a third of the program, for three questions that need an answer in no
// case, and so are not asked twice either.
func (s *Session) ec2(ctx context.Context, action string, parameters url.Values, into any) error {
	region := s.Config.Region
	if region == "" {
		region = "us-east-1"
	}
	form := url.Values{"Action": {action}, "Version": {ec2Version}}
	for name, values := range parameters {
		form[name] = values
	}
	body := form.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.ec2Endpoint(region), strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := s.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("get credentials: %w", err)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), "ec2", region, time.Now()); err != nil {
		return fmt.Errorf("sign the call: %w", err)
	}
	client := s.Config.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	const longest = 4 << 20
	text, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode == http.StatusOK {
		return xml.Unmarshal(text, into)
	}
	var failed struct {
		Code    string `xml:"Errors>Error>Code"`
		Message string `xml:"Errors>Error>Message"`
	}
	if xml.Unmarshal(text, &failed) != nil || failed.Code == "" {
		failed.Code, failed.Message = "ServiceUnavailable", response.Status
	}
	return &smithy.GenericAPIError{Code: failed.Code, Message: failed.Message}
}

func (s *Session) ec2Endpoint(region string) string {
	if own := aws.ToString(s.Config.BaseEndpoint); own != "" {
		return strings.TrimSuffix(own, "/") + "/"
	}
	suffix := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		suffix = "amazonaws.com.cn"
	}
	return "https://ec2." + region + "." + suffix + "/"
}
