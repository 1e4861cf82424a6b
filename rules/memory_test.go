package rules_test

import (
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// People in unusual states make classes without end, and a recipient has many plans.
// What all of them remember is bounded, and what is not remembered is decided anew.
func TestRememberedDecisionsAreBounded(t *testing.T) {
	t.Parallel()
	e := policy(t).At(now)
	fields, remembered, forgotten := 0, 0, 0
	for _, recipient := range []string{"helpdesk", "broker", "abroad", "insider"} {
		for _, purpose := range []string{"support", "delivery", "news", "analysis", "adverts", "elsewhere"} {
			m, ok := e.Route("crm", "GET", []string{"customers", "17"})
			p, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Match: m, Mapped: ok})
			if p == nil {
				t.Fatal(reason)
			}
			fields = len(p.Resource().Shape.Fields)
			class, _ := p.Class(in("DE").facts, nil, rules.Signals{}, now, nil)
			for i := range rules.DefaultMaxClasses + 1 {
				class.Contested[1] = uint64(i) // of no category: the answer is the same
				a := p.Actions(class)
				if len(a.Fields) != fields || a.Allowed+a.Transformed+a.Withheld == 0 {
					t.Fatalf("%s for %s, class %d: %+v", recipient, purpose, i, a)
				}
				if p.Remembers(a) {
					remembered++
				} else {
					forgotten++
				}
			}
		}
	}
	if got := remembered * fields; got > rules.DefaultMaxDecisions || got < rules.DefaultMaxDecisions/2 {
		t.Errorf("%d decisions are remembered, at most %d should be", got, rules.DefaultMaxDecisions)
	}
	if forgotten == 0 {
		t.Error("nothing was decided anew: the test does not reach the bound")
	}
}
