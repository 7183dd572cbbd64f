// Load is the Lambda function that brings raw objects into the warehouse.
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"
	_ "golang.org/x/crypto/x509roots/fallback" // authorities where the system has none

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/cmd/internal/environment"
	"github.com/dataloaf/dataloaf/functions/cmd/internal/session"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

const (
	// visibility is the load queue's own setting: it outlasts the function.
	visibility = 960 * time.Second
	// keepEvery leaves two more tries before the messages are others'.
	keepEvery = visibility / 3
	// reserve is what a transaction of load.MaxObjects may take.
	reserve = 2 * time.Minute
	// deletionSlice of a run is for deletions at most: a pass over years of raw
	// objects must not keep the loads from their turn.
	deletionSlice = 4 * time.Minute
	// deletionLease outlasts what a pass does between two words of its own.
	deletionLease = 5 * time.Minute
	// settle is how long what was accepted may be on its way: Firehose tries to
	// deliver for up to 24 hours, and a buffer, clocks and the delivery itself take
	// minutes.
	// Source: https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html
	settle = 25 * time.Hour
	// versionDays is after how many days the buckets' lifecycle removes versions
	// that are no longer current, and errorDays objects under errors/; recoveryDays
	// is how long Redshift keeps recovery points.
	// Source: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-snapshots-recovery-points.html
	versionDays, errorDays, recoveryDays = 30, 30, 1
)

// remains is what a deletion cannot reach in AWS.
func remains(done time.Time) []warehouse.Remains {
	return []warehouse.Remains{
		{What: "recovery points of Redshift", Until: done.AddDate(0, 0, recoveryDays)},
		{What: "records that Firehose could not deliver, where there are any: objects under errors/ in the raw buckets", Until: done.AddDate(0, 0, errorDays+versionDays)},
		{What: "logs that quote a broken record, snapshots and exports that people made: for as long as they are kept"},
	}
}

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
	queueURL := env.Text("LOAF_LOAD_QUEUE_URL")
	buckets := aws.Buckets{Events: env.Text("LOAF_EVENTS_BUCKET"), Users: env.Text("LOAF_USERS_BUCKET")}
	role := env.Text("LOAF_COPY_ROLE_ARN")
	adminSecret := env.Text("LOAF_WAREHOUSE_ADMIN_SECRET")
	updateSecret, insightsSecret := env.Text("LOAF_UPDATE_SECRET"), env.Text("LOAF_INSIGHTS_SECRET")
	deployment := env.Text("LOAF_DEPLOYMENT")
	retention, rawRetention := load.Retention{Days: env.Days("LOAF_EVENT_RETENTION_DAYS")}, load.Retention{Days: env.Days("LOAF_RAW_RETENTION_DAYS")}
	patience := load.Patience{Idle: env.Minutes("LOAF_IDLE_LOAD_INTERVAL_MINUTES")}
	if patience.Idle > 0 {
		env.Text("LOAF_LOAD_INTERVAL_MINUTES") // a run that waits must know when the next one is
		patience.Interval = env.Minutes("LOAF_LOAD_INTERVAL_MINUTES")
	}
	where := env.Warehouse("dataloaf-load")
	if err := env.Err(); err != nil {
		return err
	}
	config, err := aws.Load(ctx)
	if err != nil {
		return err
	}
	secrets, store := aws.NewSecrets(config), aws.NewStore(config, buckets)
	open, err := where.Opener(environment.Parts{
		Secrets: secrets, Store: store, Now: time.Now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Copy:  environment.Copy{Role: role, Region: config.Region, Bucket: buckets.Events},
	})
	if err != nil {
		return err
	}
	tables := session.New(session.Config{
		Open:  open,
		Admin: secrets.LoginFunc(adminSecret),
		Accounts: func(ctx context.Context) (warehouse.Accounts, error) {
			// Fresh, for these are the passwords that the users get.
			var a warehouse.Accounts
			var errs [3]error
			a.Load, errs[0] = secrets.Login(ctx, where.Secret, true)
			a.Update, errs[1] = secrets.Login(ctx, updateSecret, true)
			a.Insights, errs[2] = secrets.Login(ctx, insightsSecret, true)
			return a, errors.Join(errs[:]...)
		},
	})
	notifications := aws.NewNotifications(aws.NotificationsConfig{
		Queue: aws.NewQueue(config, queueURL), Buckets: buckets, Visibility: visibility, Now: time.Now, Logger: logger,
	})
	loader := load.New(load.Config{Queue: notifications, Warehouse: tables, Lister: store, Logger: logger, Reserve: reserve, Now: time.Now, Retention: retention, Expirer: tables})
	deletions := deletion.New(deletion.Config{
		Warehouse: tables, Store: store, Settle: settle, Slice: deletionSlice, Reserve: reserve, Lease: deletionLease, VersionDays: versionDays,
		Remains: remains, Now: time.Now, Logger: logger,
	})
	runner := load.NewDeployment(load.DeploymentConfig{
		Name: deployment, Loader: loader, Tables: tables, Store: store, Deletions: deletions, Bucket: buckets.Events, Patience: patience, Now: time.Now, Logger: logger,
	})
	handler := &invoke.Load{
		Runner: runner,
		Keeper: notifications, KeepEvery: keepEvery, Now: time.Now, Logger: logger,
		Auditor: audit.New(audit.Config{Lister: store, Source: store, Reserve: reserve, Retention: retention, RawRetention: rawRetention, Now: time.Now, Open: func(ctx context.Context) (audit.Warehouse, error) {
			if err := runner.MustBeReady(ctx, "audit"); err != nil {
				return nil, err
			}
			return tables.Audited(ctx)
		}}),
	}
	start(tables.Around(handler.Invoke))
	return nil
}
