package rules

import (
	"fmt"
	"slices"
	"time"
)

// The ages from which [Policy.Findings] warns.
const (
	DefaultMaxGeographyAge  = 90 * 24 * time.Hour  // of the lists of countries
	DefaultMaxCaliforniaAge = 365 * 24 * time.Hour // of the California notice, which is renewed every 12 months
)

// Findings reviews a policy that compiles, as of an instant, in the order of the files:
// warnings of what it allows and somebody should know, and as errors the mechanisms that
// do not hold any more. A gateway runs on with those: they count for nothing.
func (p *Policy) Findings(at time.Time) Problems {
	r := &reviewer{p: p, at: at}
	r.geography()
	r.california()
	r.retention()
	r.limits()
	r.automated()
	r.unused()
	r.orders()
	r.mechanisms()
	for i := range p.Bundle.Recipients {
		r.union(&p.Bundle.Recipients[i])
	}
	for i := range p.Bundle.APIs {
		api := &p.Bundle.APIs[i]
		for s := range api.Shapes {
			if aboutPeople(api, api.Shapes[s].Name.Value) {
				r.shape(&api.Shapes[s])
			}
		}
	}
	r.facts()
	return r.found.Sort()
}

type reviewer struct {
	p      *Policy
	at     time.Time
	found  Problems
	joints map[*Grant][]joint // what keys has found
}

func (r *reviewer) warn(pos Pos, kind error, detail, suggestion string) {
	r.found = append(r.found, &Problem{Pos: pos, Kind: kind, Detail: detail, Suggestion: suggestion, Warning: true})
}

// geography warns of lists of countries that may have changed since.
func (r *reviewer) geography() {
	g := &r.p.Bundle.Geography
	if r.at.Sub(g.AsOf) > DefaultMaxGeographyAge {
		r.warn(g.Pos, ErrOutdated, fmt.Sprintf("the lists of countries are those of %s", g.AsOf.Format(time.DateOnly)),
			"check them against their sources, and move as_of")
	}
	if len(g.Sources) == 0 {
		r.warn(g.Pos, ErrMissing, "the lists of countries name no source", "sources: where they can be checked")
	}
}

func (r *reviewer) california() {
	line := r.p.notices[NoticeCalifornia]
	if line == nil {
		return
	}
	if n := line.inEffect(r.at); n >= 0 && r.at.Sub(line.versions[n].EffectiveFrom) > DefaultMaxCaliforniaAge {
		d := line.versions[n]
		r.warn(d.Pos, ErrOutdated, fmt.Sprintf("the California notice %q is from %s: it is to be renewed every 12 months", d.ID, d.EffectiveFrom.Format(time.DateOnly)), "")
	}
}

// retention warns of purposes whose notice promises an end that nobody has set (E6.1).
func (r *reviewer) retention() {
	for i := range r.p.Bundle.Purposes {
		if d := &r.p.Bundle.Purposes[i]; len(d.Rows) > 0 && d.Retention == nil {
			r.warn(d.Name.Pos, ErrMissing, fmt.Sprintf("purpose %q does not say how long data is kept after it is achieved", d.Name.Value), "retention: P3Y, or P0D for not at all")
		}
	}
}

// limits warns of purposes of outsiders that may read without end.
func (r *reviewer) limits() {
	check := func(recipient string, purposes []ContractPurposeDef) {
		for i := range purposes {
			if d := &purposes[i]; !d.Limits.bounds() {
				r.warn(d.Purpose.Pos, ErrMissing, fmt.Sprintf("%s may read without a limit for %q", recipient, d.Purpose.Value), "limits: {subjects_per_day: ...}")
			}
		}
	}
	outside := make(map[string]bool) // terms that somebody outside uses
	for i := range r.p.Bundle.Recipients {
		d := &r.p.Bundle.Recipients[i]
		if !d.Kind.contracted() || d.Contract == nil {
			continue
		}
		check(fmt.Sprintf("recipient %q", d.Name.Value), d.Contract.Purposes)
		for _, n := range d.Contract.Uses {
			outside[n.Value] = true
		}
	}
	for i := range r.p.Bundle.Contracts {
		if d := &r.p.Bundle.Contracts[i]; outside[d.Name.Value] {
			check(fmt.Sprintf("who uses the terms %q", d.Name.Value), d.Purposes)
		}
	}
}

