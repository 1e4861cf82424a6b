package rules

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Difference is what two policies answer differently to one recipient for one purpose
// about some fields, all in the same way.
type Difference struct {
	Recipient, Purpose string
	Order              string // the legal order that the request names, empty without one
	// Before and After are the data categories that the fields are of, empty where a
	// policy does not map them.
	Before, After string
	Places        []Place
	Changes       []Change
	When          []Interval
}

// Place is one field of one resource.
type Place struct {
	API, Resource string
	Shape         string // of the subject's object
	Path          string // from the root of the body
}

// Change is one way in which the outcome changes, and in which situations.
type Change struct {
	Before, After Form
	Weaker        bool // After may show what Before did not
	// Situations are disjoint, and together every one in which the outcome changes so.
	Situations []Situation
}

// Situation is a set of states and requests: every combination of the values that are
// left of the aspects that it lists, with anything of those that it does not.
type Situation []Condition

// Condition is the values that are left of one aspect.
type Condition struct {
	Aspect Aspect
	Values []string
}

// Interval is when a difference holds. A zero Until is no end.
type Interval struct{ From, Until time.Time }

// Compare visits every difference between what two policies answer, now and from each
// later date on that changes an answer of either. It is exact: the outcomes of both are
// enumerated over all situations, by what the decision looks at. The places of a
// difference are sorted; the differences come by recipient and purpose.
//
// Public members leave with their subject, so that theirs follow from the differences
// of the others; for those outside every subject there is [CompareAdmissions].
func Compare(before, after *Policy, now time.Time, visit func(*Difference)) {
	c := newComparison(before, after)
	c.moments(now, func(id string, m *moment, when []Interval) { c.compare(id, m, when, visit) })
}

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

func newComparison(before, after *Policy) *comparison {
	c := &comparison{
		policies: [2]*Policy{before, after}, memo: make(map[memoKey][]Change), shared: make(map[string]*atlas), atlases: make(map[universeKey]*atlas),
		permitted: make(map[permitKey][]admission),
	}
	c.regionsAgree = maps.Equal(before.regions.protection, after.regions.protection)
	c.linesAgree = slices.EqualFunc(before.lines, after.lines, (*noticeLine).agrees)
	c.digital = [2]digitalAges{before.Bundle.Choices.digitalAges(), after.Bundle.Choices.digitalAges()}
	c.pairFields()
	return c
}

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

// comparison is two policies with what is found out about both once.
type comparison struct {
	policies                 [2]*Policy
	regionsAgree, linesAgree bool
	digital                  [2]digitalAges
	at                       time.Time // of the moment that is compared

	resources []resourcePair
	fields    []*fieldPair
	permitted map[permitKey][]admission
	memo      map[memoKey][]Change
	atlases   map[universeKey]*atlas
	shared    map[string]*atlas // by what the universe is
}

// resourcePair is a resource of both policies, by its name; nil where one has none.
type resourcePair struct{ sides [2]*Resource }

// fieldPair is a field of both policies by its path, as far as it decides: every
// place where it does so alike.
type fieldPair struct {
	key    fieldKey
	fields [2]*Field // of one of the places
	places []fieldPlace
}

type fieldKey [2]fieldReading

// fieldReading is what a policy says of a field, beside what contracts do.
type fieldReading struct {
	mapped         bool // as personal data
	group          SubjectCategory
	category, link string
	kind           kindReading
}

// kindReading is how a policy finds out about the people of one kind.
type kindReading struct {
	unseenWithheld, consumerFacing bool
	population                     string
	told                           told
	location, born                 string // where the body says it
}

type fieldPlace struct {
	resource int // in comparison.resources
	place    Place
}

// pairFields finds the fields of all resources of both policies, and unites those that
// decide alike.
func (c *comparison) pairFields() {
	byKey := make(map[fieldKey]*fieldPair)
	for _, names := range c.resourceNames() {
		pair := resourcePair{}
		var readings [2]map[string]fieldReading
		var fields [2]map[string]*Field
		var paths []string
		for side, p := range c.policies {
			if a := p.apis[names[0]]; a != nil {
				pair.sides[side] = a.resource(names[1])
			}
			readings[side], fields[side] = pair.sides[side].personal()
			paths = slices.AppendSeq(paths, maps.Keys(readings[side]))
		}
		slices.Sort(paths)
		for _, path := range slices.Compact(paths) {
			key := fieldKey{readings[0][path], readings[1][path]}
			f := byKey[key]
			if f == nil {
				f = &fieldPair{key: key, fields: [2]*Field{fields[0][path], fields[1][path]}}
				byKey[key] = f
				c.fields = append(c.fields, f)
			}
			f.places = append(f.places, fieldPlace{resource: len(c.resources), place: Place{API: names[0], Resource: names[1], Shape: pair.shape(path), Path: path}})
		}
		c.resources = append(c.resources, pair)
	}
}

