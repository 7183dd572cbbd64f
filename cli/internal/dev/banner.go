package dev

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
)

// banner is what a person needs to begin with. It is the only place where
// secrets are shown, and each stands there once: curl reads a key of this run from
// a file.
func (o *Options) banner(address string, dataDir *datadir.Dir, d *doors) string {
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

  %s import%s FILE.ndjson.gz
  echo '{"range":{"last":"7d"},"interval":"day","series":[{"event":"*","aggregation":{"type":"total"}}]}' | %s query%s

Ctrl-C stops it.
`, o.describeWarehouse(), kept, address,
		d.shownPassword, d.shownKey, d.shownToken, address, quote("@"+dataDir.HeaderFile()),
		o.program(), dir, o.program(), dir)
	return b.String()
}

// program is how this loafctl was called: it need not be on the PATH.
func (o *Options) program() string {
	if strings.ContainsFunc(o.Program, func(r rune) bool {
		return !strings.ContainsRune("/._-", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return quote(o.Program)
	}
	return o.Program
}

// quote makes one word of s for a shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
