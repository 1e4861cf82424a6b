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
// a person of a class: first what of the state alone, then what of the policy alone;
// where neither gives another one, what of both together. Of each it lists the smallest
// sets of changes, and nothing that more changes would give too. That the person
// consents is one change, whichever regimes ask for it.
//
// Identity, group, age and place of a person are no changes, nor is what cannot come
// about: an executed erasure is not undone, and nobody is untold a notice.
func (p *Plan) Alternatives(c Class, field int) []Alternative {
	f, m := p.atlas(field, p.resource.Shape.Subjects[c.Kind].About)
	if m == nil || !f.Concerns(int(c.Kind)) {
		return nil
	}
	s := c.of(p.kinds[c.Kind].number[field])
	conditions := p.conditions(c.Category).of(p, f)
	h := hypotheses{conditions: conditions, situation: s, forms: p.forms(f)}
	if h.forms.generaliser == "" {
		h.forms.generaliser = "generalised"
	}
	return h.alternatives(m)
}

func (h *hypotheses) alternatives(m *atlas) []Alternative {
	h.before, _ = h.ask(nil)
	state, policy := m.moves(&h.situation), levers(&h.conditions)
	out := append(h.smallest(state), h.smallest(policy)...)
	if out == nil {
		out = h.smallest(append(state, policy...))
	}
	return out
}

// move is one change: of the state, or of the policy.
type move struct {
	puts   []put
	lever  string
	change func(*conditions, *situation) // with a lever
}

// put gives an aspect another value.
type put struct {
	aspect Aspect
	value  value
}

func (m *move) make(c *conditions, s *situation) {
	for i := range m.puts {
		p := &m.puts[i]
		p.aspect.clear(s)
		p.aspect.put(s, p.value.sides[0])
	}
	if m.change != nil {
		m.change(c, s)
	}
}

// excludes reports whether two moves cannot be made together: an aspect has one value
// at a time.
func (m *move) excludes(o *move) bool {
	return slices.ContainsFunc(m.puts, func(p put) bool {
		return slices.ContainsFunc(o.puts, func(q put) bool { return p.aspect == q.aspect })
	})
}

type hypotheses struct {
	conditions conditions
	situation  situation
	forms      forms
	before     Form
}

// ask returns what moves give, and what of the situation was looked at.
func (h *hypotheses) ask(moves []*move) (Form, reads) {
	c, s := h.conditions, h.situation
	for _, m := range moves {
		m.make(&c, &s)
	}
	in := c.with(&s)
	v := in.outcome()
	return h.forms.of(v), in.seen
}

// trial is a set of moves, by their numbers in order, and what was looked at after them.
type trial struct {
	moves []int
	seen  reads
}

// smallest tries sets of moves by their size, and returns those of the least size that
// give another outcome. It is exact: what a decision did not look at has not changed it, so
// that a set grows by what was looked at, and by any lever.
func (h *hypotheses) smallest(moves []move) []Alternative {
	var found []hypothesis
	_, seen := h.ask(nil)
	tried, last := make(map[[maxChanges]int]bool), []trial{{seen: seen}}
	for size := 1; size <= maxChanges && len(found) == 0; size++ {
		var next []trial
		for _, t := range last {
			chosen := make([]*move, len(t.moves), size)
			for i, n := range t.moves {
				chosen[i] = &moves[n]
			}
			for n := range moves {
				m := &moves[n]
				if slices.Contains(t.moves, n) || m.change == nil && t.seen&m.reads() == 0 || slices.ContainsFunc(chosen, m.excludes) {
					continue
				}
				more := trial{moves: append(slices.Clone(t.moves), n)}
				slices.Sort(more.moves)
				key := more.key()
				if tried[key] {
					continue
				}
				tried[key] = true
				all := append(slices.Clone(chosen), m)
				var form Form
				if form, more.seen = h.ask(all); form != h.before {
					found = append(found, h.minimal(form, all))
				}
				next = append(next, more)
			}
		}
		last = next
	}
	var out []Alternative
	for i := range found {
		f := &found[i]
		enough := func(o hypothesis) bool { return o.form == f.form && o.within(f, &h.situation) }
		less := func(o hypothesis) bool { return enough(o) && !f.within(&o, &h.situation) }
		if !slices.ContainsFunc(found, less) && !slices.ContainsFunc(found[:i], enough) {
			out = append(out, f.alternative())
		}
	}
	return out
}

func (t *trial) key() (k [maxChanges]int) {
	for i, n := range t.moves {
		k[i] = n + 1
	}
	return k
}

// reads are the parts of a situation that a move changes.
func (m *move) reads() (r reads) {
	for i := range m.puts {
		r |= aspectReads[m.puts[i].aspect]
	}
	return r
}

// hypothesis is moves of one put or one lever each, and what they give.
type hypothesis struct {
	form  Form
	moves []*move
}

// minimal takes moves apart, and leaves out of them whatever is not needed for a form.
func (h *hypotheses) minimal(form Form, chosen []*move) hypothesis {
	var single []*move
	for _, m := range chosen {
		if m.change != nil {
			single = append(single, m)
		}
		for i := range m.puts {
			single = append(single, &move{puts: m.puts[i : i+1]})
		}
	}
	for i := 0; i < len(single); {
		without := slices.Delete(slices.Clone(single), i, i+1)
		if got, _ := h.ask(without); got == form {
			single, i = without, 0 // what was needed beside it may not be any more
			continue
		}
		i++
	}
	return hypothesis{form: form, moves: single}
}

