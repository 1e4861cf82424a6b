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
	users        map[string]credential
	certificates map[certificateName]credential
	persons      []persons
	orders       map[string]*Order
	lines        []*noticeLine // of every document
	material     bool          // some version is a material change
	notices      [noticeCount]*noticeLine
	apis         map[string]*api
}

type api struct {
	name      string
	router    router
	resources []*Resource
}

func (a *api) resource(name string) *Resource {
	for _, r := range a.resources {
		if r.Name == name {
			return r
		}
	}
	return nil
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

	scopeJ    [subjectCategoryCount]bool
	scopeC    [subjectCategoryCount]bool
	rows      [subjectCategoryCount]noticeRow
	cells     [subjectCategoryCount][ccpaClassCount]bool
	retention Period // after it is achieved

	// The numbers of the versions of the notices that first list it; late is
	// true when any of them is not the first.
	sinceJ, sinceC int
	late           bool
}

// outlived reports whether data may not be kept any more for a purpose that was
// achieved then (E6.1).
func (p *Purpose) outlived(achieved, now time.Time) bool {
	return !now.Before(p.retention.After(achieved))
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
	pins   map[RecipientCategory]Basis
	since  int
}

// basis is the one that governs for a category of recipients: the pinned, else the
// strictest listed (G6).
func (r *noticeRow) basis(c RecipientCategory) Basis {
	if pin := r.pins[c]; pin != BasisNone {
		return pin
	}
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

// Grant is what a contract lets one purpose see. Contracts that use the same terms
// share it.
type Grant struct {
	Purpose     *Purpose
	RefRequired bool
	LinkGroup   string
	Limits      *Limits // nil: none agreed

	// everything: no contract says what is needed, but the person's own
	// request, or the order (M1b).
	everything bool
	needs      map[string]cell
	refPattern *regexp.Regexp
}

// cell is one cell of the need matrix.
type cell struct {
	need        Need
	generaliser *Generaliser // with NeedGeneralised
}

// Need returns the need for a data category: that of the most specific
// category that the contract lists, else none.
func (g *Grant) Need(category string) Need { return g.cell(category).need }

func (g *Grant) cell(category string) cell {
	if g.everything {
		return cell{need: NeedClear}
	}
	for ; category != ""; category = parent(category) {
		if n, ok := g.needs[category]; ok {
			return n
		}
	}
	return cell{}
}

// attributes returns what the policy says of a category or its nearest declared
// ancestor, nil for another.
func (p *Policy) attributes(category string) *CategoryAttrs {
	for ; category != ""; category = parent(category) {
		if a := p.categories[category]; a != nil {
			return a
		}
	}
	return nil
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
// document of the bundle has a version in effect (R8): what a purpose may do comes
// from all of them, and a notice that is not yet in effect permits nothing. The
// edition gives no answer about any time before now: a version takes effect when it
// says so, and never before the bundle that holds it is asked (J11).
func (p *Policy) At(now time.Time) *Edition {
	e := &Edition{policy: p, from: now, recipients: make(map[string]*standing, len(p.recipients)), plans: newPlanCache()}
	for _, line := range p.lines {
		n := line.inEffect(now)
		if n < 0 {
			return nil
		}
		e.Documents = append(e.Documents, line.versions[n])
	}
	for n, line := range p.notices {
		if line != nil {
			e.inEffect[n] = line.inEffect(now)
		}
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
	var out dates
	for _, d := range p.Bundle.Documents {
		out.add(d.EffectiveFrom)
	}
	for i := range p.Bundle.Recipients {
		out.recipient(&p.Bundle.Recipients[i])
	}
	for i := range p.Bundle.Orders {
		out.add(p.Bundle.Orders[i].From, p.Bundle.Orders[i].Until)
	}
	return out
}

// boundariesOf collects those that change an answer to one recipient.
func (p *Policy) boundariesOf(id string) []time.Time {
	var out dates
	for _, d := range p.Bundle.Documents {
		out.add(d.EffectiveFrom)
	}
	if r := p.recipients[id]; r != nil {
		out.recipient(r.Def)
	}
	for i := range p.Bundle.Orders {
		o := &p.Bundle.Orders[i]
		if slices.ContainsFunc(o.Recipients, func(n Name) bool { return n.Value == id }) {
			out.add(o.From, o.Until)
		}
	}
	return out
}

// dates is those that are said; the zero time is none.
type dates []time.Time

func (d *dates) add(list ...time.Time) {
	for _, t := range list {
		if !t.IsZero() {
			*d = append(*d, t)
		}
	}
}

func (d *dates) recipient(r *RecipientDef) {
	d.add(r.Terms.AcceptedAt)
	if r.Evaluation != nil {
		d.add(r.Evaluation.At, r.Evaluation.Until)
	}
	if r.Contract != nil {
		d.add(r.Contract.From, r.Contract.Until)
	}
	for i := range r.Safeguards {
		s := &r.Safeguards[i]
		d.add(s.SignedAt, s.LastChecked, s.ValidUntil)
		if s.CheckEvery != nil {
			d.add(s.CheckEvery.After(s.LastChecked))
		}
	}
}