// bounds reports whether the limits say how many people may be read at all: so many
// in one answer are as many as there are in many.
func (l *Limits) bounds() bool {
	return l != nil && (l.SubjectsPerHour > 0 || l.SubjectsPerDay > 0 || l.SubjectsPerMonth > 0)
}

// automated warns of outsiders that have not declared that nobody is subject to a
// decision by machine alone (E3.ADM).
func (r *reviewer) automated() {
	for i := range r.p.Bundle.Recipients {
		d := &r.p.Bundle.Recipients[i]
		if d.Kind.contracted() && d.Contract != nil && !d.Contract.NoAutomatedDecision {
			r.warn(d.Contract.Pos, ErrMissing, fmt.Sprintf("the contract of %q does not exclude decisions by machine alone (E3.ADM)", d.Name.Value), "automated_decision: false, once the contract says so")
		}
	}
}

// mechanisms reports safeguards that do not hold: what they were to cover is withheld.
func (r *reviewer) mechanisms() {
	for i := range r.p.Bundle.Recipients {
		d := &r.p.Bundle.Recipients[i]
		for n := range d.Safeguards {
			s := &d.Safeguards[n]
			why, remedy, early := "", "", false
			switch {
			case s.inForce(r.at):
				continue
			case ended(s.ValidUntil, r.at):
				why, remedy = "ended on "+s.ValidUntil.AddDate(0, 0, -1).Format(time.DateOnly), "renew it, or take it out"
			case s.SignedAt.After(r.at):
				why, early = "is signed only on "+s.SignedAt.Format(time.DateOnly), true
			case s.LastChecked.After(r.at):
				why, early = "was checked only on "+s.LastChecked.Format(time.DateOnly), true
			default:
				why, remedy = "was to be checked by "+s.CheckEvery.After(s.LastChecked).Format(time.DateOnly), "check it, and move last_checked"
			}
			r.found = append(r.found, &Problem{
				Pos: s.Pos, Kind: ErrOutdated, Suggestion: remedy, Warning: early,
				Detail: fmt.Sprintf("the safeguard %s of recipient %q %s, so that it covers no transfer", s.Type, d.Name.Value, why),
			})
		}
	}
}

// orders warns of legal orders that would count for ever.
func (r *reviewer) orders() {
	for i := range r.p.Bundle.Orders {
		if o := &r.p.Bundle.Orders[i]; o.Until.IsZero() {
			r.warn(o.Name.Pos, ErrMissing, fmt.Sprintf("order %q has no end", o.Name.Value), "valid_until: the day until which it is to be obeyed")
		}
	}
}

// aboutPeople reports whether a shape stands in any answer that has subjects.
func aboutPeople(api *APIDef, shape string) bool {
	return slices.ContainsFunc(api.Resources, func(d ResourceDef) bool {
		return !d.NoSubjects && slices.ContainsFunc(d.Body, func(b BodyDef) bool { return b.Shape.Value == shape })
	})
}

// shape warns of what leaves unread or undecided.
func (r *reviewer) shape(d *ShapeDef) {
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Public {
			r.public(f.Path)
		}
		if f.Subtree {
			r.warn(f.Path.Pos, ErrReveals, fmt.Sprintf("%q passes everything below it, whatever upstream puts there", f.Path.Value), "list the members, or keep the subtree small")
		}
	}
}

// facts warns of resources with personal fields that can tell neither the age nor the
// regime of their subjects: there state alone decides, and somebody of whom it knows
// nothing is of unknown age, under every regime.
func (r *reviewer) facts() {
	for i := range r.p.Bundle.APIs {
		d := &r.p.Bundle.APIs[i]
		a := r.p.apis[d.Name.Value]
		for n := range d.Resources {
			def := &d.Resources[n]
			res := a.resource(def.Name.Value)
			if res == nil {
				continue
			}
			for k := range res.Shape.Subjects {
				kind := &res.Shape.Subjects[k]
				if kind.HasBorn || kind.HasCountry || kind.FromState || kind.Personal.Len() == 0 {
					continue
				}
				r.warn(def.Name.Pos, ErrReveals, fmt.Sprintf("resource %q tells neither the age nor the regime of its %s %q", def.Name.Value, kind.Category, kind.Shape),
					"born, country or residence at its subject; or facts: state, if the state of everybody has them")
			}
		}
	}
}
