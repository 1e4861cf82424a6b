package rules

import (
	"math/bits"
	"slices"
	"strings"
)

// universe is every situation that a question can meet: the values of each aspect, on
// both sides of a comparison. Most aspects have the same value on both; where two
// policies read one event, place or date differently, a value says what it is to
// each of them. With one side, the second is the first.
type universe [aspects][]value

// atlas is a universe with what an enumeration looks up in it.
type atlas struct {
	universe
	all domains
	// cuts divides the values of the aspect that supplies a part by what a side that
	// looks at the part sees: by side and the part's bit.
	cuts [2][64][]domain

	unknown     domain // of AspectKnown: nobody verified has said anything
	unconsented [slots]domain
	consented   [2][slots]domain
	consenting  [2][aspects]domain // values that a consent to everything made
	// young are such values of one side alone that only the young can have: where their
	// own consent is enough on that side, and on the other one is not.
	young    [2][aspects]domain
	digital  [2]digitalAges
	diagonal bool // both sides read everything alike
}

// value is one value of an aspect.
type value struct {
	name  string
	sides [2]part
	// consented: on that side the value is what a consent to everything has made
	// of another one.
	consented [2]bool
	young     bool // only by a consent that on the other side is a child's own
}

// digitalAges are those from which on somebody consents without a parent.
type digitalAges struct{ eea, uk int }

func (c *Choices) digitalAges() digitalAges { return digitalAges{c.DigitalAgeEEA, c.DigitalAgeUK} }

func same(name string, p part) value { return value{name: name, sides: [2]part{p, p}} }

func switched(off, on string, f Flags) []value {
	return []value{same(off, part{}), same(on, part{flags: f})}
}

// lifted is a restriction that a consent lifts, on the sides given.
func lifted(sides ...bool) value {
	v := same("lifted_by_consent", part{flags: FlagRestricted})
	for side, on := range sides {
		if v.consented[side] = on; on {
			v.sides[side].flags |= FlagRestrictionConsent
		}
	}
	return v
}

// ordinary is the universe of two sides that read everything alike.
var ordinary = func() (u universe) {
	u[AspectUnresolved] = switched("understood", "not_understood", FlagUnresolved)
	u[AspectKnown] = switched("some", "none", FlagUnseen)
	u[AspectErasure] = []value{
		same("none", part{}), same("pending", part{flags: FlagErasurePending}), same("executed", part{flags: FlagErased}),
		same("excepted", part{flags: FlagErasureExcepted}),
	}
	u[AspectRestriction] = []value{
		same("none", part{}), same("active", part{flags: FlagRestricted}), lifted(true, true),
	}
	u[AspectRetention] = []value{
		same("kept", part{}), same("hold", part{flags: FlagRetentionHold}), same("expired", part{flags: FlagRetentionExpired}),
	}
	u[AspectContested] = []value{same("undisputed", part{}), same("contested", part{n: 1})}
	u[AspectOwn] = switched("no", "yes", FlagOwn)
	u[AspectOrder] = switched("not_reached", "reached", FlagOrdered)
	for r := range AllRegimes + 1 {
		u[AspectRegimes] = append(u[AspectRegimes], same(r.String(), part{n: uint8(r)}))
	}
	for b := range Adult + 1 {
		u[AspectAge] = append(u[AspectAge], same(b.String(), part{n: uint8(b)}))
	}
	u[AspectToldAPPI] = switched("told", "not_told", FlagUntoldAPPI)
	u[AspectToldEEAUK] = switched("told", "not_told", FlagUntoldEEAUK)
	u[AspectToldCalifornia] = switched("told", "not_told", FlagUntoldCalifornia)
	u[AspectDMObjection] = switched("none", "active", FlagDMObjection)
	u[AspectCeaseUse] = switched("none", "standing", FlagCeaseUse)
	u[AspectCeaseProvision] = switched("none", "standing", FlagCeaseProvision)
	for _, s := range []EventState{StateNone, StatePending, StateUpheld} { // any other counts as none
		name := s.String()
		if s == StateNone {
			name = "none"
		}
		u[AspectLIObjection] = append(u[AspectLIObjection], same(name, part{n: uint8(s)}))
	}
	for slot := range slots {
		for _, c := range consentsOf(slot) {
			u[consentAspect(slot)] = append(u[consentAspect(slot)], same(consentName(c), part{n: c}))
		}
	}
	u[AspectLimitSPI] = switched("none", "active", FlagLimitSPI)
	u[AspectOptOut] = switched("none", "active", FlagOptOut)
	u[AspectGPC] = switched("off", "on", FlagGPC)
	u[AspectMinorOptIn] = switched("none", "given", FlagMinorOptIn)
	return u
}()

func consentAspect(slot int) Aspect { return AspectConsentAPPI + Aspect(slot) } //nolint:gosec // few slots

// consentsOf lists what a consent can be under a regime: none, or valid, and then
// explicit, a parent's, informed of the country, in every combination.
func consentsOf(slot int) []uint8 {
	list := []uint8{0}
	more := []uint8{consentExplicit, consentParental}
	if slot == slotAPPI {
		more = append(more, consentForeign)
	}
	for set := range 1 << len(more) {
		c := consentValid
		for i, bit := range more {
			if set>>i&1 != 0 {
				c |= bit
			}
		}
		list = append(list, c)
	}
	return list
}

