package policytest_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules/policytest"
)

const example = "../../examples/software-vendor/policy"

// The examples of the reference are tests of the example policy, and pass.
func TestExamplesOfTheReference(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	policy := load(t, example)
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("only %d examples", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		suite, problems, err := policytest.Load(fstest.MapFS{"page_test.yaml": {Data: []byte(text)}})
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s\n%v %v", text, problems, err)
		}
		report, err := policytest.Run(policy, suite)
		if err != nil || len(report.Problems) > 0 {
			t.Fatalf("%s\n%v %v", text, report.Problems, err)
		}
		if report.Failed() > 0 || len(report.Results) == 0 {
			t.Error(report.Text())
		}
	}
}

// The reference names every member of the format.
func TestReferenceHasEveryMember(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for member := range strings.FieldsSeq("name clause at recipient caller purpose ref request api gpc small_cell subjects body expect kind country region residence " +
		"born own unresolved events id refused nothing fields rest basis regimes age user certificate purposes") {
		if !strings.Contains(text, "`"+member) && !strings.Contains(text, "{"+member+":") {
			t.Errorf("the page does not say %s", member)
		}
	}
}
