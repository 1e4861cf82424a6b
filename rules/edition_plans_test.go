package rules_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// What an edition says without a request is what it says to requests: the same plans,
// the same refusals, and fields of one group have the same outcomes.
func TestPlansWithoutARequest(t *testing.T) {
	t.Parallel()
	p := examplePolicy(t)
	e := p.At(now)
	resources, groups := p.AllResources(), p.FieldGroups()
	outcomes := make(map[rules.Alike][]rules.Outcome)
	plans, refused, alike := 0, 0, 0
	for i := range p.Bundle.Recipients {
		id := p.Bundle.Recipients[i].Name.Value
		for _, purpose := range e.Purposes(id) {
			for _, r := range resources {
				plan := e.Plan(id, purpose, r, "")
				got, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: id}, Match: rules.Match{Resource: r}, Mapped: true, Purpose: purpose})
				if reason == rules.RefMissing {
					continue // only a request can name one
				}
				if want := e.Refusal(id); want != rules.ReasonNone && reason != want {
					t.Fatalf("%s is refused for %v, want %v", id, want, reason)
				}
				if (plan == nil) != (got == nil) || e.Answers(id, purpose, r) != (plan != nil) {
					t.Fatalf("%s, %s, %s: a plan %v, to a request %v", id, purpose, r.Name, plan != nil, got != nil)
				}
				if plan == nil {
					refused++
					continue
				}
				plans++
			}
			for _, g := range groups {
				for n, f := range g.Fields {
					plan := e.Plan(id, purpose, f.Resource, "")
					if plan == nil || n > 2 {
						continue
					}
					key := plan.Alike(f.Field)
					if known, ok := outcomes[key]; ok {
						alike++
						if alike%25 == 0 && !reflect.DeepEqual(known, plan.Outcomes(f.Field)) {
							t.Fatalf("%s, %s, %s.%s: alike, with other outcomes", id, purpose, f.Resource.Name, f.Resource.Shape.Fields[f.Field].Path)
						}
						continue
					}
					outcomes[key] = plan.Outcomes(f.Field)
				}
			}
		}
	}
	if plans < 300 || refused < 20 || alike < 500 {
		t.Errorf("%d plans, %d refused, %d alike", plans, refused, alike)
	}
	if got := e.Orders("tax-office", "legal.obligation"); len(got) != 1 || got[0] != "tax-2026-031" {
		t.Errorf("orders %v", got)
	}
	if e.Refusal("nobody") != rules.RecipientUnknown || e.Purposes("nobody") != nil || e.Orders("mailer", "newsletter.send") != nil {
		t.Error("of nobody something is told")
	}
}

func examplePolicy(t *testing.T) *rules.Policy {
	t.Helper()
	p, problems, err := source.Policy(os.DirFS("../examples/software-vendor/policy"))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	return p
}
