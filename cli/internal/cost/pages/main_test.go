package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplace(t *testing.T) {
	known := map[string]string{"a": "| new |\n"}
	page := "before\n<!-- costs: a -->\n| old |\n<!-- costs: end -->\nafter <!-- resources -->\n"
	want := "before\n<!-- costs: a -->\n| new |\n<!-- costs: end -->\nafter <!-- resources -->\n"
	got, err := replace(page, known)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if again, err := replace(got, known); err != nil || again != got {
		t.Errorf("the second time: %v\n%s", err, again)
	}
	for name, page := range map[string]string{
		"no place":         "text",
		"an unknown table": page + "<!-- costs: b -->\n<!-- costs: end -->",
		"no end":           "<!-- costs: a -->\n",
		"an end too few":   "<!-- costs: a -->\n" + page,
		"not closed":       "<!-- costs: a",
	} {
		if got, err := replace(page, known); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestEveryTableIsWhole(t *testing.T) {
	for name, text := range tables() {
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) < 3 {
			t.Errorf("%s has no rows", name)
		}
		for _, line := range lines {
			if strings.Count(line, "|") != strings.Count(lines[0], "|") {
				t.Errorf("%s: %s", name, line)
			}
			if strings.Contains(line, "NaN") || strings.Contains(line, "+Inf") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

func TestWhatTheTextSays(t *testing.T) {
	for name, want := range map[string][]string{
		"interval": {"| 3 min | 480 | 32 | 365.00 | – |", "| 60 min | 24 | 1.6 | 18.25 | 346.75 |", "| 1 min | 1,440 | 96 | 1,095.00 | costs 730.00 more |"},
		"minimal":  {"| Redshift: woken by loads | 973 RPU-hours | 0.00 | 365.00 |"},
		"prices":   {"0.375 per RPU-hour", "0.0000133334 per GB-second", "none that has it"},
	} {
		for _, part := range want {
			if !strings.Contains(tables()[name], part) {
				t.Errorf("%s does not say %q:\n%s", name, part, tables()[name])
			}
		}
	}
}

func TestCheckLeavesTheFile(t *testing.T) {
	var page strings.Builder
	for name := range tables() {
		page.WriteString("<!-- costs: " + name + " -->\n<!-- costs: end -->\n")
	}
	file := filepath.Join(t.TempDir(), "costs.md")
	if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-check", file}, os.Stderr); !errors.Is(err, errDrift) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != page.String() {
		t.Errorf("the file was changed: %v", err)
	}
	if err := run([]string{file}, os.Stderr); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-check", file}, os.Stderr); err != nil {
		t.Error(err)
	}
	if err := run(nil, os.Stderr); err == nil {
		t.Error("without a file it is content")
	}
	if err := run([]string{file + "x"}, os.Stderr); err == nil {
		t.Error("without the file it is content")
	}
}
