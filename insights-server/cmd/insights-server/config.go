package main

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// config is the environment, read once and checked.
type config struct {
	address      string
	warehouseURL string
	dialect      warehouse.Dialect
	// host is the warehouse in place of a URL, with its login in the secret
	// loginSecret.
	host        connect.Config
	loginSecret string
	// pageSecret is the secret of the password and the session key in place of
	// those.
	pageSecret  string
	queues      []string
	adminEmail  string
	adminHash   string
	sessionKey  []byte
	keyGiven    bool
	sessionLife time.Duration
	tokens      auth.Tokens
	tls         *tls.Config
	publicURLs  []string
	// collectionURL is where events are sent to; empty for the page's own address.
	collectionURL  string
	secureCookies  bool
	trustedProxies []netip.Prefix
	queryTimeout   time.Duration
	maxQueries     int
	callsPerMinute int
	cacheBytes     int64
	cacheTrust     time.Duration
	logLevel       slog.Level
	// loadState is the object that the load writes when it brought something.
	loadState objectName
	// askState is the object that tells the load that somebody asks.
	askState objectName
	// alertTopics are the SNS topics that alerts may name, webhookAllow the networks
	// that webhooks may be sent to although they are not on the internet.
	alertTopics  []string
	webhookAllow []netip.Prefix
}

// defaultAddress is where the server listens unless it is told otherwise.
const defaultAddress = "127.0.0.1:8080"

// readConfig reports everything that is wrong at once. Its errors name the
// variables and never show a secret's value.
func readConfig(getenv func(string) string) (config, error) {
	c := config{address: getenv("LOAF_ADDR"), adminEmail: getenv("LOAF_ADMIN_EMAIL")}
	if c.address == "" {
		c.address = defaultAddress
	}
	var problems []error
	check := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	check(c.readWarehouse(getenv))
	c.pageSecret = getenv("LOAF_INSIGHTS_SECRET")
	check(c.readSessions(getenv))
	check(c.readPassword(getenv("LOAF_ADMIN_PASSWORD"), getenv("LOAF_ADMIN_PASSWORD_HASH")))
	check(c.readNetwork(getenv))

	var err error
	c.queues, err = readQueues(getenv)
	check(err)
	check(c.readAlerts(getenv))
	c.tokens, err = auth.ParseTokens(getenv("LOAF_TOKEN_SHA256"))
	check(named("LOAF_TOKEN_SHA256", err))
	c.queryTimeout, err = readDuration(getenv("LOAF_QUERY_TIMEOUT"), 30*time.Second)
	check(named("LOAF_QUERY_TIMEOUT", err))
	c.maxQueries, err = readCount(getenv("LOAF_MAX_QUERIES"), max(2, runtime.GOMAXPROCS(0)))
	check(named("LOAF_MAX_QUERIES", err))
	c.callsPerMinute, err = readCount(getenv("LOAF_CALLS_PER_MINUTE"), auth.DefaultCallsPerMinute)
	check(named("LOAF_CALLS_PER_MINUTE", err))
	c.cacheBytes, err = readCacheSize(getenv("LOAF_CACHE_MB"))
	check(named("LOAF_CACHE_MB", err))
	c.cacheTrust, err = c.readTrust(getenv("LOAF_CACHE_TRUST"))
	check(named("LOAF_CACHE_TRUST", err))
	if level := getenv("LOAF_LOG_LEVEL"); level != "" {
		check(named("LOAF_LOG_LEVEL", c.logLevel.UnmarshalText([]byte(level))))
	}
	return c, errors.Join(problems...)
}

func named(variable string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", variable, err)
}

