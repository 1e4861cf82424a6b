package rules

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Edition is the policy as of an instant. Its answers hold from the instant it
// was made for until the next date that changes any of them.
type Edition struct {
	Documents []Document // in effect

	policy      *Policy
	from, until time.Time
	recipients  map[string]*standing
	plans       *planCache
}

// standing is what a recipient may do on the date of the edition.
type standing struct {
	recipient *Recipient
	refusal   Reason // R3, R4; ReasonNone when it may receive
	appi      Geo
	eea, uk   Geo
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
	s.appi, s.eea, s.uk = p.geo(d, now)
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

// geo is the worst class over every country that the data reaches.
func (p *Policy) geo(d *RecipientDef, now time.Time) (appi, eea, uk Geo) {
	worst := func(g *Geo, country, regime string, inside, adequate map[string]bool) {
		class := GeoNone
		switch {
		case inside[country]:
			class = GeoInside
		case adequate[country]:
			class = GeoAdequate
		case p.safeguarded(d, regime, country, now):
			class = GeoMechanism
		}
		*g = max(*g, class)
	}
	countries := append([]Name{d.Country}, d.Onward...)
	for _, c := range countries {
		worst(&appi, c.Value, "appi", map[string]bool{"JP": true}, p.regions.Adequate.APPI)
		worst(&eea, c.Value, "eea", p.regions.EEA, p.regions.Adequate.EEA)
		worst(&uk, c.Value, "uk", p.regions.UK, p.regions.Adequate.UK)
	}
	return appi, eea, uk
}

func (p *Policy) safeguarded(d *RecipientDef, regime, country string, now time.Time) bool {
	for _, s := range d.Safeguards {
		framework := strings.HasPrefix(s.Type, "dpf") // covers the United States alone
		if s.Regime == regime && !ended(s.ValidUntil, now) && (!framework || country == "US") {
			return true
		}
	}
	return false
}

// Registration returns how a recipient is registered, with its classes under
// APPI, EEA and UK; ok is false for an id that the registry does not have.
func (e *Edition) Registration(id string) (d *RecipientDef, appi, eea, uk Geo, ok bool) {
	s := e.recipients[id]
	if s == nil {
		return nil, GeoNone, GeoNone, GeoNone, false
	}
	return s.recipient.Def, s.appi, s.eea, s.uk, true
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
	Recipient     string // as Identify returned it
	Match         Match
	Mapped        bool   // Match is one
	Purpose       string // as declared
	PurposeReason Reason // why the declaration is none: PurposeMissing, PurposeAmbiguous, PurposeMalformed
	Ref           string // case reference, empty without
	RefReason     Reason // RefMalformed
}

// DefaultMaxRef bounds a case reference in bytes; a longer one is RefMalformed.
const DefaultMaxRef = 64

// Admit applies the request gates R3 to R7b in their order and returns the plan,
// or the first reason to refuse.
func (e *Edition) Admit(f RequestFacts) (*Plan, Reason) {
	s := e.recipients[f.Recipient]
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
	if grant == nil || !f.Match.Resource.permits(purpose.Name) {
		return nil, PurposeNotPermitted
	}
	if r := grant.checkRef(f); r != ReasonNone {
		return nil, r
	}
	return e.plans.plan(planKey{f.Match.Resource, f.Recipient, purpose.Name}, func() *Plan {
		return newPlan(e, f.Match.Resource, s, grant)
	}), ReasonNone
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
// bounded by the policy: (resource, recipient, purpose of its contract).
type planCache struct {
	mu    sync.RWMutex
	plans map[planKey]*Plan
}

type planKey struct {
	resource           *Resource
	recipient, purpose string
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