func consentName(c uint8) string {
	if c == 0 {
		return "none"
	}
	words := []string{"given"}
	for _, more := range []struct {
		bit  uint8
		word string
	}{{consentExplicit, "explicit"}, {consentParental, "parental"}, {consentForeign, "informed"}} {
		if c&more.bit != 0 {
			words = append(words, more.word)
		}
	}
	return strings.Join(words, "_")
}

// domain is a set of the values of one aspect, by number. No aspect has more than
// 81: a consent under APPI has 9, on two sides.
type domain [2]uint64

func (d *domain) add(i int)     { d[i>>6] |= 1 << (i & 63) }
func (d domain) has(i int) bool { return d[i>>6]>>(i&63)&1 != 0 }
func (d domain) empty() bool    { return d == domain{} }

// first is the least value of a set that is not empty.
func (d domain) first() int {
	if d[0] != 0 {
		return bits.TrailingZeros64(d[0])
	}
	return 64 + bits.TrailingZeros64(d[1])
}

func (d domain) union(o domain) domain {
	return domain{d[0] | o[0], d[1] | o[1]}
}

// domains is a set of situations: a set of values for each aspect.
type domains [aspects]domain

func (d domain) and(o domain) domain { return domain{d[0] & o[0], d[1] & o[1]} }
func (d domain) within(o domain) bool {
	return d[0]&^o[0]|d[1]&^o[1] == 0
}

// atlas prepares a universe for enumerations.
func (u *universe) atlas() *atlas {
	m := &atlas{universe: *u, diagonal: true}
	for a, values := range u {
		for i := range values {
			v := &values[i]
			m.all[a].add(i)
			m.diagonal = m.diagonal && v.sides[0] == v.sides[1]
			for side, consented := range v.consented {
				if consented {
					m.consenting[side][a].add(i)
					if v.young {
						m.young[side][a].add(i)
					}
				}
			}
		}
		for mask := aspectReads[a]; mask != 0; mask &= mask - 1 {
			for side := range 2 {
				m.cuts[side][bits.TrailingZeros64(uint64(mask))] = cut(values, side, mask&-mask)
			}
		}
	}
	m.unknown.add(1)
	for slot := range slots {
		for i, v := range u[consentAspect(slot)] {
			if (v.sides[0].n|v.sides[1].n)&consentValid == 0 {
				m.unconsented[slot].add(i)
			}
			for side := range 2 {
				if v.sides[side].n&consentValid != 0 {
					m.consented[side][slot].add(i)
				}
			}
		}
	}
	return m
}

// cut divides values by what a side that looks at one part sees.
func cut(values []value, side int, bit reads) (parts []domain) {
	var looked []uint8
	for i := range values {
		l := values[i].sides[side].looked(bit)
		n := slices.Index(looked, l)
		if n < 0 {
			n = len(looked)
			looked, parts = append(looked, l), append(parts, domain{})
		}
		parts[n].add(i)
	}
	return parts
}

// possible reports whether any situation of a set can be: nobody without a verified
// event is named by an order, has a consent or an opt-in, or was told a later version of
// a notice; and what a consent to everything has lifted is consented to.
func (m *atlas) possible(d *domains) bool {
	if d[AspectKnown].within(m.unknown) {
		for slot := range slots {
			if d[consentAspect(slot)].and(m.unconsented[slot]).empty() {
				return false
			}
		}
		for _, a := range []Aspect{AspectOrder, AspectMinorOptIn, AspectToldAPPI, AspectToldEEAUK, AspectToldCalifornia} {
			if !d[a].has(0) { // not named by an order; no opt-in; what everybody of the population was told
				return false
			}
		}
	}
	var needed [2]bool // a consent to everything
	for side := range needed {
		for _, a := range []Aspect{AspectRestriction, AspectDMObjection} {
			needed[side] = needed[side] || d[a].within(m.consenting[side][a])
			if !m.young[side][a].empty() && d[a].within(m.young[side][a]) {
				if !m.child(d, 1-side, side) {
					return false
				}
				needed = [2]bool{true, true}
			}
		}
	}
	if needed == [2]bool{} {
		return true
	}
	if d[AspectKnown].within(m.unknown) {
		return false
	}
	for slot := range slots {
		left := d[consentAspect(slot)]
		for side := range needed {
			if needed[side] {
				left = left.and(m.consented[side][slot])
			}
		}
		if left.empty() {
			return false
		}
	}
	return true
}

// child reports whether a set has somebody whose own consent is not enough on one side,
// and is enough on another.
func (m *atlas) child(d *domains, on, butNot int) bool {
	for r := range m.universe[AspectRegimes] {
		for a := range m.universe[AspectAge] {
			if d[AspectRegimes].has(r) && d[AspectAge].has(a) && m.needsParent(r, a, on) && !m.needsParent(r, a, butNot) {
				return true
			}
		}
	}
	return false
}

// needsParent asks about the regimes and the age with those numbers.
func (m *atlas) needsParent(regimes, age, side int) bool {
	in, band := Regimes(m.universe[AspectRegimes][regimes].sides[side].n), AgeBand(m.universe[AspectAge][age].sides[side].n)
	return in&EEA != 0 && belowDigitalAge(band, m.digital[side].eea) || in&UK != 0 && belowDigitalAge(band, m.digital[side].uk)
}
