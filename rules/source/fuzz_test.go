package source_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

const examplePolicy = "../../examples/software-vendor/policy"

// Any bytes in place of one file of a policy: no panic, and every problem stands
// somewhere in a file that there is.
func FuzzLoad(f *testing.F) {
	base := folder(archive(f, "testdata/base.txtar"))
	for _, file := range base {
		f.Add(file.Data)
	}
	for _, pattern := range []string{examplePolicy + "/*.yaml", "testdata/problems/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, ".txtar") {
				for _, file := range archive(f, path).Files {
					f.Add(file.Data)
				}
				continue
			}
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
			f.Add(b[:len(b)/2])
		}
	}
	for _, s := range []string{"", "\xff", "? : ?", "&a *a", "!!", "- - -", "{[", "a: |\n", "\"", "%YAML", "...", "a: &b\n  <<: *b", "? [a]\n: b", "1: 2", "~: ~", "a: !!binary x"} {
		f.Add([]byte(s))
		f.Add([]byte("language: 1\npurposes: {p: " + s + "}"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"notices.yaml", "recipients.yaml", "resources.yaml"} {
			dir := fstest.MapFS{}
			maps.Copy(dir, base)
			dir[name] = &fstest.MapFile{Data: b}
			lines := 1 + strings.Count(strings.ReplaceAll(string(b), "\r", "\n"), "\n")
			bundle, problems, err := source.Load(dir)
			if err != nil || bundle == nil || len(bundle.Hash) != 64 {
				t.Fatalf("%v", err)
			}
			positioned(t, problems, dir, name, lines)
			// What could be read of a broken policy must not break the compiler.
			_, problems = rules.Compile(bundle)
			positioned(t, problems, dir, name, lines)
		}
	})
}

func positioned(t *testing.T, problems rules.Problems, dir fstest.MapFS, name string, lines int) {
	t.Helper()
	for _, p := range problems {
		if dir[p.Pos.File] == nil || p.Pos.Line < 1 || p.Pos.Column < 1 || p.Pos.File == name && p.Pos.Line > lines {
			t.Errorf("%v is not in a file of the policy (%d lines)", p, lines)
		}
		if p.Kind == nil || p.Detail == "" {
			t.Errorf("%v does not say what is wrong", p)
		}
	}
}
