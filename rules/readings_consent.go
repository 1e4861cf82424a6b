package rules

import (
	"slices"
	"time"
)

// effect is what one consent event does to each side: nothing, an end, or a grant.
type effect [2]uint8

const (
	silent uint8 = iota
	denies
	grants
)

// consents fits the aspects of consent, and of what a consent lifts, for two sides that
// do not read every consent alike. What a side holds is decided by the latest event
// that speaks to it: of a history, one event decides one side and one the other, so
// that all histories of two events are all that there can be.
func (c *comparison) consents(u *universe, k *universeKey) {
	effects := c.effects(k, append(scopesAround(k.fields[0].category, k.fields[1].category), ""))
	for slot := range slots {
		u[consentAspect(slot)] = histories(effects, consentsOf(slot)[1:])
	}
	// What a consent lifts on one side alone: it is to everything, and the other side
	// does not take it, or takes a later word that the first does not hear.
	whole := c.effects(k, []string{""})
	has := func(side int, this, other uint8) bool {
		return slices.ContainsFunc(whole, func(e effect) bool { return e[side] == this && e[1-side] == other })
	}
	alone := func(side int) bool {
		return has(side, grants, silent) || has(side, grants, denies) || has(side, grants, grants) && has(side, silent, denies)
	}
	u[AspectRestriction] = slices.Clone(u[AspectRestriction])
	u[AspectDMObjection] = slices.Clone(u[AspectDMObjection])
	for side := range 2 {
		if !alone(side) {
			continue
		}
		c.liftedAlone(u, side, false)
	}
}

// effects tries every kind of consent event that either side can tell from another, to
// the categories given; the empty one is all.
func (c *comparison) effects(k *universeKey, scopes []string) []effect {
	var out []effect
	add := func(e effect) {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	for _, recipients := range c.recipientScopes(k) {
		for _, scope := range scopes {
			for _, dated := range c.consentDates() {
				var given, ended, refused effect
				for side := range k.fields {
					category := k.fields[side].category
					if recipients.grant[side] && categoryWithin(category, scope) {
						given[side], ended[side] = grants, denies
						if dated.outdated[side] {
							given[side] = denies
						}
					}
					if recipients.refusal[side] && (scope == "" || categoriesOverlap(category, scope)) {
						refused[side] = denies
					}
				}
				add(given)
				add(ended)
				add(refused)
			}
		}
	}
	return out
}

// recipientScope says to which sides a consent, and a refusal, is about the recipient.
type recipientScope struct{ grant, refusal [2]bool }

// recipientScopes tries a scope without recipients, with the recipient's id, and with a
// category that it has on either side, or on neither.
func (c *comparison) recipientScopes(k *universeKey) []recipientScope {
	unnamed := recipientScope{refusal: [2]bool{true, true}}
	for side, a := range k.addressing {
		unnamed.grant[side] = !a.third
	}
	both := [2]bool{true, true}
	out := []recipientScope{unnamed, {grant: both, refusal: both}}
	for _, category := range []RecipientCategory{k.addressing[0].category, k.addressing[1].category} {
		var named [2]bool
		for side, a := range k.addressing {
			named[side] = a.category == category
		}
		out = append(out, recipientScope{grant: named, refusal: named})
	}
	return out
}

// consentDate says on which sides a grant of a time and version has ended by a material
// change.
type consentDate struct{ outdated [2]bool }

// consentDates tries consents to every version of every document, and to none, given
// before and after every material change.
func (c *comparison) consentDates() []consentDate {
	if !c.outdates() {
		return []consentDate{{}, {outdated: [2]bool{true, true}}}
	}
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	times := []time.Time{far}
	named := []Event{{}}
	for _, p := range c.policies {
		for _, line := range p.lines {
			named = append(named, Event{Document: line.document})
			for _, d := range line.versions {
				times = append(times, d.EffectiveFrom.Add(-time.Second), d.EffectiveFrom)
				named = append(named, Event{Document: line.document, Version: d.Version})
			}
		}
	}
	var out []consentDate
	for _, e := range named {
		for _, e.Time = range times {
			var d consentDate
			for side, p := range c.policies {
				d.outdated[side] = p.outdated(&e, c.at)
			}
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// histories lists what the two sides can hold after up to two events, the later first.
func histories(effects []effect, consents []uint8) []value {
	var out []value
	add := func(before, after uint8) {
		v := value{name: nameSides(consentName(before), consentName(after)), sides: [2]part{{n: before}, {n: after}}}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	add(0, 0)
	for _, later := range effects {
		for _, earlier := range effects {
			for _, x := range consents {
				for _, y := range consents {
					var held [2]uint8
					for side := range held {
						switch {
						case later[side] == grants:
							held[side] = x
						case later[side] == silent && earlier[side] == grants:
							held[side] = y
						}
					}
					add(held[0], held[1])
				}
			}
		}
	}
	return out
}
