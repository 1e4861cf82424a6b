package rules

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Edition is the policy as of an instant. Its answers hold from the instant it
// was made for until the next date that changes any of them.
type Edition struct {
	Documents []Document // in effect

	policy      *Policy
	from, until time.Time
	inEffect    told // by notice: the version in effect
	recipients  map[string]*standing
	plans       *planCache
}

// standing is what a recipient may do on the date of the edition.
type standing struct {
	recipient *Recipient
	refusal   Reason // R3, R4; ReasonNone when it may receive
	appi      Geo
	// Under GDPR a certification may cover HR data, or only other data.
	eea, uk struct{ hr, other Geo }
}

// geo returns the classes that count for data about a group.
func (s *standing) geo(c SubjectCategory) (appi, eea, uk Geo) {
	if c.hr() {
		return s.appi, s.eea.hr, s.uk.hr
	}
	return s.appi, s.eea.other, s.uk.other
}

// Policy returns what this is an edition of.
func (e *Edition) Policy() *Policy { return e.policy }

// Until returns the instant from which another edition is needed; the zero
// time when no date lies ahead.
func (e *Edition) Until() time.Time { return e.until }

// Version names the edition for people: 2024-07-01+1f0c9a2e is the date of the
// newest notice in effect and the beginning of the bundle's hash.
func (e *Edition) Version() string {
	var newest time.Time
	for _, d := range e.Documents {
		if d.EffectiveFrom.After(newest) {
			newest = d.EffectiveFrom
		}
	}
	hash := e.policy.Bundle.Hash
	return newest.Format(time.DateOnly) + "+" + hash[:min(len(hash), 8)]
}

// Holds reports whether the edition still gives the answers of now.
func (e *Edition) Holds(now time.Time) bool {
	return !now.Before(e.from) && (e.until.IsZero() || now.Before(e.until))
}

// standing evaluates a recipient's registration at an instant (R3, R4).
func (p *Policy) standing(r *Recipient, now time.Time) *standing {
	d := r.Def
	s := &standing{recipient: r}
	for _, country := range append([]Name{d.Country}, d.Onward...) {
		p.reach(s, country.Value, now)
	}
	s.refusal = refusal(d, now)
	return s
}

func refusal(d *RecipientDef, now time.Time) Reason {
	evaluated := d.Kind == Processor || d.Kind == JointUse
	switch {
	case d.Suspended:
		return RecipientSuspended
	case evaluated && (d.Evaluation == nil || !d.Evaluation.Passed || d.Evaluation.At.After(now)):
		return RecipientNotEvaluated
	case evaluated && !now.Before(d.Evaluation.Until):
		return EvaluationOverdue
	case d.Contract == nil && d.Kind != DataSubject && d.Kind != Authority:
		return RecipientNoContract
	case d.Contract != nil && (now.Before(d.Contract.From) || ended(d.Contract.Until, now)):
		return RecipientNoContract
	case d.Kind.contracted() && (d.Terms.AcceptedAt.IsZero() || d.Terms.AcceptedAt.After(now)):
		return RecipientNoContract
	}
	return ReasonNone
}

func ended(until, now time.Time) bool { return !until.IsZero() && !now.Before(until) }

// reach makes each class the worst one over the countries that the data reaches.
func (p *Policy) reach(s *standing, country string, now time.Time) {
	class := func(inside, adequate map[string]bool, regime string, kind DataKinds) Geo {
		switch {
		case inside[country]:
			return GeoInside
		case adequate[country]:
			return GeoAdequate
		case s.recipient.Def.safeguarded(regime, country, kind, now):
			return GeoMechanism
		}
		return GeoNone
	}
	r := &p.regions
	s.appi = max(s.appi, class(japan, r.Adequate.APPI, "appi", DataHR|DataNonHR))
	s.eea.hr = max(s.eea.hr, class(r.EEA, r.Adequate.EEA, "eea", DataHR))
	s.eea.other = max(s.eea.other, class(r.EEA, r.Adequate.EEA, "eea", DataNonHR))
	s.uk.hr = max(s.uk.hr, class(r.UK, r.Adequate.UK, "uk", DataHR))
	s.uk.other = max(s.uk.other, class(r.UK, r.Adequate.UK, "uk", DataNonHR))
}

var japan = map[string]bool{"JP": true}

// Registration returns how a recipient is registered, with its classes under
// APPI, EEA and UK, of the better kind of data where a certification tells HR data
// apart; ok is false for an id that the registry does not have.
func (e *Edition) Registration(id string) (d *RecipientDef, appi, eea, uk Geo, ok bool) {
	s := e.recipients[id]
	if s == nil {
		return nil, GeoNone, GeoNone, GeoNone, false
	}
	return s.recipient.Def, s.appi, min(s.eea.hr, s.eea.other), min(s.uk.hr, s.uk.other), true
}

