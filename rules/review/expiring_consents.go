package review

import (
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// ConsentCount is how many consents there are to a purpose, and how many of them end.
type ConsentCount struct {
	Purpose string
	Live    int
	Ending  int
}

// Consents counts consents that hold at one instant, and those of them that do not hold
// any more at a later one. It is given one subject after the other, and keeps counts
// alone.
type Consents struct {
	p          *rules.Policy
	now, until time.Time
	counts     map[string]*ConsentCount
}

// NewConsents returns an empty count.
func NewConsents(p *rules.Policy, now, until time.Time) *Consents {
	return &Consents{p: p, now: now, until: until, counts: make(map[string]*ConsentCount)}
}

// Add counts the consents of a subject. One that somebody later took back, or gave anew
// in the same or a wider scope, is none of its own.
func (c *Consents) Add(s *rules.State) {
	if s == nil {
		return
	}
	for i := range s.Consents {
		e := &s.Consents[i]
		if !c.p.ConsentHolds(e, c.now) || slices.ContainsFunc(s.Consents[i+1:], func(later rules.Event) bool { return c.replaces(&later, e) }) {
			continue
		}
		n := c.counts[e.Scope.Purpose]
		if n == nil {
			n = &ConsentCount{Purpose: e.Scope.Purpose}
			c.counts[e.Scope.Purpose] = n
		}
		n.Live++
		renewed := func(other rules.Event) bool { return c.p.ConsentHolds(&other, c.until) && covers(&other, e) }
		if !c.p.ConsentHolds(e, c.until) && !slices.ContainsFunc(s.Consents[i+1:], renewed) {
			n.Ending++
		}
	}
}

// replaces reports whether a later event speaks about everything that a consent does: a
// refusal from when it is known, a consent from when it begins.
func (c *Consents) replaces(later, e *rules.Event) bool {
	return (!later.Consent.Valid() || !later.Time.After(c.now)) && covers(later, e)
}

// covers reports whether an event speaks about all that a consent is about.
func covers(e, consent *rules.Event) bool {
	a, b := &e.Scope, &consent.Scope
	refuses := !e.Consent.Valid()
	purpose := a.Purpose == b.Purpose || refuses && a.Purpose == ""
	recipients := refuses && len(a.Recipients) == 0 || within(b.Recipients, a.Recipients)
	regimes := a.Regimes == 0 || b.Regimes != 0 && b.Regimes&^a.Regimes == 0
	categories := len(a.Categories) == 0 || len(b.Categories) > 0 && !slices.ContainsFunc(b.Categories, func(category string) bool {
		return !slices.ContainsFunc(a.Categories, func(wider string) bool { return category == wider || strings.HasPrefix(category, wider+".") })
	})
	return purpose && recipients && regimes && categories
}

// within reports whether every recipient of a consent is named by another, too. A
// consent that names none is for those who need not be named.
func within(recipients, of []string) bool {
	if len(recipients) == 0 || len(of) == 0 {
		return len(recipients) == len(of)
	}
	return !slices.ContainsFunc(recipients, func(r string) bool { return !slices.Contains(of, r) })
}

// Counts returns the counts, by purpose.
func (c *Consents) Counts() []ConsentCount {
	out := make([]ConsentCount, 0, len(c.counts))
	for _, n := range c.counts {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b ConsentCount) int { return strings.Compare(a.Purpose, b.Purpose) })
	return out
}
