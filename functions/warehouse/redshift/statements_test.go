package redshift

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
)

var update = flag.Bool("update", false, "write the golden files")

// steps are the statements of a load and of a merge, in their order.
func steps(t *testing.T) map[string][]string {
	t.Helper()
	migrations, err := migrate.Read(Migrations())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{
		"load": {
			Session, Lock, CreateStage,
			CopyEvents(Copy{Manifest: "s3://stack-events/manifests/o'clock.json", Role: "arn:aws:iam::111122223333:role/stack-copy", Region: "eu-central-1"}),
			StageBounds, CreateNew, InsertEvents, UpdateEventCatalog, InsertEventCatalog,
			CreateNewProperties, UpdatePropertyCatalog, InsertPropertyCatalog, DropStages,
		},
		"merge": {Session, Lock, ReadUsers(2), CreateUserStage, StageUsers(2), DeleteUsers, InsertUsers, DropStages},
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
// looked up there before it is added; what PostgreSQL knows is no proof.
var words = strings.Fields(`
ALL AND AS AT BETWEEN BIGINT BY CAST CHAR COALESCE COMPUPDATE COPY COUNT CREATE DELETE DISTINCT DISTKEY DISTSTYLE DROP
ENABLE_CASE_SENSITIVE_IDENTIFIER EXISTS FORMAT FROM GREATEST GROUP GZIP IAM_ROLE IF IN INSERT INTEGER INTO IS JOIN JSON
JSON_PARSE JSON_SERIALIZE JSON_TYPEOF KEY LEAST LEFT LOCK MANIFEST MAX MAXERROR MIN NOT NULL OFF ON ORDER OVER PARTITION
REGION ROW_NUMBER SELECT SET SORTKEY STATUPDATE SUPER TABLE TEMP TIMEFORMAT TIMESTAMP TO TRUE UNION UNPIVOT UPDATE USING
VARCHAR WHERE`)

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