// readWarehouse takes the warehouse from a URL, or from its host and the secret
// of its login.
func (c *config) readWarehouse(getenv func(string) string) error {
	dialect := warehouse.Dialect(getenv("LOAF_WAREHOUSE_DIALECT"))
	address, host := getenv("LOAF_WAREHOUSE_URL"), getenv("LOAF_WAREHOUSE_HOST")
	var byHost []string // the variables that go with the host, as far as they are set
	for _, name := range []string{"LOAF_WAREHOUSE_HOST", "LOAF_WAREHOUSE_SECRET", "LOAF_WAREHOUSE_PORT", "LOAF_WAREHOUSE_DATABASE", "LOAF_WAREHOUSE_CA_FILE"} {
		if getenv(name) != "" {
			byHost = append(byHost, name)
		}
	}
	var problems []error
	switch dialect {
	case "", warehouse.PostgreSQL, warehouse.Redshift:
	default:
		problems = append(problems, fmt.Errorf("LOAF_WAREHOUSE_DIALECT is %q: give postgres or redshift", dialect))
	}
	switch {
	case address != "" && len(byHost) > 0:
		problems = append(problems, fmt.Errorf("LOAF_WAREHOUSE_URL is set beside %s: a URL says all of it; keep one or the other", strings.Join(byHost, ", ")))
	case address != "":
		problems = append(problems, c.readWarehouseURL(address, dialect))
	case host != "":
		problems = append(problems, c.readWarehouseHost(getenv, dialect))
	case len(byHost) > 0:
		problems = append(problems, fmt.Errorf("%s is set without LOAF_WAREHOUSE_HOST: give the warehouse's host name", strings.Join(byHost, ", ")))
	default:
		problems = append(problems, errors.New("no warehouse is given: set LOAF_WAREHOUSE_HOST and LOAF_WAREHOUSE_SECRET, or LOAF_WAREHOUSE_URL, postgres://user:password@host:5432/database or redshift://…"))
	}
	return errors.Join(problems...)
}

func (c *config) readWarehouseURL(address string, dialect warehouse.Dialect) error {
	// An error of url.Parse would show the password.
	scheme, rest, found := strings.Cut(address, "://")
	if _, err := url.Parse(address); err != nil || !found {
		return errors.New("LOAF_WAREHOUSE_URL is not a URL; are the special characters in its password percent-encoded?")
	}
	switch scheme {
	case "postgres", "postgresql":
		c.dialect = warehouse.PostgreSQL
	case "redshift":
		c.dialect = warehouse.Redshift
	default:
		return fmt.Errorf("LOAF_WAREHOUSE_URL begins with %q: give postgres:// or redshift://", scheme)
	}
	c.warehouseURL = "postgres://" + rest
	if dialect != "" {
		c.dialect = dialect
	}
	return nil
}

func (c *config) readWarehouseHost(getenv func(string) string, dialect warehouse.Dialect) error {
	c.dialect = warehouse.Redshift
	if dialect != "" {
		c.dialect = dialect
	}
	c.loginSecret = getenv("LOAF_WAREHOUSE_SECRET")
	c.host = connect.Config{
		Dialect: c.dialect, Host: getenv("LOAF_WAREHOUSE_HOST"), Port: connect.DefaultPort,
		Database: getenv("LOAF_WAREHOUSE_DATABASE"), Application: "insights-server",
	}
	if c.host.Database == "" {
		c.host.Database = "dataloaf"
	}
	var problems []error
	if c.loginSecret == "" {
		problems = append(problems, errors.New("LOAF_WAREHOUSE_SECRET is not set: give the ARN of the secret that holds the warehouse user's name and password"))
	}
	if strings.ContainsAny(c.host.Host, ":/@") {
		problems = append(problems, fmt.Errorf("LOAF_WAREHOUSE_HOST is %q: give a host name alone; LOAF_WAREHOUSE_PORT and LOAF_WAREHOUSE_DATABASE take the rest", c.host.Host))
	}
	if port := getenv("LOAF_WAREHOUSE_PORT"); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			problems = append(problems, fmt.Errorf("LOAF_WAREHOUSE_PORT is %q: give a number from 1 to 65535", port))
		}
		c.host.Port = int(n)
	}
	if file := getenv("LOAF_WAREHOUSE_CA_FILE"); file != "" {
		roots, err := connect.ReadRootCAs(file)
		problems = append(problems, named("LOAF_WAREHOUSE_CA_FILE", err))
		c.host.RootCAs = roots
	}
	return errors.Join(problems...)
}

