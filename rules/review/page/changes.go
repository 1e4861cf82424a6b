package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// Changes is what differs from an older policy.
type Changes struct {
	Before  string   `json:"before"` // the edition that it is compared with
	Bundle  string   `json:"bundle_hash"`
	Weaker  int      `json:"weaker"` // how many changes of what leaves let out more
	Changes []Change `json:"changes"`
	Facts   []string `json:"facts,omitempty"` // recipients of whom something else than what leaves changed
}

// Change is one difference in what leaves.
type Change struct {
	Recipient string   `json:"recipient"`
	Purpose   string   `json:"purpose"`
	Order     string   `json:"order,omitempty"`
	Anchor    string   `json:"-"`
	About     []string `json:"about"`
	Data      Data     `json:"data"`
	Mark      string   `json:"mark"`
	Before    string   `json:"before"`
	After     string   `json:"after"`
	People    []string `json:"people"`         // for whom
	From      string   `json:"from,omitempty"` // empty: now
}

// The marks. What is new lets out more, and what is gone less.
const (
	markNew      = "new"
	markGone     = "gone"
	markWeaker   = "weaker"
	markStronger = "stronger"
	markBoth     = "weaker and stronger"
)

// join unites the marks of parts.
func join(a, b string) string {
	more := func(m string) bool { return m == markNew || m == markWeaker || m == markBoth }
	less := func(m string) bool { return m == markGone || m == markStronger || m == markBoth }
	switch {
	case a == b, b == "":
		return a
	case a == "" && more(b) && less(b):
		return markBoth
	case a == "" && more(b):
		return markWeaker
	case a == "":
		return markStronger
	case (more(a) || more(b)) && (less(a) || less(b)):
		return markBoth
	case more(a):
		return markWeaker
	}
	return markStronger
}

// mark marks what differs from an older policy.
func (p *Page) mark(before, after *rules.Policy, at time.Time) {
	p.Changes = &Changes{Before: "no version of it is in effect", Bundle: before.Bundle.Hash}
	old, ok := tell(before, at)
	if !ok {
		old = new(Page)
	} else {
		p.Changes.Before = old.Edition.Version
	}
	m := &marker{page: p, old: old, listed: make(map[string]int), about: [2]map[rules.Place]rules.SubjectCategory{aboutWhom(before), aboutWhom(after)}}
	rules.Compare(before, after, at, func(d *rules.Difference) { m.difference(d, at) })
	m.recipients()
}

// aboutWhom finds of whom each field is, by its place.
func aboutWhom(p *rules.Policy) map[rules.Place]rules.SubjectCategory {
	of := make(map[rules.Place]rules.SubjectCategory)
	for _, g := range p.FieldGroups() {
		for _, f := range g.Fields {
			of[rules.Place{API: f.Resource.API, Resource: f.Resource.Name, Path: f.Resource.Shape.Fields[f.Field].Path}] = g.Subject
		}
	}
	return of
}

type marker struct {
	page, old *Page
	listed    map[string]int
	about     [2]map[rules.Place]rules.SubjectCategory // of the older and the newer policy
}

// difference lists what leaves differently, once for each group of people.
func (m *marker) difference(d *rules.Difference, at time.Time) {
	var groups []string
	for _, place := range d.Places {
		place.Shape, place.Other = "", false
		about, ok := m.about[1][place]
		if !ok {
			about = m.about[0][place]
		}
		groups = appendNew(groups, groupWords[about])
	}
	category := d.After
	if category == "" {
		category = d.Before
	}
	for i := range d.Changes {
		c := &d.Changes[i]
		out := Change{
			Recipient: d.Recipient, Purpose: d.Purpose, Order: d.Order, Anchor: "r-" + d.Recipient + "-" + d.Purpose + "-" + d.Order,
			Mark: markStronger, Before: formName(c.Before), After: formName(c.After), From: from(d.When, at),
			Data: Data{Words: dataWords(category), Category: category},
		}
		if c.Weaker {
			out.Mark = markWeaker
		}
		for _, s := range c.Situations {
			out.People = appendNew(out.People, affected(s))
		}
		out.People = fewPeople(out.People)
		for _, g := range groups {
			m.add(out, g)
		}
	}
}

// add lists a change, once for all groups and times of which it is the same.
func (m *marker) add(c Change, group string) {
	key := fmt.Sprintf("%+v", Change{
		Recipient: c.Recipient, Purpose: c.Purpose, Order: c.Order, Data: c.Data, Mark: c.Mark, Before: c.Before, After: c.After, People: c.People,
	})
	if i, known := m.listed[key]; known {
		o := &m.page.Changes.Changes[i]
		o.About = appendNew(o.About, group)
		o.From = min(o.From, c.From)
		return
	}
	c.About = []string{group}
	m.listed[key] = len(m.page.Changes.Changes)
	m.page.Changes.Changes = append(m.page.Changes.Changes, c)
	if c.Mark == markWeaker {
		m.page.Changes.Weaker++
	}
}

// affected tells whom a change is about. What is so of everybody of whom anything
// leaves is left out.
func affected(s rules.Situation) string {
	var told rules.Situation
	for _, c := range s {
		if review.Phrase(rules.Situation{c}) != review.Phrase(nil) {
			told = append(told, c)
		}
	}
	where, who := people(told)
	return upper(phrase(nil, where, who))
}

func fewPeople(list []string) []string {
	const most = 4
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more cases", len(list)-most))
}

