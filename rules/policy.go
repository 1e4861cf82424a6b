package rules

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// RulePack names the version of the decision tables in this package. It is in
// every policy record.
const RulePack = "2026-11"

// Policy is a compiled bundle. It is immutable and safe for concurrent use.
type Policy struct {
	Bundle *Bundle

	regions      Regions
	categories   map[string]*CategoryAttrs
	populations  map[string]*Population
	purposes     map[string]*Purpose
	recipients   map[string]*Recipient
	users        map[string]*Recipient
	certificates map[certificateName]*Recipient
	apis         map[string]*api
}

type api struct {
	name   string
	router router
}

// Purpose is a purpose with its rows in the notices.
type Purpose struct {
	Name, DPV string
	Legal     LegalPurpose
	DM        bool
	Profiling bool // related to direct marketing
	AdShare   bool // cross-context behavioural advertising
	Stat      bool
	Health    bool
	M7027     bool // serves a purpose of section 7027(m)

	scopeJ [subjectCategoryCount]bool
	scopeC [subjectCategoryCount]bool
	rows   [subjectCategoryCount]noticeRow
	cells  [subjectCategoryCount][ccpaClassCount]bool
}

const (
	subjectCategoryCount = int(Visitor) + 1
	ccpaClassCount       = int(CCPAInternetActivity) + 1
)

// noticeRow is a row of the EEA/UK notice.
type noticeRow struct {
	exists bool
	bases  []Basis
	pin    Basis
}

// basis is the one that governs: the pinned, else the strictest listed (G6).
func (r noticeRow) basis() Basis {
	if r.pin != BasisNone || len(r.bases) == 0 {
		return r.pin
	}
	return slices.Max(r.bases)
}

// Recipient is a registered recipient.
type Recipient struct {
	ID  string
	Def *RecipientDef

	needs map[string]*Grant // by purpose
}

// Grant is what a contract lets one purpose see.
type Grant struct {
	Purpose     *Purpose
	RefRequired bool
	LinkGroup   string

	needs      map[string]Need
	refPattern *regexp.Regexp
}

// Need returns the need for a data category: that of the most specific
// category that the contract lists, else none.
func (g *Grant) Need(category string) Need {
	for {
		if n, ok := g.needs[category]; ok {
			return n
		}
		cut := strings.LastIndexByte(category, '.')
		if cut < 0 {
			return NeedNone
		}
		category = category[:cut]
	}
}

// Populations returns the populations by name.
func (p *Policy) Populations() map[string]*Population { return p.populations }

// HasAPI reports whether the policy describes an api of that name.
func (p *Policy) HasAPI(name string) bool { return p.apis[name] != nil }

// HasPurpose reports whether the policy's vocabulary has a purpose.
func (p *Policy) HasPurpose(name string) bool { return p.purposes[name] != nil }

// ClientCAs lists the authorities by which recipients are matched, sorted, each
// where it is first named. The gateway's configuration must define all of them.
func (p *Policy) ClientCAs() []Name {
	var cas []Name
	for i := range p.Bundle.Recipients {
		for _, c := range p.Bundle.Recipients[i].Certificates {
			if !slices.ContainsFunc(cas, func(n Name) bool { return n.Value == c.CA.Value }) {
				cas = append(cas, c.CA)
			}
		}
	}
	slices.SortFunc(cas, func(a, b Name) int { return strings.Compare(a.Value, b.Value) })
	return cas
}

// APIs lists the names of the apis, sorted.
func (p *Policy) APIs() []string {
	var names []string
	for n := range p.apis {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// At returns the edition of the policy as of an instant, or nil before every
// document of the bundle is in effect (R8): what a purpose may do comes from all
// of them, and a notice that is not yet in effect permits nothing.
func (p *Policy) At(now time.Time) *Edition {
	for _, d := range p.Bundle.Documents {
		if d.EffectiveFrom.After(now) {
			return nil
		}
	}
	e := &Edition{
		Documents: p.Bundle.Documents, policy: p, from: now,
		recipients: make(map[string]*standing, len(p.recipients)), plans: newPlanCache(),
	}
	for id, r := range p.recipients {
		e.recipients[id] = p.standing(r, now)
	}
	for _, t := range p.boundaries() {
		if t.After(now) && (e.until.IsZero() || t.Before(e.until)) {
			e.until = t
		}
	}
	return e
}

// boundaries collects the dates on which an answer may change.
func (p *Policy) boundaries() []time.Time {
	var out []time.Time
	add := func(t time.Time) {
		if !t.IsZero() {
			out = append(out, t)
		}
	}
	for _, d := range p.Bundle.Documents {
		add(d.EffectiveFrom)
	}
	for i := range p.Bundle.Recipients {
		r := &p.Bundle.Recipients[i]
		add(r.Terms.AcceptedAt)
		if r.Evaluation != nil {
			add(r.Evaluation.At)
			add(r.Evaluation.Until)
		}
		if r.Contract != nil {
			add(r.Contract.From)
			add(r.Contract.Until)
		}
		for _, s := range r.Safeguards {
			add(s.ValidUntil)
		}
	}
	return out
}
