package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The package decides from its arguments alone: it imports nothing that does
// I/O, draws randomness, logs or can be cancelled, and reads no clock.
func TestPackageIsPure(t *testing.T) {
	t.Parallel()
	impure := []string{"net", "os", "io/fs", "io/ioutil", "log", "context", "math/rand", "crypto/rand", "syscall", "unsafe", "database/sql", "runtime", "plugin"}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		checked++
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range impure {
				if path == p || strings.HasPrefix(path, p+"/") {
					t.Errorf("%s imports %s", f.Name(), path)
				}
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Since" || s.Sel.Name == "Until") {
					t.Errorf("%s reads the clock by time.%s", f.Name(), s.Sel.Name)
				}
			}
			return true
		})
	}
	if checked < 20 {
		t.Errorf("only %d files were read", checked)
	}
}
