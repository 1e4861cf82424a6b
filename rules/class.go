package rules

import (
	"slices"
	"time"
)

// MaxCategories is how many data categories the fields of one subject kind may
// have between them. A resource beyond it does not compile: the class of a
// subject says for each category whether a consent covers it.
const MaxCategories = 128

// CategoryMask is a set of the data categories of one subject kind in a plan.
type CategoryMask [MaxCategories / 64]uint64

func (m *CategoryMask) add(i int)     { m[i>>6] |= 1 << (i & 63) }
func (m CategoryMask) has(i int) bool { return m[i>>6]&(1<<(i&63)) != 0 }

func (m *CategoryMask) union(o CategoryMask) {
	for i := range m {
		m[i] |= o[i]
	}
}

func (m CategoryMask) without(o CategoryMask) CategoryMask {
	for i := range m {
		m[i] &^= o[i]
	}
	return m
}

// RegimeMasks is a set of categories for each regime, by slot.
type RegimeMasks [slots]CategoryMask

// The slots: the regimes in the order of their evaluation.
const (
	slotAPPI = iota
	slotEEA
	slotUK
	slotCCPA
	slots
)

var slotRegimes = [slots]Regimes{slotAPPI: APPI, slotEEA: EEA, slotUK: UK, slotCCPA: CCPA}

// Class is the complete input of the decision about one subject under one plan,
// packed. Equal classes get equal actions. What only documents a decision, such
// as the sequence of a consent, travels beside it.
type Class struct {
	// The categories that a valid consent covers; of those, where it is
	// explicit, and where it is a parent's. A regime sees the consent that
	// holds under it and no other.
	Valid, Explicit, Parental RegimeMasks
	Foreign                   CategoryMask // the consent under APPI was informed of the country
	Contested                 CategoryMask // the accuracy is contested

	Flags    Flags
	Kind     uint8 // number of the subject kind in the shape
	Category SubjectCategory
	Regimes  Regimes
	Age      AgeBand
	LI       EventState    // standing of an objection to legitimate interest
	Consent  ConsentStatus // of the latest event that keeps a consent from being valid
}

// Flags are the yes-or-no inputs of a class.
type Flags uint32

// The flags.
const (
	FlagUnresolved Flags = 1 << iota
	FlagUnseen           // no verified event, and the resource withholds those
	FlagErased
	FlagErasurePending
	FlagErasureExcepted // and no exception leaves this purpose
	FlagRestricted
	FlagRestrictionConsent // a consent for this purpose is younger than the restriction
	FlagRetentionExpired
	FlagRetentionHold
	FlagDMObjection
	FlagCeaseUse
	FlagCeaseProvision
	FlagOptOut
	FlagGPC
	FlagLimitSPI
	FlagMinorOptIn
	FlagUntoldAPPI       // the notice that the person was told does not list the purpose
	FlagUntoldEEAUK      // as above
	FlagUntoldCalifornia // as above
	FlagOwn              // the caller is the subject
	FlagOrdered          // the legal order of the request reaches the subject
)

// Has reports whether any of f is set.
func (c *Class) Has(f Flags) bool { return c.Flags&f != 0 }

// Facts is what the request says of one subject: its body, and the route.
type Facts struct {
	Kind int
	// Unresolved: the id has not the form of its population, or a deciding
	// member is present but not understood (S1).
	Unresolved bool
	Own        bool        // the caller is the subject
	Locations  [2]Location // country and residence, as the body has them
	Born       time.Time   // zero when the body does not say
}

// Signals are what the request itself signals.
type Signals struct {
	GPC bool // Sec-GPC: 1 on a route that faces consumers
}

// Class packs everything that decides about one subject. It appends the
// sequences of the consents relied on to consents.
func (p *Plan) Class(f Facts, s *State, sig Signals, now time.Time, consents []Seq) (Class, []Seq) {
	k := &p.kinds[f.Kind]
	c := Class{Kind: uint8(f.Kind), Category: k.subject.Category} //nolint:gosec // no more than 255 kinds compile
	c.set(FlagUnresolved, f.Unresolved)
	c.set(FlagOwn, f.Own)
	c.set(FlagGPC, sig.GPC)
	if p.order != nil {
		c.set(FlagOrdered, p.order.reaches(k.subject.Population, s))
	}
	if purpose := p.grant.Purpose; purpose.late {
		c.Flags |= purpose.unknownTo(p.toldVersions(k, s, now), c.Category)
	}
	p.locate(&c, f, s)
	if !f.Born.IsZero() {
		c.Age, _ = BandAt(f.Born, now)
	}
	c.Age = stricter(c.Age, s.decidingAge(now))
	if s == nil || !s.Seen {
		c.set(FlagUnseen, p.resource.unseen == UnseenWithhold)
	}
	if s == nil {
		return c, consents
	}
	c.standings(s, p.grant.Purpose, now)
	c.contest(k, s)
	p.optIns(&c, s, now)
	return c, p.consents(&c, k, s, now, consents)
}

func (c *Class) set(f Flags, on bool) {
	if on {
		c.Flags |= f
	}
}

// locate unites the regimes of every location that is known of the subject:
// either of them triggers protection. Where neither the body nor a fact from
// outside tells one, all regimes apply.
func (p *Plan) locate(c *Class, f Facts, s *State) {
	regions := &p.edition.policy.regions
	add := func(l Location) {
		set, ok := regions.Regimes(l)
		c.Regimes |= set
		c.set(FlagUnresolved, !ok)
	}
	known := s != nil && s.locationFact.known
	for _, l := range f.Locations {
		if l != (Location{}) {
			add(l)
			known = true
		}
	}
	if s != nil {
		for _, l := range s.Locations {
			if l != f.Locations[0] {
				add(l)
			}
		}
	}
	if !known {
		c.Regimes = AllRegimes
	}
}

func (c *Class) standings(s *State, p *Purpose, now time.Time) {
	purpose := p.Name
	c.set(FlagErased, s.Erasure.State == StateExecuted)
	c.set(FlagErasurePending, s.Erasure.State == StatePending)
	c.set(FlagErasureExcepted, s.Erasure.State == StateExcepted && !slices.Contains(s.ErasureExceptions, purpose))
	c.set(FlagRestricted, s.Restriction.Active())
	for i := range s.Retention {
		if r := &s.Retention[i]; r.Purpose == "" || r.Purpose == purpose {
			c.set(FlagRetentionHold, r.State == StateHold)
			c.set(FlagRetentionExpired, r.State == StateExpired || r.State == StateAchieved && p.outlived(r.Since, now))
		}
	}
	c.set(FlagDMObjection, s.DMObjection.Active())
	c.set(FlagOptOut, s.OptOut.Active())
	c.set(FlagLimitSPI, s.LimitSPI.Active())
	c.set(FlagMinorOptIn, s.MinorOptIn.Active())
	c.LI = standingFor(s.LIObjections, EventLIObjection, purpose)
	c.set(FlagCeaseUse, withholding(standingFor(s.CeaseUse, EventCeaseUse, purpose)))
	c.set(FlagCeaseProvision, withholding(standingFor(s.CeaseProvision, EventCeaseProvision, purpose)))
}

// withholding reports whether a request to cease stands: a pending one counts
// until it is decided.
func withholding(s EventState) bool { return s == StateUpheld || s == StatePending }

// contest marks the categories that a contested one overlaps.
func (c *Class) contest(k *planKind, s *State) {
	for _, contested := range s.Contested {
		for i, category := range k.categories {
			if categoriesOverlap(category, contested) {
				c.Contested.add(i)
			}
		}
	}
}
