package dataloaf_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/api.txt anew")

// TestExportedAPI compares what the packages export with the record of it. A
// line that goes or changes breaks the programs that use it: that takes a new
// major version. A new line takes a new minor one.
func TestExportedAPI(t *testing.T) {
	var lines []string
	for _, dir := range []string{".", "dataloaftest", "wire"} {
		lines = append(lines, exported(t, dir)...)
	}
	got := strings.Join(lines, "\n") + "\n"
	const record = "testdata/api.txt"
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(record, []byte(got), 0o644))
		return
	}
	text, err := os.ReadFile(record)
	must(t, err)
	recorded := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range recorded {
		if !slices.Contains(lines, line) {
			t.Errorf("gone or changed, which breaks programs: %s", line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(recorded, line) {
			t.Errorf("not recorded: %s", line)
		}
	}
	if t.Failed() {
		t.Log("when it is meant, run go test . -run TestExportedAPI -update, and say so in CHANGELOG.md")
	}
}

// exported gives a line for each exported name of the package in a folder, and
// fails for one without a comment.
func exported(t *testing.T, dir string) (lines []string) {
	t.Helper()
	set := token.NewFileSet()
	entries, err := fs.ReadDir(os.DirFS(dir), ".")
	must(t, err)
	var files []*ast.File
	for _, e := range entries {
		// Files for one system alone export nothing.
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "lock_") {
			f, err := parser.ParseFile(set, path.Join(dir, name), nil, parser.ParseComments)
			must(t, err)
			files = append(files, f)
		}
	}
	pkg, err := doc.NewFromFiles(set, files, "x")
	must(t, err)
	add := func(comment, format string, args ...any) {
		line := "pkg " + pkg.Name + ", " + fmt.Sprintf(format, args...)
		if strings.TrimSpace(comment) == "" {
			t.Errorf("without a comment: %s", line)
		}
		lines = append(lines, line)
	}
	values := func(kind string, of []*doc.Value) {
		for _, v := range of {
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				for i, name := range s.Names {
					if !name.IsExported() {
						continue
					}
					value := ""
					if kind == "const" && i < len(s.Values) {
						value = " = " + text(set, s.Values[i])
					}
					if s.Type != nil {
						value = " " + text(set, s.Type) + value
					}
					add(v.Doc+s.Doc.Text(), "%s %s%s", kind, name.Name, value)
				}
			}
		}
	}
	funcs := func(of []*doc.Func) {
		for _, f := range of {
			f.Decl.Body, f.Decl.Doc = nil, nil
			add(f.Doc, "%s", text(set, f.Decl))
		}
	}
	values("const", pkg.Consts)
	values("var", pkg.Vars)
	funcs(pkg.Funcs)
	for _, one := range pkg.Types {
		values("const", one.Consts)
		values("var", one.Vars)
		for _, spec := range one.Decl.Specs {
			s := spec.(*ast.TypeSpec)
			switch typ := s.Type.(type) {
			case *ast.StructType:
				add(one.Doc, "type %s struct", s.Name.Name)
				comment := ""
				for _, field := range typ.Fields.List {
					// One comment may stand for the fields that follow it.
					if field.Doc != nil {
						comment = field.Doc.Text()
					}
					for _, name := range field.Names {
						if name.IsExported() {
							add(comment+one.Doc, "type %s struct, %s %s", s.Name.Name, name.Name, text(set, field.Type))
						}
					}
				}
			case *ast.InterfaceType:
				add(one.Doc, "type %s interface", s.Name.Name)
				for _, method := range typ.Methods.List {
					for _, name := range method.Names {
						if name.IsExported() {
							add(one.Doc, "type %s interface, %s%s", s.Name.Name, name.Name, strings.TrimPrefix(text(set, method.Type), "func"))
						}
					}
				}
			default:
				add(one.Doc, "type %s %s", s.Name.Name, text(set, s.Type))
			}
		}
		funcs(one.Funcs)
		funcs(one.Methods)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// text is source on one line.
func text(set *token.FileSet, node any) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, set, node); err != nil {
		panic(err)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}