func formName(f rules.Form) string {
	if f.Verb == rules.Withhold {
		return "nothing"
	}
	return f.String()
}

// from says when a difference begins, empty for now.
func from(list []rules.Interval, at time.Time) string {
	first := ""
	for i, interval := range list {
		if interval.From.Equal(at) {
			return ""
		}
		if begin := moment(interval.From); i == 0 || begin < first {
			first = begin
		}
	}
	return first
}

// recipients puts the marks to recipients, purposes and data, and the older facts
// beside the newer.
func (m *marker) recipients() {
	for i := range m.page.Recipients {
		r := &m.page.Recipients[i]
		n := slices.IndexFunc(m.old.Recipients, func(o Recipient) bool { return o.ID == r.ID })
		if n < 0 {
			r.Mark = markNew
			continue
		}
		o := &m.old.Recipients[n]
		changed := factsOf(r.Facts, o.Facts)
		r.Facts = changed
		for k := range r.Purposes {
			u := &r.Purposes[k]
			var before *Purpose
			for j := range o.Purposes {
				if o.Purposes[j].ID == u.ID && o.Purposes[j].Order == u.Order {
					before = &o.Purposes[j]
				}
			}
			if before == nil {
				u.Mark = markNew
				r.Mark = join(r.Mark, markWeaker)
				continue
			}
			u.Facts = factsOf(u.Facts, before.Facts)
			m.purpose(r, u, before)
			r.Mark = join(r.Mark, u.Mark)
		}
		for j := range o.Purposes {
			b := o.Purposes[j]
			if !slices.ContainsFunc(r.Purposes, func(u Purpose) bool { return u.ID == b.ID && u.Order == b.Order }) {
				r.Purposes = append(r.Purposes, Purpose{ID: b.ID, Order: b.Order, Anchor: b.Anchor, Mark: markGone, Gone: dataOf(&b)})
				r.Mark = join(r.Mark, markStronger)
			}
		}
		if factsDiffer(r) {
			m.page.Changes.Facts = append(m.page.Changes.Facts, r.ID)
		}
	}
	for _, o := range m.old.Recipients {
		if !slices.ContainsFunc(m.page.Recipients, func(r Recipient) bool { return r.ID == o.ID }) {
			m.page.Recipients = append(m.page.Recipients, Recipient{ID: o.ID, Anchor: o.Anchor, Name: o.Name, Kind: o.Kind, Mark: markGone})
		}
	}
}

func factsDiffer(r *Recipient) bool {
	changed := func(f Fact) bool { return f.New || len(f.Was) > 0 }
	return slices.ContainsFunc(r.Facts, changed) || slices.ContainsFunc(r.Purposes, func(u Purpose) bool { return slices.ContainsFunc(u.Facts, changed) })
}

// purpose marks the data that leaves for a purpose.
func (m *marker) purpose(r *Recipient, u, before *Purpose) {
	var left []Data
	rows := u.gets() // which share their data with the purpose's
	for i := range rows {
		about := rows[i].About[0]
		for k := range rows[i].Data {
			d := &rows[i].Data[k]
			d.Mark = m.of(r.ID, u, about, d.Category)
			if d.Mark != "" && !contains(dataOf(before), about, d.Category) {
				d.Mark = markNew
			}
			u.Mark = join(u.Mark, d.Mark)
			left = append(left, Data{About: about, Category: d.Category})
		}
	}
	for _, d := range dataOf(before) {
		if !contains(left, d.About, d.Category) {
			d.Mark = markGone
			u.Gone = append(u.Gone, d)
			u.Mark = join(u.Mark, markStronger)
		}
	}
}

// of is the mark that the changes of a category come to.
func (m *marker) of(recipient string, u *Purpose, about, category string) (mark string) {
	for i := range m.page.Changes.Changes {
		c := &m.page.Changes.Changes[i]
		if c.Recipient == recipient && c.Purpose == u.ID && c.Order == u.Order && slices.Contains(c.About, about) && c.Data.Category == category {
			mark = join(mark, c.Mark)
		}
	}
	return mark
}

func dataOf(u *Purpose) (out []Data) {
	for _, row := range u.gets() {
		for _, d := range row.Data {
			d.About = row.About[0]
			if !contains(out, d.About, d.Category) {
				out = append(out, d)
			}
		}
	}
	return out
}

func contains(list []Data, about, category string) bool {
	return slices.ContainsFunc(list, func(d Data) bool { return d.About == about && d.Category == category })
}

// factsOf puts what an older policy says beside each fact, and adds what it alone says.
func factsOf(now, before []Fact) (out []Fact) {
	for _, f := range now {
		i := slices.IndexFunc(before, func(o Fact) bool { return o.Label == f.Label })
		switch {
		case i < 0:
			f.New = true
		case !slices.Equal(before[i].Text, f.Text):
			f.Was = before[i].Text
		}
		out = append(out, f)
	}
	for _, o := range before {
		if !slices.ContainsFunc(now, func(f Fact) bool { return f.Label == o.Label }) {
			out = append(out, Fact{Label: o.Label, Text: []string{"nothing any more"}, Was: o.Text})
		}
	}
	return out
}

// Sign is what a mark is written as, so that it can be told in black and white.
func Sign(mark string) string {
	signs := map[string]string{markNew: "▲ NEW", markGone: "▽ gone", markWeaker: "▲ WEAKER", markStronger: "▽ stronger", markBoth: "▲▽ WEAKER and stronger"}
	if s := signs[mark]; s != "" {
		return s
	}
	return strings.ToUpper(mark)
}
