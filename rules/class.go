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

// Class is the complete input of the decision about one subject under one plan,
// packed. Equal classes get equal actions. What only documents a decision, such
// as the sequence of a consent, travels beside it.
type Class struct {
	Kind     uint8 // number of the subject kind in the shape
	Category SubjectCategory
	Regimes  Regimes
	Age      AgeBand
	LI       EventState    // standing of an objection to legitimate interest
	Consent  ConsentStatus // why there is no valid consent, where there is none
	Flags    Flags
	// By category: a consent is valid under APPI, EEA, UK, CCPA; is
	// explicit; is a parent's; was informed of the country. And: the
	// accuracy of the category is contested.
	Valid                                  [4]CategoryMask
	Explicit, Parental, Foreign, Contested CategoryMask
}

// Flags are the yes-or-no inputs of a class.
type Flags uint32

// The flags.
const (
	FlagUnresolved Flags = 1 << iota
	FlagUnseen           // no event, and the resource withholds those
	FlagErased
	FlagErasurePending
	FlagErasureExcepted
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
)

// Has reports whether any of f is set.
func (c *Class) Has(f Flags) bool { return c.Flags&f != 0 }

// Facts is what the request says of one subject: its body, and the route.
type Facts struct {
	Kind int
	// Unresolved: the id has not the form of its population, or a deciding
	// member is present but not understood (S1).
	Unresolved bool
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
	c := Class{Kind: uint8(f.Kind), Category: k.subject.Category}
	c.set(FlagUnresolved, f.Unresolved)
	c.set(FlagGPC, sig.GPC)
	p.locate(&c, f, s)
	if !f.Born.IsZero() {
		c.Age, _ = BandAt(f.Born, now)
	}
	c.Age = stricter(c.Age, s.AgeAt(now))
	if s == nil || !s.Seen {
		c.set(FlagUnseen, p.resource.unseen == UnseenWithhold)
	}
	if s == nil {
		return c, consents
	}
	c.standings(s, p.grant.Purpose.Name)
	for i, name := range k.categories {
		if slices.ContainsFunc(s.Contested, func(prefix string) bool { return categoryWithin(name, prefix) }) {
			c.Contested.add(i)
		}
	}
	consents = p.consents(&c, k, s, now, consents)
	p.optIns(&c, s, now)
	return c, consents
}

func (c *Class) set(f Flags, on bool) {
	if on {
		c.Flags |= f
	}
}

// locate unites the regimes of every location that is known of the subject:
// either of them triggers protection. Without any, all regimes apply.
func (p *Plan) locate(c *Class, f Facts, s *State) {
	regions := &p.edition.policy.regions
	known := false
	add := func(l Location) {
		if l == (Location{}) {
			return
		}
		set, ok := regions.Regimes(l)
		c.Regimes |= set
		c.set(FlagUnresolved, !ok)
		known = true
	}
	for _, l := range f.Locations {
		add(l)
	}
	if s != nil {
		for _, l := range s.Locations {
			add(l)
		}
	}
	if !known {
		c.Regimes = AllRegimes
	}
}

