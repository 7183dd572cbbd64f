package dev

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
)

// banner is what a person needs to begin with. It is the only place where
// secrets are shown.
func (o *Options) banner(address string) string {
	kept := o.DataDir
	if absolute, err := filepath.Abs(o.DataDir); err == nil {
		kept = absolute
	}
	dir := ""
	if o.DataDir != datadir.Default {
		dir = " --data-dir " + quote(o.DataDir)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `
DataLoaf is running on %s; its data is in %s

  Page      %s
  Password  %s
  API key   %s
  Token     %s

Send an event:

  curl %s/v1/events -H %s -H 'Content-Type: application/json' -d '{"events":[{"event":"hello","user_id":"me","properties":{"answer":42}}]}'

Import a file of events or users, then ask, from this folder:

  loafctl import%s FILE.ndjson.gz
  echo '{"range":{"last":"7d"},"interval":"day","series":[{"event":"*","aggregation":{"type":"total"}}]}' | loafctl query%s

Ctrl-C stops it.
`, o.describeWarehouse(), kept, address, o.AdminPassword, o.APIKey, o.Token, address, quote("x-api-key: "+o.APIKey), dir, dir)
	return b.String()
}

// quote makes one word of s for a shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
