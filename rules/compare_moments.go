package rules

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// moments visits every recipient, and all that either policy is to it at some time.
func (c *comparison) moments(now time.Time, visit func(id string, m *moment, when []Interval)) {
	ids := make(map[string]bool)
	for _, p := range c.policies {
		for id := range p.recipients {
			ids[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		c.recipient(id, now, visit)
	}
}

// outdates reports whether a consent can be ended by a material change on one side alone.
func (c *comparison) outdates() bool {
	return !c.linesAgree && (c.policies[0].material || c.policies[1].material)
}

func (l *noticeLine) agrees(o *noticeLine) bool {
	return l.document == o.document && slices.EqualFunc(l.versions, o.versions, func(a, b Document) bool {
		return a.Version == b.Version && a.EffectiveFrom.Equal(b.EffectiveFrom) && a.Material == b.Material && a.Notice == b.Notice
	})
}

// moment is what both policies are at an instant to one recipient.
type moment struct {
	standings [2]standing // the zero standing: not registered, or no policy in effect
	inEffect  [2]told
	orders    string // those in force
	// changed: material changes until then have ended consents, of two policies with
	// other documents.
	changed time.Time
}

// recipient visits what the policies are to one recipient, at every date that changes
// an answer.
func (c *comparison) recipient(id string, now time.Time, visit func(string, *moment, []Interval)) {
	intervals := make(map[moment][]Interval)
	var moments []moment
	dates := c.dates(id, now)
	for i, t := range dates {
		interval := Interval{From: t}
		if i+1 < len(dates) {
			interval.Until = dates[i+1]
		}
		m := c.moment(id, t)
		known, ok := intervals[m]
		if !ok {
			moments = append(moments, m)
		}
		if n := len(known); n > 0 && known[n-1].Until.Equal(t) {
			known[n-1].Until = interval.Until
			continue
		}
		intervals[m] = append(known, interval)
	}
	for i := range moments {
		visit(id, &moments[i], intervals[moments[i]])
	}
}

// dates lists now and every later date that changes an answer to a recipient.
func (c *comparison) dates(id string, now time.Time) []time.Time {
	dates := []time.Time{now}
	for _, p := range c.policies {
		for _, t := range p.boundariesOf(id) {
			if t.After(now) {
				dates = append(dates, t)
			}
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	return slices.CompactFunc(dates, time.Time.Equal)
}

func (c *comparison) moment(id string, t time.Time) (m moment) {
	if c.outdates() {
		m.changed = t
	}
	for side, p := range c.policies {
		var inForce []string
		for ref, o := range p.orders {
			if o.inForce(t) && slices.ContainsFunc(o.Def.Recipients, func(n Name) bool { return n.Value == id }) {
				inForce = append(inForce, ref)
			}
		}
		slices.Sort(inForce)
		m.orders += strings.Join(inForce, " ") + "\n"
		inEffect, ok := p.toldAt(t)
		r := p.recipients[id]
		if !ok || r == nil {
			continue
		}
		m.inEffect[side], m.standings[side] = inEffect, *p.standing(r, t)
	}
	return m
}

// toldAt returns the version in effect of each notice, and whether every document has
// one.
func (p *Policy) toldAt(t time.Time) (inEffect told, ok bool) {
	for _, line := range p.lines {
		if line.inEffect(t) < 0 {
			return inEffect, false
		}
	}
	for n, line := range p.notices {
		if line != nil {
			inEffect[n] = line.inEffect(t)
		}
	}
	return inEffect, true
}
