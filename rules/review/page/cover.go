package page

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// space is the values that outcomes tell apart, by aspect. An aspect without values
// decides nothing. No aspect has more than 64.
type space [32][]string

// box is a set of situations: a set of values for each aspect, by number.
type box [32]uint64

// full is the box of every situation.
func (s *space) full() (b box) {
	for a := range s {
		b[a] = 1<<len(s[a]) - 1
	}
	return b
}

// box reads a situation. A value that the space does not know stands for an aspect that
// decides nothing in it.
func (s *space) box(situation rules.Situation) box {
	b := s.full()
	for _, c := range situation {
		if len(s[c.Aspect]) == 0 {
			continue
		}
		b[c.Aspect] = 0
		for _, v := range c.Values {
			if i := slices.Index(s[c.Aspect], v); i >= 0 {
				b[c.Aspect] |= 1 << i
			}
		}
	}
	return b
}

// situation writes a box: what it narrows.
func (s *space) situation(b *box) (out rules.Situation) {
	for a, set := range b {
		if bits.OnesCount64(set) == len(s[a]) {
			continue
		}
		c := rules.Condition{Aspect: rules.Aspect(a)}
		for i, v := range s[a] {
			if set>>i&1 != 0 {
				c.Values = append(c.Values, v)
			}
		}
		out = append(out, c)
	}
	return out
}

// meets reports whether two boxes have a situation in common. Sets of an aspect without
// values are empty in both.
func (s *space) meets(a, b *box) bool {
	for i := range a {
		if len(s[i]) > 0 && a[i]&b[i] == 0 {
			return false
		}
	}
	return true
}

func (s *space) meetsAny(b *box, others []box) bool {
	return slices.ContainsFunc(others, func(o box) bool { return s.meets(b, &o) })
}

