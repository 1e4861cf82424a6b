package rules

import (
	"slices"
	"time"
)

// Admission is that one of two policies answers a recipient's requests for a resource,
// and the other does not.
type Admission struct {
	Recipient, Purpose string
	API, Resource      string
	Weaker             bool // the newer one answers
	When               []Interval
}

// CompareAdmissions visits every change of who is answered where a body has public
// members outside everybody's object: they leave for whoever is answered, so that no
// [Difference] tells of them. Only resources of both policies are compared.
func CompareAdmissions(before, after *Policy, now time.Time, visit func(*Admission)) {
	c := newComparison(before, after)
	c.moments(now, func(id string, m *moment, when []Interval) { c.admissions(id, m, when, visit) })
}

// admission says on which sides a resource answers a recipient for a purpose.
type admission [2]bool

type permitKey struct {
	purpose string
	noLists [2]bool
}

// permits lists the admission of every resource to a purpose.
func (c *comparison) permits(purpose string, grants [2]*Grant) []admission {
	key := permitKey{purpose: purpose}
	for side, g := range grants {
		key.noLists[side] = g != nil && g.Limits != nil && g.Limits.NoLists
	}
	known, ok := c.permitted[key]
	if !ok {
		known = make([]admission, len(c.resources))
		for i := range c.resources {
			for side, r := range c.resources[i].sides {
				limits := Limits{NoLists: key.noLists[side]}
				known[i][side] = r != nil && r.permits(purpose) && !limits.refusesList(r.Shape)
			}
		}
		c.permitted[key] = known
	}
	return known
}

// admissions compares who is answered about what is nobody's.
func (c *comparison) admissions(id string, m *moment, when []Interval, visit func(*Admission)) {
	grants, purposes := m.grants()
	for _, purpose := range purposes {
		g := [2]*Grant{grants[0][purpose], grants[1][purpose]}
		for i, permitted := range c.permits(purpose, g) {
			before, after := permitted[0] && g[0] != nil, permitted[1] && g[1] != nil
			pair := &c.resources[i]
			if before == after || pair.sides[0] == nil || pair.sides[1] == nil {
				continue
			}
			answering := pair.sides[0]
			if after {
				answering = pair.sides[1]
			}
			if answering.Shape.nobodys() {
				visit(&Admission{Recipient: id, Purpose: purpose, API: answering.API, Resource: answering.Name, Weaker: after, When: when})
			}
		}
	}
}

// nobodys reports whether a body has members outside everybody's object.
func (s *Shape) nobodys() bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Kind < 0 })
}
