package policytest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
)

// Of a recipient that gets its objects filled, the members are told as of any other, and
// the result is what it gets.
func TestTryOfAFilledAnswer(t *testing.T) {
	t.Parallel()
	var tried [2]*policytest.Tried
	for i := range tried {
		bundle := load(t, example).Bundle
		for k := range bundle.Recipients {
			bundle.Recipients[k].Complete = i == 1
		}
		compiled, problems := rules.Compile(bundle)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		tr, err := policytest.NewTrial(compiled, tryAt, new(policytest.People))
		if err != nil {
			t.Fatal(err)
		}
		if tried[i], err = tr.Try(&policytest.Request{Recipient: "support-desk", Purpose: "support.provide", Resource: "customer"}, example1001(t)); err != nil {
			t.Fatal(err)
		}
	}
	told := func(i int) (out []string) {
		for _, m := range tried[i].Members {
			out = append(out, m.Pointer+" "+m.Outcome)
		}
		return out
	}
	if diff := cmp.Diff(told(0), told(1)); diff != "" || len(tried[0].Members) == 0 {
		t.Errorf("the members differ: -omit +complete\n%s", diff)
	}
	if plain, filled := string(tried[0].Result), string(tried[1].Result); strings.Contains(plain, "date_of_birth") || !strings.Contains(filled, `"date_of_birth":null`) {
		t.Errorf("omit %s\ncomplete %s", plain, filled)
	}
	if text := tried[1].Text(); !strings.Contains(text, "(shape: complete)") || strings.Contains(tried[0].Text(), "complete") {
		t.Error(text)
	}
}
