package rules_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// The plans for those outside are what Admit gives them, for every resource: all of
// them, none to the controller's own, and none that rests on a legal order.
func TestOutside(t *testing.T) {
	t.Parallel()
	p := compiled(t, "../examples/software-vendor/policy")
	for _, at := range []time.Time{instant("2026-11-23T00:00:00Z"), instant("2028-08-01T00:00:00Z")} {
		e := p.At(at)
		total := 0
		for _, res := range p.Resources("crm") {
			if p.Resource("crm", res.Name) != res {
				t.Errorf("%s is not found by its name", res.Name)
			}
			match := matchOf(t, e, res)
			want := make(map[*rules.Plan]bool)
			for i := range p.Bundle.Recipients {
				r := &p.Bundle.Recipients[i]
				for j := range p.Bundle.Purposes {
					purpose := p.Bundle.Purposes[j].Name.Value
					plan := admitted(e, match, r.Name.Value, purpose)
					if plan != nil && r.Kind.External() && plan.Purpose().Legal == rules.LegalNone {
						want[plan] = true
					}
				}
			}
			got := e.Outside(res)
			for _, plan := range got {
				if !want[plan] {
					t.Errorf("%s: %s for %s is not admitted", res.Name, plan.Recipient().Name.Value, plan.Purpose().Name)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d plans, want %d", res.Name, len(got), len(want))
			}
			total += len(got)
		}
		if total == 0 {
			t.Errorf("nobody outside may ask for anything at %s", at)
		}
	}
	if p.Resources("hr") != nil || p.Resource("hr", "customer") != nil || p.Resource("crm", "custmer") != nil {
		t.Error("resources that are not there")
	}
}

// admitted returns the plan of a request with whatever reference it takes.
func admitted(e *rules.Edition, m rules.Match, recipient, purpose string) *rules.Plan {
	for _, ref := range []string{"", "case-1", "inq-1"} {
		plan, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Ref: ref, Match: m, Mapped: true})
		if reason == rules.ReasonNone {
			return plan
		}
	}
	return nil
}

// matchOf returns the match of a request for a resource.
func matchOf(t *testing.T, e *rules.Edition, res *rules.Resource) rules.Match {
	t.Helper()
	for _, path := range [][]string{{"v1", res.Name}, {"v1", "customers", "1"}, {"v1", "customers", "1", "orders"}, {"v1", "partners", "P-1"}, {"v1", "staff"}, {"v1", "staff", "1"}, {"v1", "family", "1"}} {
		if m, ok := e.Route("crm", "GET", path); ok && m.Resource == res {
			return m
		}
	}
	t.Fatalf("no path of %s", res.Name)
	return rules.Match{}
}
