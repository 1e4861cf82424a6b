package source_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules/source"
)

// The examples of docs/policy.md are true: its complete policy compiles, each
// fragment does together with it, and the broken one has the errors that the page
// shows.
func TestExamplesOfTheReference(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	complete := make(fstest.MapFS)
	var fragments []string
	broken, errs := "", ""
	for _, m := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		switch info, body := m[1], m[2]; info {
		case "yaml":
			fragments = append(fragments, body)
		case "yaml broken":
			broken = body
		case "text":
			errs = body
		default:
			name, ok := strings.CutPrefix(info, "yaml ")
			if !ok {
				t.Errorf("a block of %q is not tested", info)
			}
			complete[name] = &fstest.MapFile{Data: []byte(body)}
		}
	}
	if len(complete) != 3 || len(fragments) < 15 || broken == "" || errs == "" {
		t.Fatalf("%d files, %d fragments", len(complete), len(fragments))
	}
	if problems := check(t, complete); len(problems) > 0 {
		t.Errorf("the complete policy:\n%v", problems)
	}
	for _, f := range fragments {
		complete["fragment.yaml"] = &fstest.MapFile{Data: []byte("language: 1\n" + f)}
		if problems := check(t, complete); len(problems) > 0 {
			t.Errorf("%s\n%v", f, problems)
		}
	}
	_, problems, err := source.Load(fstest.MapFS{"broken.yaml": {Data: []byte("language: 1\n" + broken)}})
	if err != nil || problems.Error()+"\n" != errs {
		t.Errorf("the errors are\n%v\nand the page shows\n%s", problems, errs)
	}
}

// Every key that the reader knows stands in the reference, so that nobody has to
// read the code to find one.
func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
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
