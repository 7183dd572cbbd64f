package redshift

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/provision"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

var update = flag.Bool("update", false, "write the golden files")

// steps are the statements of a load and of a merge, in their order.
func steps(t *testing.T) map[string][]string {
	t.Helper()
	migrations, err := migrate.Read(Migrations())
	if err != nil {
		t.Fatal(err)
	}
	accounts := warehouse.Accounts{
		Load:     warehouse.Login{Username: "loaf_load", Password: "Secret-of-load"},
		Update:   warehouse.Login{Username: "loaf_update", Password: "Secret-of-update"},
		Insights: warehouse.Login{Username: "loaf_insights", Password: "Secret-of-insights"},
	}
	makeUser, err1 := provisioning.MakeUser(false, accounts.Load)
	setPassword, err2 := provisioning.MakeUser(true, accounts.Load)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	out := map[string][]string{
		"load": {
			Session, Lock, writer.SelectLedger(2), writer.NextLoadID, CreateStage, SessionID,
			CopyEvents(Copy{Manifest: "s3://stack-events/manifests/o'clock.json", Role: "arn:aws:iam::111122223333:role/stack-copy", Region: "eu-central-1"}),
			StageBounds, CreateNew, FillNew(2), InsertEvents, UpdateEventCatalog, InsertEventCatalog,
			CreateNewProperties, UpdatePropertyCatalog, InsertPropertyCatalog, CountNew, Duplicates(100), DropStages,
			writer.InsertLedger(2, "TIMESTAMP"), writer.InsertLoad,
		},
		"load_error": {LoadError},
		"replay": {
			Session, writer.SelectQuarantined(2), Lock, writer.ForgetQuarantined(2), writer.SelectLedger(2), writer.InsertLedger(1, "TIMESTAMP"),
		},
		"merge": {
			Session, Lock, writer.SelectLedger(1), ReadUsers(2), ReadLargeUsers(1), CreateUserStage, StageUsers(2), DeleteUsers, InsertUsers, DropUserStage, InsertLargeUser(2, 1),
			writer.InsertLedger(1, "TIMESTAMP"),
		},
		"erase": {
			Session, writer.SelectDeletions, ReadUsers(1), writer.SelectSince, writer.UserEvents, Lock, writer.SaveDocument, writer.FindDocument, writer.AddDocument,
			writer.UserLoads, CreateGone, writer.FillGone(writer.OfUser), writer.DeleteEvents(writer.OfUser), writer.LessEvents, writer.SeenEvents, writer.NoEvents,
			CreateGoneProperties, writer.LessProperties, writer.NoProperties, writer.DropGone, writer.DropGoneToo,
			writer.SelectEntries(2), writer.SelectLoadEntries(2), writer.CreateCounts, writer.InsertCounts(2), writer.UpdateFiles, writer.DropCounts,
			writer.CreateSums, writer.InsertSums(2), writer.UpdateLoads, writer.DropSums, writer.SelectReasons, writer.SetReason, writer.DeleteUser,
			writer.NextLoadID, writer.InsertLoad,
		},
		"expire": {
			Session, writer.ExpiredLoads + "101", writer.ExpiredQuarantined, Lock, writer.CountEvents(writer.OfLoads(2)), writer.FillGone(writer.OfLoads(2)),
			writer.DeleteEvents(writer.OfLoads(2)), writer.ExpireLoads(2), writer.ExpireQuarantined,
		},
		"audit": {Session, audit.LedgerRows(21, 2), audit.LedgerSums, audit.Loads, audit.EventRows, audit.DeepEvents(warehouse.Redshift, 2),
			audit.SelectRecords, audit.DeleteRecords(2), audit.InsertRecord},
		"migrate": {Session, CreateLock, Lock, migrate.CreateTable, migrate.CurrentVersion, migrate.InsertVersion, writer.AnyLedger},
		"provision": slices.Concat(
			[]string{Session, provision.SelectUser, makeUser, setPassword, provision.SelectDatabase},
			provision.Admin("dataloaf", accounts), provisioning.Owner(accounts)),
	}
	for _, m := range migrations {
		out[fmt.Sprintf("migration_%04d_%s", m.Version, m.Name)] = m.Statements
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, statements := range steps(t) {
		got := strings.Join(statements, ";\n\n") + ";\n"
		path := filepath.Join("testdata", name+".sql")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v: run go test ./warehouse/redshift -update", err)
		}
		if got != string(want) {
			t.Errorf("%s differs; if that is meant, run go test ./warehouse/redshift -update\n%s", path, got)
		}
	}
	known, err := fs.Glob(os.DirFS("testdata"), "*.sql")
	if err != nil || len(known) != len(steps(t)) {
		t.Errorf("golden files %v: %v", known, err)
	}
}