// readQueues gives the URLs of the queues in which files wait.
func readQueues(getenv func(string) string) ([]string, error) {
	var queues []string
	var problems []error
	for _, name := range []string{"LOAF_LOAD_QUEUE_URL", "LOAF_RETRY_QUEUE_URL"} {
		address := getenv(name)
		if address == "" {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Host == "" {
			problems = append(problems, fmt.Errorf("%s is %q: give the URL of an SQS queue", name, address))
		}
		queues = append(queues, address)
	}
	return queues, errors.Join(problems...)
}

// objectName is an object in S3; the zero value is none.
type objectName struct{ bucket, key string }

var topicPattern = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)

// readAlerts reads what alerts need beside the rest, and by what load and server
// hear of each other.
func (c *config) readAlerts(getenv func(string) string) error {
	var problems []error
	for _, state := range []struct {
		name, what, example string
		object              *objectName
	}{
		{"LOAF_LOAD_STATE", "the object that the load writes", "s3://bucket/state/loaded.json", &c.loadState},
		{"LOAF_ASK_STATE", "the object that the load reads", "s3://bucket/state/asked.json", &c.askState},
	} {
		address := getenv(state.name)
		if address == "" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "s3" || u.Host == "" || len(u.Path) < 2 {
			problems = append(problems, fmt.Errorf("%s is %q: give %s, such as %s", state.name, address, state.what, state.example))
			continue
		}
		*state.object = objectName{u.Host, u.Path[1:]}
	}
	for _, topic := range fields(getenv("LOAF_ALERT_TOPICS")) {
		if !topicPattern.MatchString(topic) {
			problems = append(problems, fmt.Errorf("LOAF_ALERT_TOPICS holds %q: give ARNs of standard SNS topics, such as arn:aws:sns:eu-central-1:123456789012:alarms", topic))
		}
		c.alertTopics = append(c.alertTopics, topic)
	}
	for _, network := range fields(getenv("LOAF_WEBHOOK_ALLOW")) {
		prefix, err := readNetwork(network)
		if err != nil {
			problems = append(problems, fmt.Errorf("LOAF_WEBHOOK_ALLOW holds %q: give addresses or networks, such as 10.0.0.0/16", network))
		}
		c.webhookAllow = append(c.webhookAllow, prefix)
	}
	return errors.Join(problems...)
}

func (c *config) readSessions(getenv func(string) string) error {
	life, err := readDuration(getenv("LOAF_SESSION_LIFE"), auth.DefaultSessionLife)
	if err != nil {
		return named("LOAF_SESSION_LIFE", err)
	}
	c.sessionLife = life
	if key := getenv("LOAF_SESSION_KEY"); key != "" {
		if c.pageSecret != "" {
			return errors.New("LOAF_SESSION_KEY and LOAF_INSIGHTS_SECRET are both set: the secret holds the key; keep one")
		}
		if len(key) < auth.MinSessionKeyBytes {
			return fmt.Errorf("LOAF_SESSION_KEY has %d bytes: give at least %d, such as the output of `openssl rand -hex 32`", len(key), auth.MinSessionKeyBytes)
		}
		c.sessionKey, c.keyGiven = []byte(key), true
		return nil
	}
	c.sessionKey = make([]byte, auth.MinSessionKeyBytes)
	if _, err := rand.Read(c.sessionKey); err != nil {
		return fmt.Errorf("make a session key: %w", err)
	}
	return nil
}

// readPassword comes after readSessions, whose key it needs.
func (c *config) readPassword(password, hash string) error {
	switch {
	case password != "" && hash != "":
		return errors.New("LOAF_ADMIN_PASSWORD and LOAF_ADMIN_PASSWORD_HASH are both set: keep one")
	case c.pageSecret != "" && password != "":
		return errors.New("LOAF_ADMIN_PASSWORD and LOAF_INSIGHTS_SECRET are both set: the secret holds the password; keep one")
	case c.pageSecret != "" && hash != "":
		return errors.New("LOAF_ADMIN_PASSWORD_HASH and LOAF_INSIGHTS_SECRET are both set: the secret holds the password; keep one")
	case c.pageSecret != "":
		return nil // readSecrets reads it
	case hash != "":
		c.adminHash = hash
		_, err := auth.NewDirectory(auth.DirectoryConfig{AdminEmail: c.adminEmail, AdminHash: hash})
		return named("LOAF_ADMIN_PASSWORD_HASH", err)
	case password == "":
		return errors.New("nobody could sign in: set LOAF_ADMIN_PASSWORD_HASH (see `insights-server hash-password`) or LOAF_ADMIN_PASSWORD, or LOAF_INSIGHTS_SECRET")
	case len(c.sessionKey) == 0: // readSessions has said so already
		return nil
	}
	derived, err := auth.DeriveHash(password, c.sessionKey)
	c.adminHash = derived
	return named("LOAF_ADMIN_PASSWORD", err)
}

