package policytest_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/rules/source"
)

var update = flag.Bool("update", false, "write what the cases of testdata/cases want")

func load(tb testing.TB, dir string) *rules.Policy {
	tb.Helper()
	policy, problems, err := source.Policy(os.DirFS(dir))
	if err != nil {
		tb.Fatal(err)
	}
	if len(problems) > 0 {
		tb.Fatal(problems)
	}
	return policy
}

func folder(files map[string][]byte) fstest.MapFS {
	dir := make(fstest.MapFS)
	for name, b := range files {
		dir[name] = &fstest.MapFile{Data: b}
	}
	return dir
}

// tell runs what the command does: problems alone, or the report with the problems
// of the names before it.
func tell(tb testing.TB, policy *rules.Policy, dir fstest.MapFS, cover bool) string {
	tb.Helper()
	suite, problems, err := policytest.Load(dir)
	if err != nil {
		tb.Fatal(err)
	}
	if len(problems) > 0 {
		return problems.Error() + "\n"
	}
	report, err := policytest.Run(policy, suite)
	if err != nil {
		tb.Fatal(err)
	}
	text := report.Text()
	if len(report.Problems) > 0 {
		text = report.Problems.Error() + "\n" + text
	}
	if cover {
		text += report.Cover.Text()
	}
	return text
}

// Every case is files of tests beside one small policy, and what comes of them.
func TestCases(t *testing.T) {
	t.Parallel()
	policy := load(t, "testdata/policy")
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(paths) < 4 {
		t.Fatalf("cases %v, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files, cover, want := make(map[string][]byte), false, -1
			for i, f := range a.Files {
				switch f.Name {
				case "cover":
					cover = true
				case "want":
					want = i
				default:
					files[f.Name] = f.Data
				}
			}
			got := tell(t, policy, folder(files), cover)
			if *update {
				a.Files[want].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[want].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The promises of the example policy hold.
func TestExampleSuite(t *testing.T) {
	t.Parallel()

	suite, problems, err := policytest.Load(os.DirFS(example))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	report, err := policytest.Run(load(t, example), suite)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%v, %v", report.Problems, err)
	}
	if report.Failed() > 0 || len(report.Results) != len(suite.Tests) {
		t.Error(report.Text())
	}
}

func TestLoadFolders(t *testing.T) {
	t.Parallel()
	if _, _, err := policytest.Load(fstest.MapFS{"policy.yaml": {}, "a_test.yaml/x": {}, "a_test.txt": {}}); !errors.Is(err, policytest.ErrNoTests) {
		t.Errorf("a folder without tests: %v", err)
	}
	if _, _, err := policytest.Load(os.DirFS("no-such-folder")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	suite, problems, err := policytest.Load(os.DirFS(example))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	some := suite.Matching(regexp.MustCompile("^a newsletter"))
	if len(some.Tests) == 0 || len(some.Tests) == len(suite.Tests) || !strings.HasPrefix(some.Tests[0].Name.Value, "a newsletter") {
		t.Errorf("%d of %d tests match", len(some.Tests), len(suite.Tests))
	}
	if clauses := strings.Join(some.Clauses(), " "); !strings.Contains(clauses, "E7.7") || strings.Contains(clauses, "C4.1") {
		t.Errorf("clauses %q", clauses)
	}
}

// Any bytes as a file of tests: no panic, every problem in the file, and a report
// about whatever could be read.
func FuzzLoad(f *testing.F) {
	policy := load(f, "testdata/policy")
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		suite, problems, err := policytest.Load(fstest.MapFS{"x_test.yaml": {Data: b}})
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) == 0 {
			report, err := policytest.Run(policy, suite)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Results)+len(report.Problems) == 0 {
				t.Fatal("neither a result nor a problem")
			}
			if _, err := report.JSON(report.Problems, true); err != nil {
				t.Fatal(err)
			}
			problems = report.Problems
		}
		for _, p := range problems {
			if p.Pos.File != "x_test.yaml" || p.Pos.Line < 1 || p.Pos.Column < 1 || p.Kind == nil || p.Detail == "" {
				t.Errorf("problem without a place: %+v", p)
			}
		}
	})
}
