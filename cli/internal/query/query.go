// Package query is `loafctl query`: it asks an insights server and prints the
// answer.
package query

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// The formats of an answer.
const (
	Table = "table"
	CSV   = "csv"
	JSON  = "json"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	// File holds the query; "-" or nothing is standard input.
	File string
	// Server is the address of an insights server; empty means the dev that
	// runs on DataDir.
	Server          string
	Token, Password string
	DataDir         string
	// Format is one of the formats; empty is a table on a terminal and JSON
	// elsewhere.
	Format  string
	Timeout time.Duration
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams}
	cmd := &cobra.Command{
		Use:   "query [FILE|-]",
		Short: "Ask an insights server and print a table, CSV or JSON",
		Long: `Ask an insights server. The query is JSON, from a file or standard input.

While ` + "`loafctl dev`" + ` runs on the same --data-dir, neither address nor token is needed.`,
		Example: `  echo '{"range":{"last":"7d"},"interval":"day","series":[{"event":"*","aggregation":{"type":"total"}}]}' | loafctl query
  loafctl query orders.json --format csv > orders.csv
  loafctl query orders.json --server https://insights.example.com --token "$TOKEN"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.File = args[0]
			}
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Server, "server", "", "`URL` of the insights server (default: the dev that runs on --data-dir)")
	f.StringVar(&o.Token, "token", "", "bearer `token` for programs")
	f.StringVar(&o.Password, "password", "", "admin's `password`, in place of a token")
	f.StringVar(&o.DataDir, "data-dir", datadir.Default, "`folder` of a running loafctl dev")
	f.StringVar(&o.Format, "format", "", "table, csv or json (default: table on a terminal, else json)")
	f.DurationVar(&o.Timeout, "timeout", time.Minute, "how long to wait for the answer")
	return cmd
}

// Run asks and prints.
func Run(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	question, err := o.read()
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	answer, err := o.ask(waiting, question)
	if err != nil {
		return err
	}
	return o.print(answer, question)
}

// complete checks the options and fills in what a running dev knows.
func (o *Options) complete() error {
	switch o.Format {
	case Table, CSV, JSON:
	case "":
		o.Format = JSON
		if term.IsTerminal(o.Streams.Out) {
			o.Format = Table
		}
	default:
		return failure.Usage("Use --format table, csv or json.", "there is no format %q", o.Format)
	}
	if o.Timeout <= 0 {
		return failure.Usage("Use a duration such as --timeout 30s.", "--timeout must be above zero")
	}
	if o.Token != "" && o.Password != "" {
		return failure.Usage("Give one of them.", "both --token and --password are given")
	}
	if o.Server == "" {
		running, ok := datadir.FindRunning(o.DataDir)
		if !ok {
			return failure.Usage("Give the server with --server URL (LOAF_SERVER), or start one with `loafctl dev`.",
				"no server is given and no loafctl dev runs on the data folder %s", o.DataDir)
		}
		o.Server = running.Address
		if o.Token == "" && o.Password == "" {
			o.Token = running.Token
		}
	}
	address, err := url.Parse(o.Server)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return failure.Usage("Give an address such as --server http://127.0.0.1:8080.", "%q is not the address of a server", o.Server)
	}
	o.Server = strings.TrimSuffix(o.Server, "/")
	if o.Token == "" && o.Password == "" {
		return failure.Usage("Give --token (LOAF_TOKEN) or --password (LOAF_PASSWORD).", "the server wants to know who asks")
	}
	return nil
}

func (o *Options) read() ([]byte, error) {
	var text []byte
	var err error
	name := o.File
	if name == "" || name == "-" {
		name = "standard input"
		if term.IsTerminal(o.Streams.In) {
			return nil, failure.Usage("Name a file, or pipe the query in. `loafctl query --help` has examples.", "no query is given")
		}
		text, err = io.ReadAll(o.Streams.In)
	} else {
		text, err = os.ReadFile(o.File)
	}
	if err != nil {
		return nil, failure.New(err, "", "read the query")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, failure.New(nil, "`loafctl query --help` has examples.", "%s is empty: there is no query in it", name)
	}
	return text, nil
}

// ask logs in when it has a password, and asks.
func (o *Options) ask(ctx context.Context, question []byte) ([]byte, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	client := &http.Client{Jar: jar}
	if o.Password != "" {
		login, err := json.Marshal(map[string]string{"password": o.Password})
		if err != nil {
			return nil, fmt.Errorf("write the login: %w", err)
		}
		if _, err := o.post(ctx, client, "/api/v1/login", login, "application/json"); err != nil {
			return nil, err
		}
	}
	accept := "application/json"
	if o.Format == CSV {
		accept = "text/csv"
	}
	return o.post(ctx, client, "/api/v1/query", question, accept)
}

func (o *Options) post(ctx context.Context, client *http.Client, path string, body []byte, accept string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Server+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", o.Server, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	if o.Token != "" {
		request.Header.Set("Authorization", "Bearer "+o.Token)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, o.explain(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, o.explain(ctx, err)
	}
	if response.StatusCode >= 300 {
		return nil, o.refused(response.StatusCode, text)
	}
	return text, nil
}

// explain says why there is no answer at all.
func (o *Options) explain(ctx context.Context, err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // without the method and address, which the message has
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failure.New(nil, "Give it longer with --timeout, or ask for a shorter range.", "%s did not answer within %v", o.Server, o.Timeout)
	case ctx.Err() != nil:
		return failure.New(nil, "", "stopped before %s answered", o.Server)
	default:
		return failure.New(err, "Is the server running, and is --server its address?", "cannot reach %s", o.Server)
	}
}

// refused makes an error of the server's.
func (o *Options) refused(status int, body []byte) error {
	var answer struct {
		Error struct {
			Code, Message, Field string
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Message == "" {
		return failure.New(nil, "Is --server the address of an insights server?", "%s answered %d %s", o.Server, status, http.StatusText(status))
	}
	message := answer.Error.Message
	if answer.Error.Field != "" && !strings.HasPrefix(message, answer.Error.Field) {
		message = answer.Error.Field + ": " + message
	}
	remedy := ""
	switch status {
	case http.StatusUnauthorized:
		remedy = "Give the right --token (LOAF_TOKEN) or --password (LOAF_PASSWORD)."
	case http.StatusTooManyRequests:
		remedy = "Try again in a moment."
	case http.StatusGatewayTimeout:
		remedy = "Ask for a shorter range, or for fewer series at once."
	case http.StatusBadRequest:
		remedy = "Change the query and ask again."
	}
	return failure.New(nil, remedy, "%s (%s, status %d)", message, answer.Error.Code, status)
}

func (o *Options) print(answer, question []byte) error {
	if o.Format == Table {
		table, err := render(answer, question, time.Now())
		if err != nil {
			return failure.New(err, "Use --format json to see the answer as it came.", "read the answer of %s", o.Server)
		}
		answer = table
	}
	if len(answer) > 0 && answer[len(answer)-1] != '\n' {
		answer = append(answer, '\n')
	}
	if _, err := o.Streams.Out.Write(answer); err != nil {
		return failure.New(err, "", "write the answer")
	}
	return nil
}
