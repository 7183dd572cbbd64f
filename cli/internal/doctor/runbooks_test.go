package doctor_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// alarms are the alarms that Terraform makes, without the stack's name.
func alarms(t *testing.T) []string {
	t.Helper()
	text := read(t, "../../../terraform/modules/observability/main.tf")
	_, text, _ = strings.Cut(text, "\n  alarms = merge(")
	text, _, found := strings.Cut(text, "\n}\n")
	if !found {
		t.Fatal("the module has no local value alarms any more: this test must learn where they are")
	}
	of := map[string][]string{"f": {"collect", "update", "load"}, "q": {"load", "retry"}, "s": {"events", "users"}}
	var names []string
	for _, m := range regexp.MustCompile(`"\$\{([a-z])\}-([a-z-]+)" =>`).FindAllStringSubmatch(text, -1) {
		for _, each := range of[m[1]] {
			// A load that is throttled rings nothing.
			if each+"-"+m[2] != "load-throttled" {
				names = append(names, each+"-"+m[2])
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^      ([a-z]+(?:-[a-z]+)*) = \{$`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

func TestEveryAlarmHasARunbook(t *testing.T) {
	text := read(t, "../../../docs/runbooks.md")
	var sections []string
	for _, part := range strings.Split(text, "\n## ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		sections = append(sections, title)
		for _, heading := range []string{"**What it means.**", "**What to look at.**", "**What to do.**", "**What is safe.**"} {
			if strings.Count(body, heading) != 1 {
				t.Errorf("%s does not have %q once", title, heading)
			}
		}
	}
	slices.Sort(sections)
	if want := alarms(t); !slices.Equal(sections, want) {
		t.Errorf("the sections are\n%q, the alarms\n%q", sections, want)
	}
	for _, m := range regexp.MustCompile(`\]\(#([a-z-]+)\)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(sections, m[1]) {
			t.Errorf("the runbooks have a link to #%s, which they do not have", m[1])
		}
	}
}

// What loafctl and Terraform say of the runbooks leads somewhere.
func TestLinksToTheRunbooks(t *testing.T) {
	names := alarms(t)
	link := regexp.MustCompile(`runbooks\.md#([a-z-]+)`)
	found := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(read(t, path), -1) {
			found++
			if !slices.Contains(names, m[1]) {
				t.Errorf("%s names runbooks.md#%s, which is no alarm", path, m[1])
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d links, %v", found, err)
	}
}
