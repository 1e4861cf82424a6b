package page_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// compiled loads a policy from a folder.
func compiled(t *testing.T, load func(fs.FS) (*rules.Policy, rules.Problems, error), dir string) *rules.Policy {
	t.Helper()
	p, problems, err := load(os.DirFS(dir))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	return p
}
