package rules

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// randomConditions are the policy's part of a random input, for somebody who was told
// everything and whom an order reaches.
func randomConditions(r *rand.Rand) conditions {
	in := randomInput(r)
	c := conditions{
		recipient: in.recipient, purpose: in.purpose, order: in.order, field: in.field, category: in.subject.category,
		under13California: in.subject.under13California, digitalAgeEEA: 13 + r.IntN(4), digitalAgeUK: 13 + r.IntN(4),
	}
	c.field.contested = false
	if r.IntN(3) > 0 { // most conditions, else hardly any situation discloses anything
		c.category, c.field.need, c.field.credential = Customer, NeedPseudonym+pick[Need](r, 3), false
		c.field.declaredG, c.field.declaredC, c.recipient.kind, c.purpose.legal = true, true, Processor, LegalNone
	}
	return c
}

// anyPoint draws one situation that can be, as both sides read it.
func (m *atlas) anyPoint(r *rand.Rand) domains {
	for {
		var d domains
		for a := range m.universe {
			d[a].add(r.IntN(len(m.universe[a])))
			if r.IntN(6) > 0 { // the first values are those that hide nothing
				d[a] = domain{1}
			}
		}
		if m.possible(&d) {
			return d
		}
	}
}

func (d *domains) within(o *domains) bool {
	for a := range d {
		if !d[a].within(o[a]) {
			return false
		}
	}
	return true
}

// Every situation that can be is in exactly one set of an enumeration, and the answer
// of the set is the one that the composition of all tables gives: nothing that decides
// goes unnoticed.
func TestEnumerationIsExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 23))
	m := ordinary.atlas()
	disclosed := 0
	for range 60 {
		c := [2]conditions{randomConditions(r), randomConditions(r)}
		if r.IntN(2) == 0 { // one cell changed
			c[1] = c[0]
			c[1].recipient.eea, c[1].purpose.basis = pick[Geo](r, 4), 1+pick[Basis](r, 3)
		}
		f := forms{generaliser: "year"}
		questions := [2]question{c[0].question(&f, false), c[1].question(&f, false)}
		leaves := m.enumerate(questions, func([2]answer) bool { return true })
		merged := merge(slices.Clone(leaves))
		for range 300 {
			d := m.anyPoint(r)
			in := func(l leaf) bool { return d.within(&l.domains) }
			i := slices.IndexFunc(leaves, in)
			if i < 0 || slices.ContainsFunc(leaves[i+1:], in) {
				t.Fatalf("%v is not in exactly one set of %d", m.describe(&d), len(leaves))
			}
			j := slices.IndexFunc(merged, in)
			if j < 0 || slices.ContainsFunc(merged[j+1:], in) || merged[j].answers != leaves[i].answers {
				t.Fatalf("%v is not in exactly one set after the merge", m.describe(&d))
			}
			for side := range c {
				s := m.situation(&d, side)
				input := c[side].with(&s)
				out := outcome(&input)
				want := f.of(verdict{verb: out.verb, need: out.need})
				if got := leaves[i].answers[side].Form; got != want {
					t.Fatalf("%+v in %v: %v, want %v", c[side], m.describe(&d), got, want)
				}
				if want.Verb != Withhold {
					disclosed++
				}
			}
		}
	}
	if disclosed < 2_000 {
		t.Errorf("only %d situations disclosed anything", disclosed)
	}
}

// Each part of a situation is supplied by exactly one aspect.
func TestAspectsSupplyEveryPart(t *testing.T) {
	t.Parallel()
	var all reads
	for a, mask := range aspectReads {
		if all&mask != 0 {
			t.Errorf("aspect %v supplies what another does", Aspect(a))
		}
		all |= mask
	}
	every := reads(FlagOrdered<<1-1) | (readParental<<slots - readRegimes)
	if all != every {
		t.Errorf("supplied %x, want %x", all, every)
	}
	if len(aspectNames) != aspects {
		t.Errorf("%d names for %d aspects", len(aspectNames), aspects)
	}
}

// The short way to an outcome is that of the composition.
func TestOutcomeIsTheComposition(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, out composed) bool {
		short := in.outcome()
		return short.verb == out.verb && short.need == out.need && slices.Contains(out.Reasons, short.reason)
	})
}
