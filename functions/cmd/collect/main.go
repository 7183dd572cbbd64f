// Collect is the Lambda function behind POST /v1/events and POST /v1/users.
package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"
	_ "golang.org/x/crypto/x509roots/fallback" // authorities where the system has none

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/cmd/internal/environment"
	"github.com/dataloaf/dataloaf/functions/collect"
	"github.com/dataloaf/dataloaf/functions/gateway"
)

func main() {
	if err := run(context.Background(), os.Getenv, os.Stderr, lambda.Start); err != nil {
		slog.New(slog.NewJSONHandler(os.Stderr, nil)).Error("the function cannot start", "error", err)
		os.Exit(1)
	}
}

// run wires the function and hands its handler to start, which does not return
// in Lambda.
func run(ctx context.Context, getenv func(string) string, stderr io.Writer, start func(handler any)) error {
	env := environment.New(getenv)
	logger := env.Logger(stderr)
	eventsStream, usersStream := env.Text("LOAF_EVENTS_STREAM"), env.Text("LOAF_USERS_STREAM")
	if err := env.Err(); err != nil {
		return err
	}
	config, err := aws.Load(ctx)
	if err != nil {
		return err
	}
	handler := collect.New(collect.Config{
		Events: aws.NewPublisher(aws.PublisherConfig{AWS: config, Stream: eventsStream, Logger: logger}),
		Users:  aws.NewPublisher(aws.PublisherConfig{AWS: config, Stream: usersStream, Logger: logger}),
		Now:    time.Now,
		NewID:  func() string { return uuid.Must(uuid.NewV7()).String() },
		Logger: logger,
	})
	api := &invoke.API{
		Routes: gateway.Routes{
			"/v1/events": {http.MethodPost: handler},
			"/v1/users":  {http.MethodPost: handler},
		},
		Logger: logger,
	}
	start(api.Invoke)
	return nil
}
