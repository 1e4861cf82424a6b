package source_test

import (
	"os"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

func TestExamplePolicyHasNoProblems(t *testing.T) {
	t.Parallel()
	bundle, problems, err := source.Load(os.DirFS("../../examples/software-vendor/policy"))
	if err != nil {
		t.Fatal(err)
	}
	if err := problems.Err(); err != nil {
		t.Fatalf("reading:\n%v", err)
	}
	if _, problems := rules.Compile(bundle); len(problems) > 0 {
		t.Fatalf("compiling:\n%v", problems)
	}
}
