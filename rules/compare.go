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
	// Other: it is the decision of the person whom the field is about besides the
	// subject that encloses it.
	Other bool
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
	free       [2]bool
	atlas      *atlas
}

// changes enumerates the situations in which the outcome for a field changes. It is
// asked once for equal conditions.
func (c *comparison) changes(f *fieldPair, plans [2]*Plan) []Change {
	key, read := memoKey{}, plans
	for side, p := range plans {
		if p == nil {
			continue
		}
		key.mapped[side] = true
		if key.free[side] = f.key[side].free; key.free[side] {
			if plans[1-side] == nil {
				return nil // the decision of the subject tells it
			}
			read[side] = nil // nothing of that person is looked at
		}
		key.conditions[side] = p.conditions(f.key[side].group).of(p, f.fields[side])
		key.forms[side] = p.forms(f.fields[side])
	}
	free := key.free != [2]bool{}
	alike := c.alike(f, read)
	if alike && !free && key.conditions[0] == key.conditions[1] && key.forms[0] == key.forms[1] {
		return nil
	}
	key.atlas = c.atlas(f, read, alike)
	if key.atlas.diagonal && !free && key.mapped[0] && key.mapped[1] && key.conditions[0] == key.conditions[1] && key.forms[0] == key.forms[1] {
		return nil
	}
	known, ok := c.memo[key]
	if !ok {
		var questions [2]question
		for side := range questions {
			questions[side] = nothing
			switch {
			case key.free[side]:
				questions[side] = plans[side].freely(f.fields[side], f.key[side], &key.conditions[side], &key.forms[side])
			case key.mapped[side]:
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
