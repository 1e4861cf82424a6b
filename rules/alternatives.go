package rules

import "slices"

// Alternative is a smallest set of changes that gives a field another outcome: with
// any of them left out, it would not.
type Alternative struct {
	Form   Form
	State  Situation // what the state or the request would have to say instead
	Policy []string  // what the policy would have to say instead
}

// maxChanges is how many things an alternative may change at once. Beyond it nothing is
// found: who needs more is asking another question.
const maxChanges = 3

// Alternatives lists what would have to be different for another outcome of a field of
// a person of a class: first what of the state alone, then what of the policy. Of each
// it lists the smallest sets of changes, and nothing that more changes would give too.
// Identity, group and age of a person are no changes.
func (p *Plan) Alternatives(c Class, field int) []Alternative {
	f, m := p.atlas(field)
	if m == nil {
		return nil
	}
	s := c.of(p.kinds[c.Kind].number[field])
	conditions := p.conditions(c.Category).of(p, f)
	h := hypotheses{conditions: conditions, situation: s, forms: p.forms(f)}
	if h.forms.generaliser == "" {
		h.forms.generaliser = "generalised"
	}
	h.before = h.ask(nil)
	return append(h.smallest(m.moves(&s)), h.smallest(levers(&conditions))...)
}

// move is one change.
type move struct {
	aspect Aspect
	value  string // of the state
	lever  string // of the policy; then the others are empty
	make   func(*conditions, *situation)
}

type hypotheses struct {
	conditions conditions
	situation  situation
	forms      forms
	before     Form
}

func (h *hypotheses) ask(moves []*move) Form {
	c, s := h.conditions, h.situation
	for _, m := range moves {
		m.make(&c, &s)
	}
	in := c.with(&s)
	return h.forms.of(in.outcome())
}

// smallest tries sets of moves by their size, and returns those of the least size that
// give another outcome.
func (h *hypotheses) smallest(moves []move) (out []Alternative) {
	var try func(chosen []*move, from, left int)
	try = func(chosen []*move, from, left int) {
		if left == 0 {
			if form := h.ask(chosen); form != h.before {
				out = append(out, alternative(form, chosen))
			}
			return
		}
		for i := from; i < len(moves); i++ {
			m := &moves[i]
			if m.lever == "" && slices.ContainsFunc(chosen, func(o *move) bool { return o.aspect == m.aspect && o.lever == "" }) {
				continue // one value at a time
			}
			try(append(slices.Clone(chosen), m), i+1, left-1)
		}
	}
	for size := 1; size <= maxChanges && len(out) == 0; size++ {
		try(nil, 0, size)
	}
	return out
}

func alternative(form Form, moves []*move) Alternative {
	a := Alternative{Form: form}
	for _, m := range moves {
		if m.lever != "" {
			a.Policy = append(a.Policy, m.lever)
			continue
		}
		a.State = append(a.State, Condition{Aspect: m.aspect, Values: []string{m.value}})
	}
	return a
}

// moves lists every other value of the aspects that can change.
func (m *atlas) moves(s *situation) (out []move) {
	for a, values := range m.universe {
		aspect := Aspect(a)
		switch aspect {
		case AspectUnresolved, AspectKnown, AspectAge, AspectOwn, AspectRegimes:
			continue
		default:
		}
		for _, v := range values {
			p := v.sides[0]
			if aspect.holds(s, p) {
				continue
			}
			out = append(out, move{aspect: aspect, value: v.name, make: func(_ *conditions, s *situation) {
				aspect.clear(s)
				aspect.put(s, p)
			}})
		}
	}
	return out
}

// clear takes an aspect's flags out of a situation; everything else is overwritten.
func (a Aspect) clear(s *situation) { s.flags &^= Flags(aspectReads[a] & (readRegimes - 1)) }

// holds reports whether a situation has a value of an aspect.
func (a Aspect) holds(s *situation, p part) bool {
	with := *s
	a.clear(&with)
	a.put(&with, p)
	return with == *s
}

// levers lists what of the policy a decision may turn on, where it does not already
// stand as it would have to for a disclosure.
func levers(c *conditions) (out []move) {
	add := func(stands bool, lever string, change func(*conditions)) {
		if !stands {
			out = append(out, move{lever: lever, make: func(c *conditions, _ *situation) { change(c) }})
		}
	}
	add(c.field.need == NeedClear, "the contract needs the category in clear for this purpose", func(c *conditions) { c.field.need = NeedClear })
	add(c.field.need != NeedNone, "the contract needs a pseudonym of the category for this purpose", func(c *conditions) { c.field.need = NeedPseudonym })
	add(c.purpose.scopeJ, "the general notice lists the purpose for the group", func(c *conditions) { c.purpose.scopeJ = true })
	add(c.purpose.rowE, "the EEA/UK notice has a row for the purpose and the group, on legitimate interest", func(c *conditions) {
		c.purpose.rowE, c.purpose.basis = true, BasisLegitimateInterest
	})
	add(c.purpose.rowE && c.purpose.basis == BasisContract, "the row of the EEA/UK notice rests on contract", func(c *conditions) { c.purpose.basis = BasisContract })
	add(c.purpose.scopeC, "the California notice lists the purpose for the group", func(c *conditions) { c.purpose.scopeC = true })
	add(c.purpose.cell, "the California table declares the disclosure", func(c *conditions) { c.purpose.cell = true })
	add(c.field.declaredG, "the EEA/UK notice declares the category for the group", func(c *conditions) { c.field.declaredG = true })
	add(c.field.declaredC, "the California notice declares the category for the group", func(c *conditions) { c.field.declaredC = true })
	add(c.recipient.declaredE4, "the EEA/UK notice declares recipients of this category", func(c *conditions) { c.recipient.declaredE4 = true })
	add(c.recipient.ccpaTerms, "the contract has the terms of a service provider", func(c *conditions) { c.recipient.ccpaTerms = true })
	add(c.recipient.appi != GeoNone, "an equivalent system covers the recipient's countries under APPI", func(c *conditions) { c.recipient.appi = GeoMechanism })
	add(c.recipient.eea != GeoNone, "a safeguard covers the transfer out of the EEA", func(c *conditions) { c.recipient.eea = GeoMechanism })
	add(c.recipient.uk != GeoNone, "a safeguard covers the transfer out of the United Kingdom", func(c *conditions) { c.recipient.uk = GeoMechanism })
	add(c.recipient.jointUseNotice, "a notice of the joint use is published", func(c *conditions) { c.recipient.jointUseNotice = true })
	add(c.purpose.saleShare, "the policy enables sale and sharing", func(c *conditions) { c.purpose.saleShare = true })
	add(!c.field.special, "the category is not a special one", func(c *conditions) { c.field.special = false })
	add(!c.field.spi, "the category is not sensitive personal information", func(c *conditions) { c.field.spi = false })
	add(c.order.reaches && c.order.lists, "a legal order that reaches the person lists the category", func(c *conditions) {
		c.order = orderInput{reaches: true, ground: true, transfer: true, lists: true}
	})
	add(c.field.generaliser || c.field.identifier != QuasiIdentifier, "the cell or the category has a generaliser", func(c *conditions) { c.field.generaliser = true })
	add(c.field.identifier != DirectIdentifier, "the category is no direct identifier", func(c *conditions) { c.field.identifier = Attribute })
	return out
}