func (c *config) readNetwork(getenv func(string) string) error {
	var err error
	if c.tls, err = loadTLS(getenv("LOAF_TLS_CERT"), getenv("LOAF_TLS_KEY")); err != nil {
		return err
	}
	c.secureCookies = true
	if address := getenv("LOAF_COLLECTION_URL"); address != "" {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("LOAF_COLLECTION_URL holds %q: give the address that events are sent to, such as https://abc123.execute-api.eu-central-1.amazonaws.com/live", address)
		}
		c.collectionURL = strings.TrimSuffix(address, "/")
	}
	for _, address := range fields(getenv("LOAF_PUBLIC_URL")) {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("LOAF_PUBLIC_URL holds %q: give an address without a path, such as https://loaf.example.com", address)
		}
		c.publicURLs = append(c.publicURLs, u.Scheme+"://"+u.Host)
		c.secureCookies = c.secureCookies && u.Scheme == "https"
	}
	c.secureCookies = c.secureCookies && len(c.publicURLs) > 0
	for _, network := range fields(getenv("LOAF_TRUSTED_PROXIES")) {
		prefix, err := readNetwork(network)
		if err != nil {
			return fmt.Errorf("LOAF_TRUSTED_PROXIES holds %q: give addresses or networks, such as 10.0.0.0/16", network)
		}
		c.trustedProxies = append(c.trustedProxies, prefix)
	}
	return nil
}

func readNetwork(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func readDuration(s string, otherwise time.Duration) (time.Duration, error) {
	if s == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration above zero, such as 30s", s)
	}
	return d, nil
}

func readCount(s string, otherwise int) (int, error) {
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a whole number from 1", s)
	}
	return n, nil
}

// maxCacheMB is more than any machine that this runs on has to spare.
const maxCacheMB = 1 << 20

// readCacheSize gives the bytes for kept answers, below 0 for none.
func readCacheSize(s string) (int64, error) {
	if s == "" {
		return query.DefaultCacheBytes, nil
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil || n < 0 || n > maxCacheMB:
		return 0, fmt.Errorf("%q is not a whole number of MiB from 0, which keeps no answers, to %d", s, maxCacheMB)
	case n == 0:
		return -1, nil
	default:
		return int64(n) << 20, nil
	}
}

// redshiftTrust is for how long a repeated question wakes no warehouse that is
// billed by the second. Loads come every three minutes.
const redshiftTrust = time.Minute

// readTrust comes after readWarehouse, whose dialect it needs.
func (c *config) readTrust(s string) (time.Duration, error) {
	if s == "" {
		if c.dialect == warehouse.Redshift {
			return redshiftTrust, nil
		}
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration from 0s, such as 60s", s)
	}
	return d, nil
}

// openWarehouse sets up the connections and opens none of them.
func (c config) openWarehouse(login warehouse.LoginFunc) (warehouse.Database, error) {
	connector, err := c.connector(login)
	if err != nil {
		return warehouse.Database{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	db := connect.Open(connector)
	db.SetMaxIdleConns(c.maxQueries)
	// Beside the queries, the pipeline's state and the readiness check must
	// get through.
	db.SetMaxOpenConns(c.maxQueries + 2)
	return warehouse.Database{SQL: db, Dialect: c.dialect}, nil
}

func (c config) connector(login warehouse.LoginFunc) (*connect.Connector, error) {
	if c.warehouseURL != "" {
		connector, err := connect.FromURL(c.warehouseURL, c.dialect)
		return connector, named("LOAF_WAREHOUSE_URL", err)
	}
	host := c.host
	host.Login = login
	return connect.New(host)
}