// words are what may stand outside quotes in our Redshift SQL: each is in the
// Amazon Redshift Database Developer Guide. A word that is not here must be
// looked up there before it is added; what PostgreSQL knows is no proof. Those
// that are not plain SQL:
//
//   - CURRENT_DATABASE, PG_BACKEND_PID, PG_USER and USENAME: r_CURRENT_DATABASE,
//     PG_BACKEND_PID, c_join_PG
//   - JSON_PARSE, JSON_SERIALIZE, JSON_SERIALIZE_TO_VARBYTE, JSON_SIZE,
//     JSON_TYPEOF, SUPER, UNPIVOT: super-functions, query-super
//   - TO_VARBYTE: r_TO_VARBYTE
//   - HAVING and SUBSTRING: r_HAVING_clause, r_SUBSTRING
//   - LIKE in CREATE TABLE: r_CREATE_TABLE_NEW
//   - NOCREATEDB, NOCREATEUSER, PASSWORD, USER: r_CREATE_USER, r_ALTER_USER
//   - DEFAULT PRIVILEGES: r_ALTER_DEFAULT_PRIVILEGES
//   - GRANT, REVOKE, PUBLIC, SCHEMA, TEMP, USAGE: r_GRANT, r_REVOKE
//   - SYS_LOAD_ERROR_DETAIL: SYS_LOAD_ERROR_DETAIL
//   - the words of COPY: r_COPY
//
// Each is a page of https://docs.aws.amazon.com/redshift/latest/dg/.
var words = strings.Fields(`
ALL ALTER AND AS AT BETWEEN BIGINT BY CASE CAST CHAR COALESCE COMPUPDATE COPY COUNT CREATE CURRENT_DATABASE DATABASE DEFAULT DELETE DESC
DISTINCT DISTKEY DISTSTYLE DROP ELSE ENABLE_CASE_SENSITIVE_IDENTIFIER END EXISTS FORMAT FROM GRANT GREATEST GROUP GZIP HAVING IAM_ROLE IF IN INSERT
INTEGER INTO IS JOIN JSON JSON_PARSE JSON_SERIALIZE JSON_SERIALIZE_TO_VARBYTE JSON_SIZE JSON_TYPEOF KEY LEAST LEFT LIKE LIMIT LOCK LOWER
MANIFEST MAX MAXERROR MIN NOCREATEDB NOCREATEUSER NOT NULL OFF ON OR ORDER OVER PARTITION PASSWORD PG_BACKEND_PID PG_USER PRIVILEGES PUBLIC
REGION REVOKE ROW_NUMBER SCHEMA SELECT SET SORTKEY STATUPDATE SUBSTRING SUM SUPER SYS_LOAD_ERROR_DETAIL TABLE TABLES TEMP THEN TIMEFORMAT TIMESTAMP TO
TO_VARBYTE TRUE UNION UNPIVOT UPDATE USAGE USENAME USER USING VALUES VARCHAR WHEN WHERE`)

var (
	quoted = regexp.MustCompile(`"[^"]*"|'(?:[^']|'')*'`)
	word   = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*`)
	alias  = regexp.MustCompile(`^[a-z]$`)
)

func TestOnlyKnownWords(t *testing.T) {
	allowed := map[string]bool{}
	for _, w := range words {
		allowed[w] = true
	}
	for name, statements := range steps(t) {
		for _, s := range statements {
			for _, w := range word.FindAllString(quoted.ReplaceAllString(s, " "), -1) {
				if !allowed[strings.ToUpper(w)] && !alias.MatchString(w) {
					t.Errorf("%s: %q is not on the list of what Redshift knows:\n%s", name, w, s)
				}
			}
		}
	}
}

// TestEveryTableIsReadable: a table of a new migration must be given to
// insights, or be left out on purpose.
func TestEveryTableIsReadable(t *testing.T) {
	migrations, err := migrate.Read(Migrations())
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`^CREATE TABLE "([a-z_]+)"`)
	made := []string{"loaf_migrations"}
	for _, m := range migrations {
		for _, statement := range m.Statements {
			if found := table.FindStringSubmatch(statement); found != nil {
				made = append(made, found[1])
			}
		}
	}
	readable := slices.Clone(provisioning.Readable)
	slices.Sort(readable)
	slices.Sort(made)
	if !slices.Equal(readable, made) {
		t.Errorf("readable are %v of %v", readable, made)
	}
}

func TestDigestIsRedshifts(t *testing.T) {
	// The example of its guide.
	got, err := digest(warehouse.Login{Username: "user1", Password: "ez"})
	if want := "md5153c434b4b77c89e6b94f12c5393af5b"; err != nil || got != want {
		t.Errorf("%s, want %s: %v", got, want, err)
	}
}

func TestSharesAddUp(t *testing.T) {
	reports := make([]warehouse.ObjectReport, 4)
	for i, n := range []int64{3, 0, 10, 4} {
		reports[i].Lines = n
	}
	for duplicates := range int64(18) {
		share(reports, duplicates)
		var sum int64
		for _, r := range reports {
			sum += r.Duplicates
			if r.Duplicates < 0 || r.Inserted < 0 || r.Inserted+r.Duplicates != r.Lines {
				t.Errorf("%d duplicates: %+v", duplicates, r)
			}
		}
		if sum != duplicates {
			t.Errorf("%d duplicates were shared as %d", duplicates, sum)
		}
	}
}

func TestPiecesAreWhole(t *testing.T) {
	for _, text := range []string{"", "{}", strings.Repeat("€", 70000), strings.Repeat("x", maxText+1)} {
		got := pieces(text)
		if strings.Join(got, "") != text {
			t.Errorf("%d bytes come out otherwise", len(text))
		}
		for _, p := range got {
			if len(p) > maxText || strings.ToValidUTF8(p, "") != p {
				t.Errorf("a piece of %d bytes, or broken", len(p))
			}
		}
	}
}
