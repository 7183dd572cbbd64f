package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/alert"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/sns"
)

// cloud is what AWS keeps for the server; nil where AWS has no part in it.
type cloud struct {
	// login gives the warehouse's user.
	login warehouse.LoginFunc
	// waiting counts the files that wait to be loaded.
	waiting func(context.Context) (int, error)
	// loads tells when the last load was.
	loads func(context.Context) (time.Time, error)
	// asked tells the load that somebody asks; it keeps nobody waiting.
	asked func()
	// topics publishes alerts.
	topics alert.Sender
}

// readSecrets reads the page's secret into the configuration, and sets up what
// asks AWS later on. It calls AWS only where the environment names something
// that is there.
func (c *config) readSecrets(ctx context.Context, logger *slog.Logger) (cloud, error) {
	var out cloud
	if c.loginSecret == "" && c.pageSecret == "" && len(c.queues) == 0 && c.loadState.key == "" && c.askState.key == "" && len(c.alertTopics) == 0 {
		return out, nil
	}
	settings, err := aws.Load(ctx)
	if err != nil {
		return out, fmt.Errorf("%w: %w", errUsage, err)
	}
	secrets := aws.NewSecrets(settings)
	if c.loginSecret != "" {
		out.login = func(ctx context.Context, fresh bool) (warehouse.Login, error) {
			login, err := secrets.Login(ctx, c.loginSecret, fresh)
			return warehouse.Login(login), err
		}
	}
	for _, url := range c.queues {
		next, before := aws.NewQueue(settings, url).Waiting, out.waiting
		out.waiting = func(ctx context.Context) (int, error) {
			n, err := next(ctx)
			if err != nil || before == nil {
				return n, err
			}
			more, err := before(ctx)
			return n + more, err
		}
	}
	if out.waiting != nil {
		out.waiting = remember(out.waiting, waitingKept, time.Now)
	}
	if c.loadState.key != "" {
		out.loads = loadMark(aws.NewStore(settings, aws.Buckets{}), c.loadState)
	}
	if c.askState.key != "" {
		mark := askMark(aws.NewStore(settings, aws.Buckets{}), c.askState, time.Now)
		out.asked = seldom(func() {
			if err := mark(context.WithoutCancel(ctx)); err != nil {
				logger.Warn("the load does not learn that somebody asks, and may wait", "error", err)
			}
		}, askEvery, time.Now)
	}
	if len(c.alertTopics) > 0 {
		out.topics = sns.New(settings)
	}
	if c.pageSecret == "" {
		return out, nil
	}
	secret, err := secrets.Get(ctx, c.pageSecret, true)
	if err != nil {
		return out, fmt.Errorf("LOAF_INSIGHTS_SECRET: %w", err)
	}
	return out, c.takePageSecret(secret)
}

// loadMark reads the mark of the last load, {"at":…}. Before the first load there
// is none.
func loadMark(store *aws.Store, o objectName) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (time.Time, error) {
		ctx, cancel := context.WithTimeout(ctx, markTimeout)
		defer cancel()
		text, err := store.Get(ctx, o.bucket, o.key)
		if errors.Is(err, fs.ErrNotExist) {
			return time.Time{}, nil
		}
		if err != nil {
			return time.Time{}, err
		}
		var mark struct {
			At time.Time `json:"at"`
		}
		if err := json.Unmarshal(text, &mark); err != nil {
			return time.Time{}, fmt.Errorf("read s3://%s/%s: %w", o.bucket, o.key, err)
		}
		return mark.At, nil
	}
}

// askMark writes that somebody asks, {"at":…}.
func askMark(store *aws.Store, o objectName, now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, markTimeout)
		defer cancel()
		text, err := json.Marshal(map[string]time.Time{"at": now().UTC()})
		if err != nil {
			return fmt.Errorf("write the mark: %w", err)
		}
		return store.Put(ctx, o.bucket, o.key, text)
	}
}

// askEvery is how often it is written while somebody asks: the load looks every
// few minutes, and each writing is billed.
const askEvery = time.Minute

// seldom does something at most once in a while, whoever asks for it, and apart
// from them: they do not wait for it.
func seldom(do func(), every time.Duration, now func() time.Time) func() {
	var mu sync.Mutex
	var last time.Time
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if !last.IsZero() && now().Sub(last) < every {
			return
		}
		last = now()
		go do()
	}
}

// markTimeout bounds one look at a mark, or its writing; the next one is not far.
const markTimeout = 10 * time.Second

// takePageSecret takes the password and the session key from the secret. Its
// errors show neither.
func (c *config) takePageSecret(secret aws.Secret) error {
	password, passwordErr := secret.Text("admin_password")
	key, keyErr := secret.Text("session_key")
	if err := errors.Join(passwordErr, keyErr); err != nil {
		return fmt.Errorf("%w: LOAF_INSIGHTS_SECRET: %w", errUsage, err)
	}
	if len(key) < auth.MinSessionKeyBytes {
		return fmt.Errorf("%w: LOAF_INSIGHTS_SECRET: its session_key has %d bytes; store at least %d", errUsage, len(key), auth.MinSessionKeyBytes)
	}
	hash, err := auth.DeriveHash(password, []byte(key))
	if err != nil {
		return fmt.Errorf("%w: LOAF_INSIGHTS_SECRET: its admin_password: %w", errUsage, err)
	}
	c.adminHash, c.sessionKey, c.keyGiven = hash, []byte(key), true
	return nil
}

// waitingKept is how long a count of the files that wait stands: SQS itself is
// a minute behind at times, and each page that is open asks every few seconds.
const waitingKept = 5 * time.Second

// remember asks at most once in a while, whoever wants to know. Those who come
// while it is being asked wait for that answer. Errors are not kept.
func remember(ask func(context.Context) (int, error), kept time.Duration, now func() time.Time) func(context.Context) (int, error) {
	var mu sync.Mutex
	var last int
	var at time.Time
	return func(ctx context.Context) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if !at.IsZero() && now().Sub(at) < kept {
			return last, nil
		}
		n, err := ask(ctx)
		if err != nil {
			return 0, err
		}
		last, at = n, now()
		return n, nil
	}
}
