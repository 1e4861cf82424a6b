package rules

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// changed applies an alternative without one of its changes; -1 leaves out none. What
// comes of it is asked of the composition, not of the short way.
func changed(t *testing.T, m *atlas, c conditions, s situation, f *forms, a *Alternative, without int) Form {
	t.Helper()
	for i, state := range a.State {
		if i == without {
			continue
		}
		n := slices.IndexFunc(m.universe[state.Aspect], func(v value) bool { return v.name == state.Values[0] })
		if n < 0 || len(state.Values) != 1 {
			t.Fatalf("%v is not one value of %v", state.Values, state.Aspect)
		}
		state.Aspect.clear(&s)
		state.Aspect.put(&s, m.universe[state.Aspect][n].sides[0])
	}
	all := levers(&c)
	for i, lever := range a.Policy {
		if i+len(a.State) == without {
			continue
		}
		n := slices.IndexFunc(all, func(m move) bool { return m.lever == lever })
		if n < 0 {
			t.Fatalf("no lever %q", lever)
		}
		all[n].change(&c, &s)
	}
	in := c.with(&s)
	out := outcome(&in)
	return f.of(verdict{verb: out.verb, need: out.need})
}

// Each alternative, applied, gives its form; with any one of its changes left out it does
// not; and no single change of the state does where an alternative needs several.
func TestAlternativesAreSmallestAndTrue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(17, 5))
	m := ordinary.atlas()
	f := forms{generaliser: "year", link: "id", group: "crm"}
	var of struct{ state, policy, both, several, none int }
	for range 500 {
		c, d := randomConditions(r), m.anyPoint(r)
		s := m.situation(&d, 0)
		h := hypotheses{conditions: c, situation: s, forms: f}
		list := h.alternatives(m)
		if len(list) == 0 {
			of.none++
		}
		single := false // some single change of the state gives another outcome
		for _, mv := range m.moves(&s) {
			form, _ := h.ask([]*move{&mv})
			single = single || len(mv.puts) == 1 && form != h.before
		}
		for i := range list {
			a := &list[i]
			if got := changed(t, m, c, s, &f, a, -1); got != a.Form || got == h.before {
				t.Fatalf("%+v in %v: %+v gives %v, before %v", c, m.describe(&d), a, got, h.before)
			}
			changes := len(a.State) + len(a.Policy)
			for without := range changes {
				if got := changed(t, m, c, s, &f, a, without); changes > 1 && got == a.Form {
					t.Fatalf("%+v in %v: %+v needs not all", c, m.describe(&d), a)
				}
			}
			if len(a.State) > 1 && single && !slices.ContainsFunc(a.State, func(c Condition) bool { return c.Aspect >= AspectConsentAPPI && c.Aspect <= AspectConsentCCPA }) {
				t.Fatalf("%+v in %v: %+v is not the least", c, m.describe(&d), a)
			}
			switch {
			case len(a.Policy) == 0:
				of.state++
			case len(a.State) == 0:
				of.policy++
			default:
				of.both++
			}
			if changes > 1 {
				of.several++
			}
		}
	}
	if of.state < 300 || of.policy < 100 || of.both < 30 || of.several < 100 {
		t.Errorf("too few alternatives: %+v", of)
	}
}

// answeredTo are the alternatives of a situation under conditions that the named parts
// differ in from a processor in Japan who may have everything.
func answeredTo(m *atlas, change func(*conditions, *situation)) []Alternative {
	c := conditions{
		recipient: recipientInput{kind: Processor, declaredE4: true, ccpaTerms: true, appi: GeoInside, eea: GeoAdequate, uk: GeoAdequate},
		purpose:   purposeInput{scopeJ: true, rowE: true, basis: BasisLegitimateInterest, scopeC: true, cell: true},
		field:     fieldInput{declaredG: true, declaredC: true, identifier: Attribute, need: NeedClear},
		category:  Customer, digitalAgeEEA: 16, digitalAgeUK: 13,
	}
	s := situation{regimes: AllRegimes, age: Adult}
	change(&c, &s)
	h := hypotheses{conditions: c, situation: s}
	return h.alternatives(m)
}

// That the person consents is one change, though four regimes ask for it, and says no
// more than it must.
func TestAConsentIsOneChange(t *testing.T) {
	t.Parallel()
	m := ordinary.atlas()
	list := answeredTo(m, func(c *conditions, _ *situation) {
		c.recipient.kind, c.purpose.basis = ThirdParty, BasisConsent
		c.purpose.scopeC = false
	})
	if len(list) != 1 || len(list[0].State) != int(slots) || list[0].Form.Verb != Allow || len(list[0].Policy) != 0 {
		t.Fatalf("%+v", list)
	}
	for _, c := range list[0].State {
		if !slices.Equal(c.Values, []string{"given"}) {
			t.Errorf("%v: %v", c.Aspect, c.Values)
		}
	}
}

// Without an order on file, one is what an authority lacks.
func TestAnOrderIsAnAlternative(t *testing.T) {
	t.Parallel()
	list := answeredTo(ordinary.atlas(), func(c *conditions, _ *situation) { c.recipient.kind, c.purpose.legal = Authority, LegalObligation })
	if len(list) != 1 || len(list[0].State) != 0 || len(list[0].Policy) != 1 || list[0].Form.Verb != Allow {
		t.Errorf("%+v", list)
	}
}

// What cannot come about is no alternative.
func TestWhatCannotComeAbout(t *testing.T) {
	t.Parallel()
	m := ordinary.atlas()
	if list := answeredTo(m, func(_ *conditions, s *situation) { s.flags = FlagErased }); len(list) != 0 {
		t.Errorf("somebody erased: %+v", list)
	}
	for _, a := range answeredTo(m, func(*conditions, *situation) {}) {
		for _, c := range a.State {
			if c.Aspect == AspectToldAPPI || c.Aspect == AspectKnown || a.Form.Verb != Withhold {
				t.Errorf("somebody of whom everything leaves: %+v", a)
			}
		}
	}
	list := answeredTo(m, func(_ *conditions, s *situation) { s.flags = FlagUnseen })
	if len(list) != 1 || len(list[0].State) != 1 || list[0].State[0].Aspect != AspectKnown || list[0].State[0].Values[0] != "some" {
		t.Errorf("somebody unseen: %+v", list)
	}
}