// resourceNames lists (api, resource) of both policies, sorted.
func (c *comparison) resourceNames() [][2]string {
	all := make(map[[2]string]bool)
	for _, p := range c.policies {
		for name, a := range p.apis {
			for _, r := range a.resources {
				all[[2]string{name, r.Name}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// shape names the shape of the subject of a field, as the newer policy has it.
func (p *resourcePair) shape(path string) (name string) {
	for _, r := range p.sides {
		if r == nil {
			continue
		}
		for i := range r.Shape.Fields {
			if f := &r.Shape.Fields[i]; f.Path == path && f.Kind >= 0 {
				name = r.Shape.Subjects[f.Kind].Shape
			}
		}
	}
	return name
}

// personal lists the personal fields of a resource by path.
func (r *Resource) personal() (map[string]fieldReading, map[string]*Field) {
	readings, fields := make(map[string]fieldReading), make(map[string]*Field)
	if r == nil {
		return readings, fields
	}
	kinds := make([]kindReading, len(r.Shape.Subjects))
	for i := range kinds {
		k := &r.Shape.Subjects[i]
		kinds[i] = kindReading{
			unseenWithheld: r.unseen == UnseenWithhold, consumerFacing: r.ConsumerFacing, population: k.Population.Name, told: k.Population.told,
		}
	}
	for i := range kinds {
		for _, role := range r.Shape.Roles(i) {
			switch role.Name {
			case "birth date":
				kinds[i].born += role.Path + ";"
			case "id":
			default:
				kinds[i].location += role.Name + " " + role.Path + ";"
			}
		}
	}
	for i := range r.Shape.Fields {
		if f := &r.Shape.Fields[i]; !f.Public && f.Kind >= 0 {
			readings[f.Path] = fieldReading{mapped: true, group: r.Shape.Subjects[f.Kind].Category, category: f.Category, link: f.Link, kind: kinds[f.Kind]}
			fields[f.Path] = f
		}
	}
	return readings, fields
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

// compare compares the answers to one recipient in one moment.
func (c *comparison) compare(id string, m *moment, when []Interval, visit func(*Difference)) {
	c.at = when[0].From
	grants, purposes := m.grants()
	for _, purpose := range purposes {
		g := [2]*Grant{grants[0][purpose], grants[1][purpose]}
		for _, ref := range c.orders(g, m, id, purpose) {
			sides := c.sides(m, g, ref, id)
			permits := c.permits(purpose, g)
			for _, f := range c.fields {
				c.field(f, sides, permits, func(changes []Change, places []Place) {
					visit(&Difference{
						Recipient: id, Purpose: purpose, Order: ref, Before: f.key[0].category, After: f.key[1].category,
						Places: places, Changes: changes, When: when,
					})
				})
			}
		}
	}
}

// grants are what a recipient may ask for on each side, with every purpose of either.
func (m *moment) grants() (grants [2]map[string]*Grant, purposes []string) {
	for side := range m.standings {
		if s := &m.standings[side]; s.recipient != nil && s.refusal == ReasonNone {
			grants[side] = s.recipient.needs
			purposes = slices.AppendSeq(purposes, maps.Keys(grants[side]))
		}
	}
	slices.Sort(purposes)
	return grants, slices.Compact(purposes)
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

// orders lists the orders that a request for the purpose may name. Without one a
// legal purpose lets nothing out but a person's own.
func (c *comparison) orders(grants [2]*Grant, m *moment, id, purpose string) []string {
	refs := []string{""}
	for side, g := range grants {
		if g == nil || g.Purpose.Legal != LegalObligation && g.Purpose.Legal != LegalClaims {
			continue
		}
		for ref, o := range c.policies[side].orders {
			if o.addressed(id, purpose) && strings.Contains(" "+strings.ReplaceAll(m.orders, "\n", " ")+" ", " "+ref+" ") {
				refs = append(refs, ref)
			}
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// sides are the plans of both policies for every resource: what of a plan a field's
// decision needs. nil: this side answers nothing.
func (c *comparison) sides(m *moment, grants [2]*Grant, ref, id string) (sides [2]*Plan) {
	for side, p := range c.policies {
		if grants[side] == nil {
			continue
		}
		plan := &Plan{edition: &Edition{policy: p, inEffect: m.inEffect[side]}, standing: &m.standings[side], grant: grants[side]}
		orders := strings.Split(m.orders, "\n")
		if o := p.orders[ref]; o != nil && o.addressed(id, grants[side].Purpose.Name) && slices.Contains(strings.Fields(orders[side]), ref) {
			plan.order = o
		}
		sides[side] = plan
	}
	return sides
}

// field compares one field in all its places, which differ only in whether their
// resource answers at all.
func (c *comparison) field(f *fieldPair, plans [2]*Plan, permits []admission, visit func([]Change, []Place)) {
	var found [4][]Change
	var asked [4]bool
	var places [4][]Place
	for i := range f.places {
		admitted := permits[f.places[i].resource]
		n := 0
		for side := range plans {
			if admitted[side] && plans[side] != nil && f.key[side].mapped {
				n |= 1 << side
			}
		}
		if n == 0 {
			continue
		}
		if !asked[n] {
			asked[n] = true
			answered := plans
			for side := range answered {
				if n>>side&1 == 0 {
					answered[side] = nil
				}
			}
			found[n] = c.changes(f, answered)
		}
		if len(found[n]) > 0 {
			places[n] = append(places[n], f.places[i].place)
		}
	}
	for n := range found {
		if len(places[n]) > 0 {
			visit(found[n], places[n])
		}
	}
}

type memoKey struct {
	conditions [2]conditions
	forms      [2]forms
	mapped     [2]bool
	atlas      *atlas
}

// changes enumerates the situations in which the outcome for a field changes. It is
// asked once for equal conditions.
func (c *comparison) changes(f *fieldPair, plans [2]*Plan) []Change {
	var key memoKey
	for side, p := range plans {
		if p == nil {
			continue
		}
		key.mapped[side] = true
		key.conditions[side] = p.conditions(f.key[side].group).of(p, f.fields[side])
		key.forms[side] = p.forms(f.fields[side])
	}
	alike := c.alike(f, plans)
	if alike && key.conditions[0] == key.conditions[1] && key.forms[0] == key.forms[1] {
		return nil
	}
	key.atlas = c.atlas(f, plans, alike)
	if key.atlas.diagonal && key.mapped[0] && key.mapped[1] && key.conditions[0] == key.conditions[1] && key.forms[0] == key.forms[1] {
		return nil
	}
	known, ok := c.memo[key]
	if !ok {
		var questions [2]question
		for side := range questions {
			questions[side] = nothing
			if key.mapped[side] {
				questions[side] = key.conditions[side].question(&key.forms[side], false)
			}
		}
		known = key.atlas.changes(questions)
		c.memo[key] = known
	}
	return known
}

// changes groups the situations in which two questions have different answers.
func (m *atlas) changes(questions [2]question) []Change {
	leaves := merge(m.enumerate(questions, func(a [2]answer) bool { return a[0] != a[1] }))
	var out []Change
	for i := range leaves {
		l := &leaves[i]
		before, after := l.answers[0].Form, l.answers[1].Form
		n := slices.IndexFunc(out, func(c Change) bool { return c.Before == before && c.After == after })
		if n < 0 {
			n = len(out)
			out = append(out, Change{Before: before, After: after, Weaker: after.Weaker(before)})
		}
		out[n].Situations = append(out[n].Situations, m.describe(&l.domains))
	}
	return out
}

// describe names a set of situations by the aspects that narrow it.
func (m *atlas) describe(d *domains) Situation {
	var s Situation
	for a, values := range m.universe {
		if d[a] == m.all[a] {
			continue
		}
		c := Condition{Aspect: Aspect(a)}
		for i := range values {
			if d[a].has(i) {
				c.Values = append(c.Values, values[i].name)
			}
		}
		s = append(s, c)
	}
	return s
}
