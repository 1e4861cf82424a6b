package source_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

var update = flag.Bool("update", false, "write what the cases of testdata/problems want")

func archive(tb testing.TB, path string) *txtar.Archive {
	tb.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func folder(a *txtar.Archive) fstest.MapFS {
	dir := make(fstest.MapFS)
	for _, f := range a.Files {
		if strings.HasSuffix(f.Name, ".yaml") {
			dir[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return dir
}

// check returns every problem of a policy.
func check(tb testing.TB, dir fstest.MapFS) rules.Problems {
	tb.Helper()
	policy, problems, err := source.Policy(dir)
	if err != nil {
		tb.Fatal(err)
	}
	if (policy == nil) != (len(problems) > 0) {
		tb.Fatalf("a policy with %d problems", len(problems))
	}
	return problems
}

// Every case replaces files of the base policy and wants its complete list of
// problems.
func TestProblems(t *testing.T) {
	t.Parallel()
	base := folder(archive(t, "testdata/base.txtar"))
	if problems := check(t, base); len(problems) > 0 {
		t.Fatalf("the base policy:\n%v", problems)
	}
	cases, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(cases) < 60 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a := archive(t, path)
			dir := maps.Clone(base)
			maps.Copy(dir, folder(a))
			got := check(t, dir).Error() + "\n"
			want := &a.Files[len(a.Files)-1]
			if want.Name != "want" {
				t.Fatalf("the last file is %q, not want", want.Name)
			}
			if got == "\n" {
				t.Error("no problem")
			}
			if got == string(want.Data) {
				return
			}
			if !*update {
				t.Fatalf("got\n%swant\n%s", got, want.Data)
			}
			want.Data = []byte(got)
			if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What looks like a mistake, and is none: files in place of those of the base policy
// that have no problem.
func TestAllowed(t *testing.T) {
	t.Parallel()
	base := folder(archive(t, "testdata/base.txtar"))
	cases, err := filepath.Glob("testdata/allowed/*.txtar")
	if err != nil || len(cases) < 2 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		dir := maps.Clone(base)
		maps.Copy(dir, folder(archive(t, path)))
		if problems := check(t, dir); len(problems) > 0 {
			t.Errorf("%s:\n%v", path, problems)
		}
	}
}
