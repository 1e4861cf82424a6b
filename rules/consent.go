package rules

import (
	"slices"
	"time"
)

// consents finds, for every category and regime of the subject, the latest event that speaks
// about it, going back in time: what a later event has decided stays decided.
// A grant that has ended, or was given under a notice that has changed materially
// since, decides that there is none; one that has not begun says nothing yet.
func (p *Plan) consents(c *Class, k *planKind, s *State, now time.Time, used []Seq) []Seq {
	var decided RegimeMasks
	for i := len(s.Consents) - 1; i >= 0; i-- {
		e := &s.Consents[i]
		valid := e.Consent.Valid()
		if valid && e.Time.After(now) || !p.addressed(e) {
			continue
		}
		outdated := valid && p.edition.policy.outdated(e, now)
		covered, grants := k.covered(e), valid && !outdated && !ended(e.Until, now)
		news := false
		for slot, regime := range slotRegimes {
			if (c.Regimes|APPI)&regime == 0 || e.Scope.Regimes != 0 && e.Scope.Regimes&regime == 0 {
				continue
			}
			fresh := covered.without(decided[slot])
			if fresh == (CategoryMask{}) {
				continue
			}
			news = true
			decided[slot].union(fresh)
			if grants {
				c.grant(e, slot, fresh)
			}
		}
		switch {
		case !news:
		case grants:
			used = append(used, e.Seq)
		case c.Consent != ConsentUnknown: // a later event is the reason already
		case outdated:
			c.Consent = ConsentInvalidated
		case valid:
			c.Consent = ConsentExpired
		default:
			c.Consent = e.Consent
		}
	}
	return used
}

// grant notes a consent in force.
func (c *Class) grant(e *Event, slot int, categories CategoryMask) {
	c.Valid[slot].union(categories)
	if e.Explicit {
		c.Explicit[slot].union(categories)
	}
	if e.parental() {
		c.Parental[slot].union(categories)
	}
	if e.Foreign && slot == slotAPPI {
		c.Foreign.union(categories)
	}
}

// parental reports whether a consent is one of somebody who holds parental
// responsibility: a child's own word never is.
func (e *Event) parental() bool { return e.Parental && e.Actor.Type != ActorSubject }

// addressed reports whether a consent event is about the plan's purpose and
// recipient. Grants match narrowly and refusals widely: a grant names its
// purpose, and third parties (K4).
func (p *Plan) addressed(e *Event) bool {
	purpose, anybody := e.Scope.Purpose == p.grant.Purpose.Name, true
	if e.Consent.Valid() {
		kind := p.standing.recipient.Def.Kind
		anybody = kind != ThirdParty && kind != JointUse
	} else {
		purpose = purpose || e.Scope.Purpose == ""
	}
	return purpose && p.named(e.Scope.Recipients, anybody)
}

// named reports whether a list of recipients includes the plan's, by id or
// category; an empty list gives unlisted.
func (p *Plan) named(recipients []string, unlisted bool) bool {
	if len(recipients) == 0 {
		return unlisted
	}
	d := p.standing.recipient.Def
	return slices.Contains(recipients, d.Name.Value) || slices.Contains(recipients, d.Category.String())
}

// covered returns the categories that a consent event speaks about: a grant
// those within its own, a refusal those that overlap with them.
func (k *planKind) covered(e *Event) CategoryMask {
	if len(e.Scope.Categories) == 0 {
		return k.all
	}
	match := categoryWithin
	if !e.Consent.Valid() {
		match = categoriesOverlap
	}
	var m CategoryMask
	for _, scope := range e.Scope.Categories {
		for i, category := range k.categories {
			if match(category, scope) {
				m.add(i)
			}
		}
	}
	return m
}

// optIns lifts what a fresh and specific opt-in lifts: a restriction (S5 c) and
// an objection to direct marketing. A consent narrowed to some categories or
// regimes lifts neither, because both are about the whole person; nor does one
// that somebody later took back in part, or a child's without a parent's.
func (p *Plan) optIns(c *Class, s *State, now time.Time) {
	if !c.Has(FlagRestricted | FlagDMObjection) {
		return
	}
	eea, uk := p.edition.policy.Bundle.Choices.belowDigitalAge(c.Age)
	child := eea && c.Regimes&EEA != 0 || uk && c.Regimes&UK != 0
	for i := len(s.Consents) - 1; i >= 0; i-- {
		e := &s.Consents[i]
		valid := e.Consent.Valid()
		whole := len(e.Scope.Categories) == 0 && e.Scope.Regimes == 0
		switch {
		case !p.addressed(e), valid && e.Time.After(now):
			continue
		case !valid, ended(e.Until, now), p.edition.policy.outdated(e, now):
			return
		case !whole, child && !e.parental():
			continue
		}
		c.set(FlagRestrictionConsent, c.Has(FlagRestricted) && e.Time.After(s.Restriction.Since))
		if e.Actor.Type.personal() && e.Time.After(s.DMObjection.Since) {
			c.Flags &^= FlagDMObjection
		}
	}
}