func (b *box) within(o *box) bool {
	for i := range b {
		if b[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

// grow widens a box as far as it meets none of others.
func (s *space) grow(b box, others []box) box {
	for a := range s {
		for i := range s[a] {
			wider := b
			wider[a] |= 1 << i
			if wider != b && !s.meetsAny(&wider, others) {
				b = wider
			}
		}
	}
	return b
}

// cover covers boxes by few boxes that meet none of others, each as wide as can be.
// Every one of the boxes is within one of the cover.
func (s *space) cover(boxes, others []box) (out []box) {
	var wide []box
	for _, b := range boxes {
		if w := s.grow(b, others); !slices.Contains(wide, w) {
			wide = append(wide, w)
		}
	}
	left := slices.Clone(boxes)
	for len(left) > 0 {
		best, most := 0, -1
		for i := range wide {
			n := 0
			for j := range left {
				if left[j].within(&wide[i]) {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		chosen := wide[best]
		out = append(out, chosen)
		left = slices.DeleteFunc(left, func(b box) bool { return b.within(&chosen) })
	}
	return out
}

// narrow takes out of each box what another one says too: the places of which another
// speaks anyhow, and the ages. A consent stays as wide as it is, which is how it is told.
func (s *space) narrow(cover []box) []box {
	for i := range cover {
		for _, a := range []rules.Aspect{rules.AspectAge, rules.AspectRegimes} {
			cover[i] = s.narrowed(cover, i, a)
		}
	}
	return cover
}

func (s *space) narrowed(cover []box, i int, a rules.Aspect) box {
	all, left := cover[i], cover[i]
	if bits.OnesCount64(all[a]) == len(s[a]) { // it is not about them
		return all
	}
	left[a] = 0
	for v := range s[a] {
		part := all
		part[a] &= 1 << v
		if part[a] == 0 {
			continue
		}
		if !slices.ContainsFunc(cover, func(o box) bool { return o != all && part.within(&o) }) {
			left[a] |= part[a]
		}
	}
	if left[a] == 0 {
		return all
	}
	if a != rules.AspectRegimes {
		return left
	}
	for v := range s[a] { // who is at a place may be at another too
		for least := range s[a] {
			set := regimesOf(s[a][least])
			if left[a]>>least&1 != 0 && all[a]>>v&1 != 0 && regimesOf(s[a][v])&set == set {
				left[a] |= 1 << v
			}
		}
	}
	return left
}

// apart divides a box that narrows one aspect alone by the rules that decide about its
// values: each of them is a reason of its own.
func (s *space) apart(b box, decides func(box) rules.Rule) []box {
	situation := s.situation(&b)
	if len(situation) != 1 || situation[0].Aspect == rules.AspectRegimes {
		return []box{b}
	}
	a := situation[0].Aspect
	var out []box
	var of []rules.Rule
	for v := range s[a] {
		part := b
		if part[a] &= 1 << v; part[a] == 0 {
			continue
		}
		r := decides(part)
		if n := slices.Index(of, r); n >= 0 {
			out[n][a] |= part[a]
			continue
		}
		out, of = append(out, part), append(of, r)
	}
	return out
}

// profile is what can become of a field, condensed.
type profile struct {
	space      space
	open       []box // in which it leaves
	forms      []formOf
	exclusions []exclusion
}

// consented reports whether nothing leaves without a consent.
func (p *profile) consented() bool {
	return !slices.ContainsFunc(p.open, func(b box) bool {
		for a := rules.AspectConsentAPPI; a <= rules.AspectConsentCCPA; a++ {
			if none := slices.Index(p.space[a], "none"); none >= 0 && b[a]>>none&1 == 0 {
				return false
			}
		}
		return true
	})
}

// formOf is a form in which a field leaves. Of those for whom it leaves at all, only is
// for whom it does so in this form; nil where there is no other.
type formOf struct {
	form rules.Form
	only []rules.Situation
}

// exclusion is a set of situations in which nothing leaves, by the rule that decides
// where nothing else speaks against it.
type exclusion struct {
	box       box
	situation rules.Situation
	rule      rules.Rule
}

func profileOf(outcomes []rules.Outcome) *profile {
	p := new(profile)
	for i := range outcomes {
		for _, situation := range outcomes[i].Situations {
			for _, c := range situation {
				for _, v := range c.Values {
					if known := &p.space[c.Aspect]; !slices.Contains(*known, v) {
						*known = append(*known, v)
					}
				}
			}
		}
	}
	for a := range p.space {
		aspect := rules.Aspect(a)
		slices.SortStableFunc(p.space[a], func(x, y string) int { return gravity(aspect, x) - gravity(aspect, y) })
	}
	p.disclosed(outcomes)
	p.withheld(outcomes)
	return p
}

func (p *profile) disclosed(outcomes []rules.Outcome) {
	var forms []rules.Form
	boxes := make(map[rules.Form][]box)
	for i := range outcomes {
		o := &outcomes[i]
		if o.Form.Verb == rules.Withhold {
			continue
		}
		if !slices.Contains(forms, o.Form) {
			forms = append(forms, o.Form)
		}
		for _, s := range o.Situations {
			boxes[o.Form] = append(boxes[o.Form], p.space.box(s))
		}
		p.open = append(p.open, boxes[o.Form]...)
	}
	for _, f := range forms {
		var others []box
		for _, g := range forms {
			if g != f {
				others = append(others, boxes[g]...)
			}
		}
		out := formOf{form: f}
		if len(others) > 0 {
			for _, b := range p.space.cover(boxes[f], others) {
				out.only = append(out.only, p.space.situation(&b))
			}
		}
		p.forms = append(p.forms, out)
	}
}

func (p *profile) withheld(outcomes []rules.Outcome) {
	type ruled struct {
		box  box
		rule rules.Rule
	}
	var leaves []ruled
	var boxes []box
	for i := range outcomes {
		if o := &outcomes[i]; o.Form.Verb == rules.Withhold {
			for _, s := range o.Situations {
				b := p.space.box(s)
				leaves, boxes = append(leaves, ruled{b, o.Rule}), append(boxes, b)
			}
		}
	}
	decides := func(b box) (r rules.Rule) {
		mild := b.mildest()
		for _, l := range leaves {
			switch {
			case mild.within(&l.box):
				return l.rule
			case r == "" && l.box.within(&b):
				r = l.rule
			}
		}
		return r
	}
	for _, b := range p.space.narrow(p.space.cover(boxes, p.open)) {
		for _, part := range p.space.apart(b, decides) {
			p.exclusions = append(p.exclusions, exclusion{box: part, situation: p.space.situation(&part), rule: decides(part)})
		}
	}
	slices.SortStableFunc(p.exclusions, func(a, b exclusion) int { return ruleOrder(a.rule) - ruleOrder(b.rule) })
}

// mildest is the situation of a box in which least speaks against a disclosure beside
// what all of the box have in common. Values are in that order.
func (b *box) mildest() (m box) {
	for a, set := range b {
		m[a] = set & -set
	}
	return m
}

// gravity orders the values of an aspect by what they take away, the mildest first.
func gravity(a rules.Aspect, v string) int {
	switch {
	case v == "none" && saysMore(a):
		return 9
	case slices.Contains(mild, v):
		return 0
	case strings.HasPrefix(v, "given"): // the more is said, the more it allows
		return 8 - strings.Count(v, "_")
	case strings.HasPrefix(v, "APPI"):
		return 10*strings.Count(v, ",") + slices.Index([]string{"APPI", "APPI,EEA", "APPI,UK", "APPI,CCPA"}, v)
	}
	if i := slices.Index(grave, v); i >= 0 {
		return 10 + i
	}
	return 9
}

var (
	mild  = []string{"none", "understood", "some", "kept", "undisputed", "yes", "reached", "told", "off", "adult"}
	grave = []string{"16_17", "lifted_by_consent", "pending", "unknown", "13_15", "upheld", "excepted", "active", "hold", "under13", "executed", "expired"}
)

// saysMore reports whether an aspect is one that opens something when it is said.
func saysMore(a rules.Aspect) bool {
	return a == rules.AspectKnown || a == rules.AspectMinorOptIn || a >= rules.AspectConsentAPPI && a <= rules.AspectConsentCCPA
}
