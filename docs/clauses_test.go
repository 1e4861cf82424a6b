// Package docs holds the documentation to the code.
package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules/policytest"
)

// kinds are the clauses of the source text, each with its kind. A clause that is
// wholly or partly outside the reach of a gateway has an O.
const kinds = `
K1 EO  K2 EO  K3 EST  K4 ET  K5 ERO  K6 RO  K7 S
J1 E  J2 EO  J3.1 ET  J3.2 T  J3.3 STO  J4.0 ET  J4.1 E  J4.2 E  J4.3 E  J4.4 E  J4.5 E  J4.6 E  J4.7 ET  J4.8 ET
J5 EST  J6.1 E  J6.2 ESRT  J6.3 ERT  J6.4 ERO  J7.1 S  J7.2 EST  J8.1 RT  J8.2 R  J8.3 ERO  J8.4 SERO  J8.5 SET
J8.6 ST  J8.7 O  J9 ERO  J10.1 O  J10.2 O  J11 SET  J12 R
E0.1 ET  E0.2 T  E1.1 ET  E1.2 E  E1.3 ET  E1.4 ET  E2.1 SR  E2.2 O  E3.0 E  E3.C1 ET  E3.C2 E  E3.C3 E  E3.C4 ET
E3.C5 E  E3.B1 E  E3.B2 E  E3.B3 E  E3.B4 E  E3.B5 E  E3.S1 ET  E3.S2 ET  E3.S3 E  E3.S4 E  E3.S5 E  E3.W1 E  E3.W2 ET
E3.W3 E  E3.W4 ET  E3.LI R  E3.ADM EO  E4.1 ET  E4.2 ET  E4.3 E  E5.1 SE  E5.2 EST  E5.3 R  E6.1 ESRO  E6.2 ET  E7.1 R
E7.2 SRO  E7.3 EST  E7.4 ER  E7.5 S  E7.6 EST  E7.7 EST  E7.8 EST  E7.9 SRT  E7.10 O  E7.11 O  E8 O  E9 O
C0 ET  C1.1 ER  C1.2 E  C1.3 ET  C1.4 ET  C1.5 RO  C2.1-4 ET  C3.1 ERT  C3.2 ERT  C3.3 ET  C3.4 ERT  C4.1 ERT  C4.2 EST
C5 ET  C6.1 R  C6.1a R  C6.1b R  C6.1c R  C6.1d R  C6.1e ERT  C6.1f R  C6.2a SERO  C6.2b SER  C6.3 SE  C6.4 EST  C6.5 EST
C6.6 T  C7.1 ST  C7.2 ST  C7.3 ET  C8,C9 O
`

// clause is a line of clauses.md.
type clause struct{ says, kind, how, proof string }

func clauses(t *testing.T) map[string]clause {
	t.Helper()
	page, err := os.ReadFile("clauses.md")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]clause)
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 5 || !regexp.MustCompile(`^\| [KJEC][0-9]`).MatchString(line) {
			continue
		}
		id := strings.ReplaceAll(strings.TrimPrefix(cells[0], "| "), " ", "")
		if _, twice := found[id]; twice {
			t.Errorf("clause %s stands twice", id)
		}
		found[id] = clause{says: cells[1], kind: cells[2], how: cells[3], proof: strings.TrimSuffix(cells[4], " |")}
	}
	return found
}

// Every clause has its line with its kind, and what the line names exists: a test
// function of this repository, and for what is enforced a test of the example policy.
func TestClauses(t *testing.T) {
	t.Parallel()
	found, functions, policyTests := clauses(t), testFunctions(t), clausesOfPolicyTests(t)
	fields := strings.Fields(kinds)
	if len(fields) != 2*122 {
		t.Fatalf("%d clauses, want 122", len(fields)/2)
	}
	for i := 0; i < len(fields); i += 2 {
		id, kind := fields[i], fields[i+1]
		c, ok := found[id]
		delete(found, id)
		if !ok {
			t.Errorf("clause %s is missing", id)
			continue
		}
		letters := strings.NewReplacer(", ", "", "/part", "").Replace(c.kind)
		if letters != kind {
			t.Errorf("clause %s is of kind %s, want %s", id, c.kind, kind)
		}
		if c.says == "" || c.how == "" {
			t.Errorf("clause %s does not say how it is served", id)
		}
		named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(c.proof, -1)
		for _, n := range named {
			if !functions[n[1]] {
				t.Errorf("clause %s names %s, which is no test", id, n[1])
			}
		}
		inPolicy := strings.Contains(c.proof, "policy tests")
		if inPolicy != policyTests[id] {
			t.Errorf("clause %s: the page names policy tests: %v, tests of the example policy name the clause: %v", id, inPolicy, policyTests[id])
		}
		if strings.Contains(kind, "E") && !inPolicy {
			t.Errorf("clause %s is enforced and has no test of the example policy", id)
		}
		if strings.ContainsAny(kind, "ST") && len(named) == 0 {
			t.Errorf("clause %s is of kind %s and names no test", id, c.kind)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("%s is no clause", id)
	}
	for id := range policyTests {
		if !strings.Contains(" "+strings.Join(fields, " ")+" ", " "+id+" ") {
			t.Errorf("tests of the example policy name %q, which is no clause", id)
		}
	}
}

func clausesOfPolicyTests(t *testing.T) map[string]bool {
	t.Helper()
	suite, problems, err := policytest.Load(os.DirFS("../examples/software-vendor/policy"))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	named := make(map[string]bool)
	for _, test := range suite.Tests {
		for _, c := range test.Clauses {
			named[c.Value] = true
		}
	}
	return named
}

// testFunctions returns the tests of every package of the repository.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	functions := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && e.Name() != "..":
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				functions[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return functions
}