// Route finds the resource of a request by its method and the unescaped
// segments of its path. A HEAD is a GET whose body stays behind.
func (e *Edition) Route(api, method string, segments []string) (Match, bool) {
	a := e.policy.apis[api]
	if a == nil {
		return Match{}, false
	}
	if method == "HEAD" {
		method = "GET"
	}
	res, values := a.router.find(method, segments, nil)
	if res == nil {
		return Match{}, false
	}
	return Match{Resource: res, values: values}, true
}

// RequestFacts is what the request gates decide on.
type RequestFacts struct {
	Caller        Caller // as Identify returned it
	Match         Match
	Mapped        bool   // Match is one
	Purpose       string // as declared
	PurposeReason Reason // why the declaration is none: PurposeMissing, PurposeAmbiguous, PurposeMalformed
	Ref           string // case reference, empty without
	RefReason     Reason // RefMalformed
}

// DefaultMaxRef bounds a case reference in bytes; a longer one is RefMalformed.
const DefaultMaxRef = 64

// WellFormedRef reports whether a text is of the narrow alphabet of case references,
// and no longer than one: it is recorded as it is.
func WellFormedRef(s string) bool { return orderRef.MatchString(s) }

// Admit applies the request gates R3 to R7b in their order and returns the plan,
// or the first reason to refuse.
func (e *Edition) Admit(f RequestFacts) (*Plan, Reason) {
	s := e.recipients[f.Caller.Recipient]
	if s == nil {
		return nil, RecipientUnknown
	}
	purpose := e.policy.purposes[f.Purpose]
	switch {
	case s.refusal != ReasonNone:
		return nil, s.refusal
	case f.PurposeReason != ReasonNone:
		return nil, f.PurposeReason
	case purpose == nil:
		return nil, PurposeUnknown
	case !f.Mapped:
		return nil, RouteUnmapped
	}
	grant := s.recipient.needs[purpose.Name]
	if grant == nil || !f.Match.Resource.permits(purpose.Name) || !f.Caller.permits(purpose.Name) {
		return nil, PurposeNotPermitted
	}
	if r := grant.checkRef(f); r != ReasonNone {
		return nil, r
	}
	if grant.Limits.refusesList(f.Match.Resource.Shape) {
		return nil, VolumeExceeded
	}
	key := planKey{resource: f.Match.Resource, recipient: s, grant: grant}
	if purpose.Legal == LegalObligation || purpose.Legal == LegalClaims {
		key.order = e.order(f.Ref, f.Caller.Recipient, purpose)
	}
	return e.plans.plan(key, func() *Plan { return newPlan(e, key) }), ReasonNone
}

// permits reports whether the credential is not narrowed to other purposes.
func (c *Caller) permits(purpose string) bool {
	return c.Purposes == nil || slices.Contains(c.Purposes, purpose)
}

// refusesList reports whether the limits allow only answers about one subject, and
// the shape is one of a list.
func (l *Limits) refusesList(s *Shape) bool {
	return l != nil && l.NoLists && !s.Single && len(s.Subjects) > 0
}

func (r *Resource) permits(purpose string) bool {
	return len(r.purposes) == 0 || slices.Contains(r.purposes, purpose)
}

func (g *Grant) checkRef(f RequestFacts) Reason {
	switch {
	case f.RefReason != ReasonNone:
		return f.RefReason
	case f.Ref == "" && g.RefRequired:
		return RefMissing
	case f.Ref != "" && g.refPattern != nil && !g.refPattern.MatchString(f.Ref):
		return RefMalformed
	}
	return ReasonNone
}

// planCache makes plans when they are first asked for. The number of plans is
// bounded by the policy: (resource, recipient, purpose of its contract), and by order
// on file under a legal purpose.
type planCache struct {
	mu        sync.RWMutex
	plans     map[planKey]*Plan
	decisions atomic.Int64 // remembered by all plans, by field
}

// reserve takes room for remembered decisions, if there is any left.
func (c *planCache) reserve(n int) bool {
	if c.decisions.Add(int64(n)) <= DefaultMaxDecisions {
		return true
	}
	c.decisions.Add(int64(-n))
	return false
}

type planKey struct {
	resource  *Resource
	recipient *standing
	grant     *Grant
	order     *Order // that a request under a legal purpose names, or nil
}

func newPlanCache() *planCache { return &planCache{plans: make(map[planKey]*Plan)} }

func (c *planCache) plan(k planKey, build func() *Plan) *Plan {
	c.mu.RLock()
	p := c.plans[k]
	c.mu.RUnlock()
	if p != nil {
		return p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p = c.plans[k]; p == nil {
		p = build()
		c.plans[k] = p
	}
	return p
}
