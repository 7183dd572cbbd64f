package dev

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/insights-server/auth"
)

// The names that --renew takes.
const (
	renewAPIKey   = "api-key"
	renewPassword = "password"
	renewToken    = "token"
)

// doors are what opens a dev. Of what outlives the run there are only sums and a
// hash, but for the moment in which it is shown.
type doors struct {
	apiKey, token datadir.Sum
	// keyGiven is true when the API key is not the data folder's.
	keyGiven bool
	// passwordHash is an argon2id hash.
	passwordHash string
	// runKey and runToken open this run alone. They are for the other commands of
	// this machine, which find them in the data folder.
	runKey, runToken string
	// kept is what the data folder is to keep, and changed tells whether that is new
	// to it.
	kept    datadir.Secrets
	changed bool
	// shownPassword, shownKey and shownToken are what the banner says of them.
	shownPassword, shownKey, shownToken string
}

// doors takes what was given, knows again what the data folder keeps, and makes
// what there is not, or what is to be made anew. What was made is shown by this
// run's banner alone.
func (o *Options) doors(dir *datadir.Dir) (*doors, error) {
	d := &doors{kept: dir.Secrets, runKey: o.NewSecret(), runToken: o.NewSecret(), keyGiven: o.APIKey != ""}
	d.apiKey, d.shownKey = o.sum(d, o.APIKey, renewAPIKey, &d.kept.APIKey)
	d.token, d.shownToken = o.sum(d, o.Token, renewToken, &d.kept.Token)
	if d.kept.APIKey != dir.Secrets.APIKey {
		d.kept.NextAPIKey = datadir.Sum{} // it was to replace a key that is gone
	}
	password := o.AdminPassword
	if password == "" && (d.kept.AdminPassword == "" || o.renews(renewPassword)) {
		password = o.NewSecret()
		d.changed = true
	}
	if password == "" {
		d.passwordHash, d.shownPassword = d.kept.AdminPassword, notAgain(renewPassword)
		return d, nil
	}
	var err error
	if d.passwordHash, err = auth.DeriveHash(password, []byte(d.kept.SessionKey)); err != nil {
		return nil, fmt.Errorf("set the admin's password: %w", err)
	}
	d.shownPassword = password
	if o.AdminPassword == "" {
		d.kept.AdminPassword = d.passwordHash
	}
	return d, nil
}

// sum gives the sum of a key or token, and what the banner says of it.
func (o *Options) sum(d *doors, given, name string, kept *datadir.Sum) (sum datadir.Sum, shown string) {
	if given != "" {
		return datadir.SumOf(given), given
	}
	if *kept != (datadir.Sum{}) && !o.renews(name) {
		return *kept, notAgain(name)
	}
	made := o.NewSecret()
	*kept, d.changed = datadir.SumOf(made), true
	return *kept, made
}

// notAgain stands in the banner for what was shown when it was made.
func notAgain(name string) string {
	return "as it was shown when it was made; --renew " + name + " makes another"
}

func (o *Options) renews(name string) bool { return slices.Contains(o.renew, name) }

// checkRenew takes --renew apart and finds wrong use of it.
func (o *Options) checkRenew() error {
	given := map[string]struct{ flag, value string }{
		renewAPIKey:   {"--api-key (LOAF_API_KEY)", o.APIKey},
		renewPassword: {"--admin-password (LOAF_ADMIN_PASSWORD)", o.AdminPassword},
		renewToken:    {"--token (LOAF_TOKEN)", o.Token},
	}
	o.renew = strings.FieldsFunc(o.Renew, func(r rune) bool { return r == ',' || r == ' ' })
	for _, name := range o.renew {
		g, known := given[name]
		if !known {
			return failure.Usage("Name one or several of "+strings.Join([]string{renewAPIKey, renewPassword, renewToken}, ", ")+", with commas between them.", "--renew %q is nothing that is made", name)
		}
		if g.value != "" {
			return failure.Usage("Leave one of the two out: what is given is not the data folder's, and not kept.", "both --renew %s and %s are given", name, g.flag)
		}
	}
	return nil
}
