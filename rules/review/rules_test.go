package review_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// Every rule of the code has words, and the clauses that it serves are those of the
// clause table.
func TestEveryRuleHasWordsAndClauses(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("../rule.go")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../../docs/clauses.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`Rule += "([A-Za-z0-9_]+)"`).FindAllStringSubmatch(string(code), -1)
	if len(found) < 40 {
		t.Fatalf("only %d rules", len(found))
	}
	for _, m := range found {
		r := rules.Rule(m[1])
		if review.Says(r, true) == "" || len(review.Clauses(r)) == 0 {
			t.Errorf("%s has no words or no clauses", r)
		}
		for _, c := range review.Clauses(r) {
			if !strings.Contains(string(table), "\n| "+c+" |") {
				t.Errorf("%s serves clause %s, which is not in the table", r, c)
			}
		}
	}
}