func (c *Class) standings(s *State, purpose string) {
	c.set(FlagErased, s.Erasure.State == StateExecuted)
	c.set(FlagErasurePending, s.Erasure.State == StatePending)
	c.set(FlagErasureExcepted, s.Erasure.State == StateExcepted)
	c.set(FlagRestricted, s.Restriction.Active())
	c.set(FlagRetentionExpired, s.Retention.State == StateExpired)
	c.set(FlagRetentionHold, s.Retention.State == StateHold)
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

// consents finds, for every category, the latest event that speaks about it.
// Grants match narrowly and refusals widely.
func (p *Plan) consents(c *Class, k *planKind, s *State, now time.Time, used []Seq) []Seq {
	for i, category := range k.categories {
		for regime := range regimeNames {
			grant := p.latest(c, s, category, 1<<regime, now)
			if grant == nil {
				continue
			}
			c.Valid[regimeSlot(regime)].add(i)
			if grant.Explicit {
				c.Explicit.add(i)
			}
			if grant.Parental {
				c.Parental.add(i)
			}
			if grant.Foreign {
				c.Foreign.add(i)
			}
			if !slices.Contains(used, grant.Seq) {
				used = append(used, grant.Seq)
			}
		}
	}
	return used
}

// regimeSlot orders the masks of a class as the regimes are evaluated.
func regimeSlot(regime int) int { return (regime + 1) % 4 }

// The slots of Class.Valid.
const (
	slotAPPI = iota
	slotEEA
	slotUK
	slotCCPA
)

// latest returns the grant in force for one category in one regime, or nil. It
// notes in the class why there is none.
func (p *Plan) latest(c *Class, s *State, category string, regime Regimes, now time.Time) *Event {
	var grant *Event
	for i := range s.Consents {
		e := &s.Consents[i]
		if !e.Consent.Valid() {
			if p.refuses(e, category, regime) {
				grant, c.Consent = nil, e.Consent
			}
			continue
		}
		if !p.grants(e, category, regime) || e.Time.After(now) {
			continue
		}
		if ended(e.Until, now) {
			grant, c.Consent = nil, ConsentExpired
			continue
		}
		if grant == nil && i > 0 && refusedAt(s.Consents[:i], e.Time, func(r *Event) bool { return p.refuses(r, category, regime) }) {
			continue
		}
		grant = e
	}
	return grant
}

// refusedAt reports whether a refusal of the same instant precedes a grant: at
// equal times the more restrictive event wins, in whatever order they came.
func refusedAt(events []Event, at time.Time, refuses func(*Event) bool) bool {
	for i := range events {
		if e := &events[i]; e.Time.Equal(at) && !e.Consent.Valid() && refuses(e) {
			return true
		}
	}
	return false
}

func (p *Plan) grants(e *Event, category string, regime Regimes) bool {
	return e.Scope.Purpose == p.grant.Purpose.Name && p.named(e.Scope.Recipients, !p.needsNaming()) &&
		(e.Scope.Regimes == 0 || e.Scope.Regimes&regime != 0) &&
		(len(e.Scope.Categories) == 0 || slices.ContainsFunc(e.Scope.Categories, func(c string) bool { return categoryWithin(category, c) }))
}

func (p *Plan) refuses(e *Event, category string, regime Regimes) bool {
	overlap := func(c string) bool { return categoryWithin(category, c) || categoryWithin(c, category) }
	return (e.Scope.Purpose == "" || e.Scope.Purpose == p.grant.Purpose.Name) && p.named(e.Scope.Recipients, true) &&
		(e.Scope.Regimes == 0 || e.Scope.Regimes&regime != 0) &&
		(len(e.Scope.Categories) == 0 || slices.ContainsFunc(e.Scope.Categories, overlap))
}

// needsNaming: a consent without recipients reaches processors and the
// controller's own people, never third parties (K4).
func (p *Plan) needsNaming() bool {
	k := p.standing.recipient.Def.Kind
	return k == ThirdParty || k == JointUse
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

// optIns lifts what a fresh and specific opt-in lifts: a restriction (S5 c) and
// an objection to direct marketing. A consent narrowed to some categories
// lifts neither, because both are about the whole person.
func (p *Plan) optIns(c *Class, s *State, now time.Time) {
	for i := range s.Consents {
		e := &s.Consents[i]
		whole := len(e.Scope.Categories) == 0 && e.Scope.Regimes == 0
		if !e.Consent.Valid() || !whole || !p.grants(e, "", 0) || e.Time.After(now) || ended(e.Until, now) {
			continue
		}
		refusedSince := slices.ContainsFunc(s.Consents[i+1:], func(r Event) bool {
			return !r.Consent.Valid() && p.refuses(&r, "", AllRegimes|APPI)
		})
		if refusedSince {
			continue
		}
		c.set(FlagRestrictionConsent, e.Time.After(s.Restriction.Since))
		personal := e.Actor.Type == ActorSubject || e.Actor.Type == ActorAgent || e.Actor.Type == ActorGuardian
		if personal && e.Time.After(s.DMObjection.Since) {
			c.Flags &^= FlagDMObjection
		}
	}
}
