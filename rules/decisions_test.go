package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/decisions.md is read beside the tables: it has every rule and every reason, and
// the files and functions that it names are there.
func TestDecisionsAreDocumented(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for _, code := range reasons[1:] {
		if !strings.Contains(doc, "`"+code+"`") {
			t.Errorf("reason %s is in no table", code)
		}
	}
	for prefix, last := range map[string]int{"R": 12, "S": 8, "X": 3, "A": 13, "G": 12, "U": 11, "M": 4} {
		for i := 1; i <= last; i++ {
			if !strings.Contains(doc, fmt.Sprintf("\n| %s%d |", prefix, i)) {
				t.Errorf("rule %s%d has no row", prefix, i)
			}
		}
	}
	for _, more := range []string{"R7b", "S7b", "M1b"} {
		if !strings.Contains(doc, "\n| "+more+" |") {
			t.Errorf("rule %s has no row", more)
		}
	}

	files := regexp.MustCompile("`((?:rules|exchange|redact|caddymodule)/[a-z_]+\\.go)`").FindAllStringSubmatch(doc, -1)
	for _, f := range files {
		if _, err := os.Stat(filepath.Join("..", f[1])); err != nil {
			t.Errorf("%s: %v", f[1], err)
		}
	}
	// `Type.function`, `rules/file.go` names where to look.
	places := regexp.MustCompile("`(?:[A-Za-z]+\\.)?([A-Za-z]+)`, `((?:rules|exchange|redact)/[a-z_]+\\.go)`").FindAllStringSubmatch(doc, -1)
	for _, place := range places {
		source, err := os.ReadFile(filepath.Join("..", place[2]))
		if err != nil || !regexp.MustCompile(`func (\([a-z]+ \*?[A-Za-z]+\) )?`+place[1]+`\(`).Match(source) {
			t.Errorf("%s has no function %s", place[2], place[1])
		}
	}
	if len(files) < 20 || len(places) < 20 {
		t.Errorf("only %d files and %d functions", len(files), len(places))
	}
}
