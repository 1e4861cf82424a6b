package rules_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// plansOf visits every plan of a policy: recipient, purpose, resource.
func plansOf(p *rules.Policy, visit func(*rules.Plan)) {
	e := p.At(now)
	for _, api := range p.Bundle.APIs {
		for i := range api.Resources {
			m, ok := e.Resource(api.Name.Value, api.Resources[i].Name.Value)
			for _, recipient := range p.Bundle.Recipients {
				for _, purpose := range p.Bundle.Purposes {
					for _, ref := range []string{"", "case-1", "inq-1", "order-2026-7"} {
						f := rules.RequestFacts{Caller: rules.Caller{Recipient: recipient.Name.Value}, Purpose: purpose.Name.Value, Match: m, Mapped: ok, Ref: ref}
						if plan, _ := e.Admit(f); plan != nil {
							visit(plan)
						}
					}
				}
			}
		}
	}
}

func below[T ~uint8](r *rand.Rand, n int) T { return T(r.IntN(n)) }

// anyClass draws what decides about a subject. Most draws leave out what hides
// everything.
func anyClass(r *rand.Rand, p *rules.Plan) rules.Class {
	kinds := p.Resource().Shape.Subjects
	c := rules.Class{
		Kind: below[uint8](r, len(kinds)), Regimes: below[rules.Regimes](r, 8), Age: below[rules.AgeBand](r, 5),
		LI: below[rules.EventState](r, 5), Consent: below[rules.ConsentStatus](r, 10),
	}
	c.Category = kinds[c.Kind].Category
	for slot := range c.Valid {
		for _, m := range []*rules.CategoryMask{&c.Valid[slot], &c.Explicit[slot], &c.Parental[slot], &c.Foreign} {
			m[0] = r.Uint64()
		}
		c.Explicit[slot][0] &= c.Valid[slot][0]
		c.Parental[slot][0] &= c.Valid[slot][0]
	}
	c.Foreign[0] &= c.Valid[0][0]
	c.Contested[0] = r.Uint64() & r.Uint64() & r.Uint64() & r.Uint64()
	for bit := rules.Flags(1); bit <= rules.FlagOrdered; bit <<= 1 {
		if r.IntN(14) == 0 || bit >= rules.FlagOwn && r.IntN(2) == 0 {
			c.Flags |= bit
		}
	}
	return c
}

// A trail is the decision in long: its reasons, in the decision's order, and its action.
func TestTrailIsTheDecision(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 14))
	steps, seen := 0, make(map[rules.Rule]bool)
	plansOf(compiled(t, "../examples/software-vendor/policy"), func(p *rules.Plan) {
		fields := p.Resource().Shape.Fields
		if len(p.Resource().Shape.Subjects) == 0 {
			return
		}
		for range 12 {
			c := anyClass(r, p)
			actions := p.Actions(c)
			for i := range fields {
				trail := p.Trail(c, i)
				if fields[i].Kind != int(c.Kind) || fields[i].Public {
					if trail.Steps != nil {
						t.Fatalf("%s has a trail", fields[i].Path)
					}
					continue
				}
				var reasons []rules.Reason
				verb, basis := rules.Allow, rules.BasisNone
				for _, s := range trail.Steps {
					verb, basis = min(verb, s.Verb), max(basis, s.Basis)
				}
				for _, primary := range []bool{true, false} {
					for _, s := range trail.Steps {
						if (s.Verb == verb) == primary && s.Reason != rules.ReasonNone && !slices.Contains(reasons, s.Reason) {
							reasons = append(reasons, s.Reason)
						}
						seen[s.Rule] = true
						steps++
					}
				}
				if verb == rules.Withhold {
					basis = rules.BasisNone
				}
				d := actions.Decisions[i]
				if trail.Action != actions.Fields[i] || verb != actions.Fields[i].Verb || !slices.Equal(reasons, d.Reasons) || basis != d.Basis {
					t.Fatalf("%s, %+v: %+v is not %+v, %+v", fields[i].Path, c, trail, actions.Fields[i], d)
				}
			}
		}
	})
	if steps < 100_000 || len(seen) < 45 {
		t.Errorf("%d steps with %d rules", steps, len(seen))
	}
}
