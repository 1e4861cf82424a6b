package source_test

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

const examplePolicy = "../../examples/software-vendor/policy"

// Any bytes in place of one file of a policy: no panic, every problem stands
// somewhere in a file that there is, they are sorted, and reading twice gives the
// same.
func FuzzLoad(f *testing.F) {
	base := folder(archive(f, "testdata/base.txtar"))
	for _, file := range base {
		f.Add(file.Data)
	}
	for _, pattern := range []string{examplePolicy + "/*.yaml", "testdata/problems/*.txtar", "testdata/allowed/*.txtar"} {
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
		f.Add([]byte("language: 1\ncontracts: {c: {purposes: {support.provide: {needs: {user.contact: " + s + "}}}}}"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"notices.yaml", "recipients.yaml", "resources.yaml"} {
			dir := fstest.MapFS{}
			maps.Copy(dir, base)
			dir[name] = &fstest.MapFile{Data: b}
			bundle, read, err := source.Load(dir)
			if err != nil || bundle == nil || len(bundle.Hash) != 64 {
				t.Fatalf("%v", err)
			}
			positioned(t, read, dir)
			// What could be read of a broken policy must not break the compiler.
			_, compiled := rules.Compile(bundle)
			positioned(t, compiled, dir)

			again, readAgain, _ := source.Load(dir)
			if !reflect.DeepEqual(bundle, again) || read.Error() != readAgain.Error() {
				t.Errorf("reading twice: %+v\n%v\nand %+v\n%v", bundle, read, again, readAgain)
			}
			if _, compiledAgain := rules.Compile(again); compiled.Error() != compiledAgain.Error() {
				t.Errorf("compiling twice:\n%v\nand\n%v", compiled, compiledAgain)
			}
			if hash, err := source.Hash(dir); err != nil || hash != bundle.Hash {
				t.Errorf("Hash is %s, %v, and Load says %s", hash, err, bundle.Hash)
			}
		}
	})
}

// positioned checks that each problem says what is wrong and stands in a file of the
// policy, no further right than just behind its line, and behind the one before.
func positioned(t *testing.T, problems rules.Problems, dir fstest.MapFS) {
	t.Helper()
	lines := make(map[string][]string, len(dir))
	for name, file := range dir {
		lines[name] = strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(file.Data)), "\n")
	}
	for i, p := range problems {
		if p.Kind == nil || p.Detail == "" {
			t.Errorf("%v does not say what is wrong", p)
		}
		if i > 0 && before(p.Pos, problems[i-1].Pos) {
			t.Errorf("%v stands behind %v", p, problems[i-1])
		}
		lines := lines[p.Pos.File]
		if n := p.Pos.Line; n < 1 || n > len(lines) || p.Pos.Column < 1 || p.Pos.Column > len(lines[n-1])+1 {
			t.Errorf("%v is in no file of the policy: %d lines", p, len(lines))
		}
	}
}

func before(p, q rules.Pos) bool {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column)) < 0
}
