package policytest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
)

// Every reason has words, and every rule that they name is one of docs/decisions.md.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]rules.Reason)
	for r := rules.RecipientUnauthenticated; r <= rules.LocationUnknown; r++ {
		words, rule := policytest.Words(r)
		if words == "" || strings.HasSuffix(words, ".") {
			t.Errorf("%s: %q", r, words)
		}
		if other, twice := seen[words]; twice && r != rules.LegalPurposeNoOrder {
			t.Errorf("%s and %s have the same words", r, other)
		}
		seen[words] = r
		if rule == "" {
			continue
		}
		for id := range strings.SplitSeq(rule, ", ") {
			if !strings.Contains(string(page), "| "+id+" |") {
				t.Errorf("%s: docs/decisions.md has no rule %s", r, id)
			}
		}
	}
}
