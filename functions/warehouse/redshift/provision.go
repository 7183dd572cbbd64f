package redshift

import (
	"context"
	"crypto/md5"
	"encoding/hex"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/provision"
)

// provisioning is what each user may do.
//
//   - Nobody but load makes tables: by default every user may in the schema
//     public, and may make temporary ones
//     (https://docs.aws.amazon.com/redshift/latest/dg/r_Privileges.html,
//     https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html).
//   - A merge replaces rows of users by DELETE and INSERT from a temporary
//     table, which needs SELECT, too, for DELETE compares
//     (https://docs.aws.amazon.com/redshift/latest/dg/r_DELETE.html).
//   - It reads and writes the ledger, and locks. What LOCK needs is not in
//     Redshift's guide; in PostgreSQL 8.0, from which Redshift comes, every mode
//     but ACCESS SHARE needs UPDATE or DELETE on the table
//     (https://www.postgresql.org/docs/8.0/sql-lock.html).
//   - insights reads, now and in the tables of the next version
//     (https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html).
var provisioning = provision.Engine{
	Password: digest,
	Options:  "NOCREATEDB NOCREATEUSER",
	Readable: []string{"events", "users", "loaf_event_catalog", "loaf_property_catalog", "loaf_loads", "loaf_files", "loaf_migrations", "loaf_documents"},
	Writable: []provision.Grant{
		{Table: "users", Privileges: "SELECT, INSERT, DELETE"},
		{Table: "loaf_files", Privileges: "SELECT, INSERT"},
		{Table: "loaf_lock", Privileges: "SELECT, UPDATE, DELETE"},
	},
	Saved: []provision.Grant{{Table: "loaf_documents", Privileges: "INSERT, UPDATE, DELETE"}},
}

// digest is what Redshift takes in place of a password, so that the password
// itself stands in no log of statements. It is the MD5 form: for users with the
// SHA-256 one Redshift asks for an authentication that lib/pq does not know
// (number 13). A password must therefore be long and random, which those made
// with the stack are, and the digest be kept from others as well: only a
// superuser sees what another user has run.
// Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html,
// https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html
func digest(l warehouse.Login) (string, error) {
	sum := md5.Sum([]byte(l.Password + l.Username))
	return "md5" + hex.EncodeToString(sum[:]), nil
}

// Provision makes the three users, or sets their passwords, brings the tables
// to the newest version and gives each user what its program needs. The
// warehouse must be opened as load; admin is the one that Redshift was made
// with. Doing it again changes nothing.
func (w *Warehouse) Provision(ctx context.Context, admin warehouse.LoginFunc, a warehouse.Accounts) error {
	return provision.Run(ctx, w.connect, admin, w.db, w.Migrate, provisioning, a)
}