// within reports whether everything that a hypothesis changes of a situation another
// one changes as well: a consent that need not be explicit is within one that is.
func (y *hypothesis) within(o *hypothesis, s *situation) bool {
	return !slices.ContainsFunc(y.moves, func(m *move) bool {
		return !slices.ContainsFunc(o.moves, func(n *move) bool {
			if m.change != nil || n.change != nil {
				return m.lever == n.lever && m.change != nil && n.change != nil
			}
			was := m.puts[0].aspect.of(s)
			p, q := m.puts[0].value.sides[0], n.puts[0].value.sides[0]
			return m.puts[0].aspect == n.puts[0].aspect && (p.flags^was.flags)&^(q.flags^was.flags) == 0 && (p.n^was.n)&^(q.n^was.n) == 0
		})
	})
}

func (y *hypothesis) alternative() Alternative {
	a := Alternative{Form: y.form}
	for _, m := range y.moves {
		if m.change != nil {
			a.Policy = append(a.Policy, m.lever)
			continue
		}
		a.State = append(a.State, Condition{Aspect: m.puts[0].aspect, Values: []string{m.puts[0].value.name}})
	}
	return a
}

// moves lists every other value of the aspects that can change.
func (m *atlas) moves(s *situation) (out []move) {
	for a, values := range m.universe {
		aspect := Aspect(a)
		for i, v := range values {
			if aspect.changes(s, i) && !aspect.holds(s, v.sides[0]) {
				out = append(out, move{puts: []put{{aspect, v}}})
			}
		}
	}
	return append(out, m.consents(s)...)
}

// changes reports whether the value with a number is one that an aspect can come to
// have.
func (a Aspect) changes(s *situation, to int) bool {
	switch a {
	case AspectUnresolved, AspectAge, AspectOwn, AspectRegimes:
		return false
	case AspectKnown, AspectToldAPPI, AspectToldEEAUK, AspectToldCalifornia: // the first values are: some, told
		return to == 0
	case AspectErasure:
		return s.flags&FlagErased == 0
	default:
		return true
	}
}

// consents lists the consents to everything that somebody may give, explicit or not, a
// parent's or not, informed of the country or not: one event speaks under every regime,
// lifts a restriction, and an objection to direct marketing.
func (m *atlas) consents(s *situation) (out []move) {
	for more := range consentForeign { // of the bits behind the first
		var consent move
		for slot := range slots {
			a := consentAspect(slot)
			bits := a.of(s).n | consentValid | more<<1
			if slot != slotAPPI {
				bits &^= consentForeign
			}
			for _, v := range m.universe[a] {
				if v.sides[0].n == bits && !a.holds(s, v.sides[0]) {
					consent.puts = append(consent.puts, put{a, v})
				}
			}
		}
		for _, v := range m.universe[AspectRestriction] {
			if s.flags&FlagRestricted != 0 && v.sides[0].flags&FlagRestrictionConsent != 0 && !AspectRestriction.holds(s, v.sides[0]) {
				consent.puts = append(consent.puts, put{AspectRestriction, v})
			}
		}
		if none := m.universe[AspectDMObjection][0]; !AspectDMObjection.holds(s, none.sides[0]) {
			consent.puts = append(consent.puts, put{AspectDMObjection, none})
		}
		if len(consent.puts) > 1 {
			out = append(out, consent)
		}
	}
	return out
}

// clear takes an aspect's flags out of a situation; everything else is overwritten.
func (a Aspect) clear(s *situation) { s.flags &^= Flags(aspectReads[a] & (readRegimes - 1)) }

// of is what an aspect has put into a situation.
func (a Aspect) of(s *situation) (p part) {
	p.flags = s.flags & Flags(aspectReads[a]&(readRegimes-1))
	bit := func(on bool, n uint8) {
		if on {
			p.n |= n
		}
	}
	switch a {
	case AspectRegimes:
		p.n = uint8(s.regimes)
	case AspectAge:
		p.n = uint8(s.age)
	case AspectLIObjection:
		p.n = uint8(s.li)
	case AspectContested:
		bit(s.contested, 1)
	case AspectConsentAPPI, AspectConsentEEA, AspectConsentUK, AspectConsentCCPA:
		slot := int(a - AspectConsentAPPI)
		bit(s.valid[slot], consentValid)
		bit(s.explicit[slot], consentExplicit)
		bit(s.parental[slot], consentParental)
		bit(a == AspectConsentAPPI && s.foreign, consentForeign)
	default: // the others are flags alone
	}
	return p
}

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
			out = append(out, move{lever: lever, change: func(c *conditions, _ *situation) { change(c) }})
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
	if !c.order.reaches || !c.order.lists {
		out = append(out, move{lever: "a legal order that reaches the person lists the category", change: func(c *conditions, s *situation) {
			c.order = orderInput{reaches: true, ground: true, transfer: true, lists: true}
			s.flags |= FlagOrdered
		}})
	}
	add(c.field.generaliser || c.field.identifier != QuasiIdentifier, "the cell or the category has a generaliser", func(c *conditions) { c.field.generaliser = true })
	add(c.field.identifier != DirectIdentifier, "the category is no direct identifier", func(c *conditions) { c.field.identifier = Attribute })
	return out
}
