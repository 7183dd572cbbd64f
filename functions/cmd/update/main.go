// Update is the Lambda function behind PATCH /v1/users and the retry queue.
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
	"github.com/dataloaf/dataloaf/functions/cmd/internal/session"
	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/update"
)

// mergeTimeout leaves time to answer before API Gateway gives up, after 29 s
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
const mergeTimeout = 20 * time.Second

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
	bucket := env.Text("LOAF_USERS_BUCKET")
	// Without a host there is no warehouse: updates are stored for one to come.
	stored := getenv("LOAF_WAREHOUSE_HOST") == ""
	var retryURL string
	var where environment.Warehouse
	if !stored {
		retryURL, where = env.Text("LOAF_RETRY_QUEUE_URL"), env.Warehouse("dataloaf-update")
	}
	if err := env.Err(); err != nil {
		return err
	}
	config, err := aws.Load(ctx)
	if err != nil {
		return err
	}
	store := aws.NewStore(config, aws.Buckets{Users: bucket})
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	parts := update.Config{
		Store: store, Bucket: bucket, MergeTimeout: mergeTimeout,
		Now: time.Now, NewID: newID, Logger: logger,
	}
	around := func(h session.Handler) session.Handler { return h }
	if !stored {
		open, err := where.Opener(environment.Parts{Secrets: aws.NewSecrets(config), Store: store, Now: time.Now, NewID: newID})
		if err != nil {
			return err
		}
		warehouse := session.New(session.Config{Open: open})
		around = warehouse.Around
		parts.Warehouse, parts.Reader, parts.Retry = warehouse, warehouse, aws.NewRetries(aws.NewQueue(config, retryURL))
	}
	start(around(handler(update.New(parts), logger).Invoke))
	return nil
}

func handler(h *update.Handler, logger *slog.Logger) *invoke.Update {
	return &invoke.Update{
		API:    &invoke.API{Routes: gateway.Routes{"/v1/users": {http.MethodPatch: h}}, Logger: logger},
		Retry:  h,
		Logger: logger,
	}
}
