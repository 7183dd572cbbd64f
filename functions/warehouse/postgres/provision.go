package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/provision"
)

// provisioning is what each user may do. LOCK in a mode that keeps writers out
// needs UPDATE, DELETE or TRUNCATE on the table
// (https://www.postgresql.org/docs/15/sql-lock.html), an upsert SELECT, INSERT
// and UPDATE (https://www.postgresql.org/docs/15/sql-insert.html).
var provisioning = provision.Engine{
	Password: verifier,
	Options:  "NOCREATEDB NOCREATEROLE",
	Readable: []string{"events", "users", "loaf_event_catalog", "loaf_property_catalog", "loaf_loads", "loaf_files", "loaf_migrations", "loaf_documents"},
	Writable: []provision.Grant{
		{Table: "users", Privileges: "SELECT, INSERT, UPDATE"},
		{Table: "loaf_files", Privileges: "SELECT, INSERT"},
		{Table: "loaf_lock", Privileges: "UPDATE"},
	},
	Saved: []provision.Grant{{Table: "loaf_documents", Privileges: "INSERT, UPDATE, DELETE"}},
}

// Provision makes the three users, or sets their passwords, brings the tables
// to the newest version and gives each user what its program needs. The
// warehouse must be opened as load; admin may make users and owns the database.
// Doing it again changes nothing.
func (w *Warehouse) Provision(ctx context.Context, admin warehouse.LoginFunc, a warehouse.Accounts) error {
	if w.connect == nil {
		return errors.New("make the users of the warehouse: it was opened by a URL, which holds one login")
	}
	as := *w.connect
	as.Dialect = warehouse.PostgreSQL
	return provision.Run(ctx, as, admin, w.db, w.Migrate, provisioning, a)
}

// iterations is PostgreSQL's own number.
const iterations = 4096

// verifier is a SCRAM-SHA-256 verifier, which PostgreSQL takes in place of a
// password (https://www.postgresql.org/docs/15/sql-createrole.html). Text that
// is not ASCII would need SASLprep; the passwords are made by us.
func verifier(l warehouse.Login) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	for _, b := range []byte(l.Password) {
		if b < ' ' || b > '~' {
			return "", errors.New("it must be printable ASCII")
		}
	}
	salted, err := pbkdf2.Key(sha256.New, l.Password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(stored[:]), encode(mac("Server Key"))), nil
}
