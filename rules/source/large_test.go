package source_test

import (
	"testing"

	"github.com/modicum-dev/modicum/rules/internal/largepolicy"
	"github.com/modicum-dev/modicum/rules/source"
)

// The policy of the benchmark has the size that it is meant to have, and no problem.
func TestLoadLarge(t *testing.T) {
	t.Parallel()
	dir := largepolicy.Files()
	size := 0
	for _, f := range dir {
		size += len(f.Data)
	}
	if size < 1_400_000 || size > 1_800_000 {
		t.Errorf("%d bytes of YAML", size)
	}
	if problems := check(t, dir); len(problems) > 0 {
		t.Fatalf("%d problems, the first is\n%v", len(problems), problems[0])
	}
	bundle, _, err := source.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	resources := 0
	for i := range bundle.APIs {
		resources += len(bundle.APIs[i].Resources)
	}
	if resources != largepolicy.Resources || len(bundle.Recipients) != largepolicy.Recipients || len(bundle.Purposes) != largepolicy.Purposes {
		t.Errorf("%d resources, %d recipients, %d purposes", resources, len(bundle.Recipients), len(bundle.Purposes))
	}
}

func BenchmarkLoadLarge(b *testing.B) {
	dir := largepolicy.Files()
	b.ReportAllocs()
	for b.Loop() {
		if _, problems, err := source.Policy(dir); err != nil || len(problems) > 0 {
			b.Fatal(err, problems)
		}
	}
}
