package source_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// reference is the pages of the language.
var reference = []string{"../../docs/policy.md", "../../docs/policy-notices.md", "../../docs/policy-recipients.md", "../../docs/policy-resources.md"}

// block is a block of code of a page.
type block struct{ page, info, text string }

// blocks lists those of the reference.
func blocks(t *testing.T) (list []block) {
	t.Helper()
	for _, path := range reference {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
			list = append(list, block{filepath.Base(path), m[1], m[2]})
		}
	}
	return list
}

// The examples of the reference are true: its complete policy compiles, and the
// broken fragments have the errors that stand behind them. What comes of the others
// is tested in package policytest.
func TestExamplesOfTheReference(t *testing.T) {
	t.Parallel()
	complete, broken := make(fstest.MapFS), make(map[string]string)
	fragments, before := 0, ""
	for _, b := range blocks(t) {
		switch b.info {
		case "yaml":
			fragments++
		case "yaml test":
		case "yaml broken":
			before = b.text
		case "text":
			if before == "" {
				t.Errorf("%s: no broken fragment stands before\n%s", b.page, b.text)
			}
			broken[before], before = b.text, ""
		default:
			name, ok := strings.CutPrefix(b.info, "yaml ")
			if !ok || !strings.HasSuffix(name, ".yaml") {
				t.Errorf("%s: a block of %q is not tested", b.page, b.info)
			}
			complete[name] = &fstest.MapFile{Data: []byte(b.text)}
		}
	}
	if len(complete) != 3 || fragments < 25 || len(broken) < 3 || before != "" {
		t.Fatalf("%d files, %d fragments, %d that are broken", len(complete), fragments, len(broken))
	}
	if problems := check(t, complete); len(problems) > 0 {
		t.Errorf("the complete policy:\n%v", problems)
	}
	for fragment, errs := range broken {
		complete["broken.yaml"] = &fstest.MapFile{Data: []byte("language: 1\n" + fragment)}
		if problems := check(t, complete); problems.Error()+"\n" != errs {
			t.Errorf("the errors are\n%v\nand the page shows\n%s", problems, errs)
		}
	}
}

// Every key that the reader knows stands in the reference, so that nobody has to
// read the code to find one.
func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	var page []byte
	for _, path := range reference {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page = append(page, b...)
	}
	key := regexp.MustCompile(`(?m)^\s*(?:known\[)?"([a-z0-9_]+)"(?::|\] =)\s+(?:func\(v value|d\.|count\()`)
	found := 0
	for _, file := range []string{"notices.go", "orders.go", "recipients.go", "resources.go", "source.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(code), -1) {
			found++
			if !regexp.MustCompile(`\b` + m[1] + `\b`).Match(page) {
				t.Errorf("%s: the reference does not have the key %q", file, m[1])
			}
		}
	}
	if found < 130 {
		t.Errorf("only %d keys were found in the code", found)
	}
}
