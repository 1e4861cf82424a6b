package redact

import (
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// A field may be about another person than the subject that encloses it: of a customer
// who referred her. That person has no object, so nothing wraps it on the tape. It
// begins when something of it is first found in the object of the enclosing subject,
// so that a customer whom nobody referred has no such person. What is null tells of
// nobody.
//
// Both persons decide about the field, and the stricter decision holds. When both
// replace the value and not by the same, it is withheld, as nothing is
// both: that is the most restrictive reading.

// about is what a place says of one other person.
type about struct {
	kind  int
	roles rules.Roles
	below rules.Roles // deciding members of that person below
	field bool        // the rule here is about that person
}

// others lists what a node says of other persons, by kind.
func (l *layout) others(n *rules.Node) []about {
	var out []about
	for _, o := range n.Others {
		at(&out, o.Kind).roles |= o.Roles
	}
	if n.Field >= 0 && n.Field < len(l.fields) && l.fields[n.Field].about > 0 {
		at(&out, l.fields[n.Field].about).field = true
	}
	return out
}

// at returns the entry of a kind, made in its place.
func at(list *[]about, kind int) *about {
	i, found := slices.BinarySearchFunc(*list, kind, func(a about, kind int) int { return a.kind - kind })
	if !found {
		*list = slices.Insert(*list, i, about{kind: kind})
	}
	return &(*list)[i]
}

// inherit adds what a member says to what stands below its object.
func inherit(list *[]about, member []about) {
	for _, o := range member {
		if deciding := o.roles | o.below; deciding != 0 {
			at(list, o.kind).below |= deciding
		}
	}
}

// besides returns the index of another person in the object of subject in, and begins
// it if there is none yet; negative beyond the limit, which is noted for place i.
func (d *Document) besides(i, in, kind int) int {
	if index := d.other(in, kind); index >= 0 {
		return index
	}
	if len(d.subjects) >= d.most {
		if d.crowded == 0 {
			d.crowded = i + 1
		}
		return nobody
	}
	index := len(d.subjects)
	d.subjects = append(d.subjects, Subject{Kind: kind, Parent: in, next: d.subjects[in].others})
	d.subjects[in].others = int32(index) //nolint:gosec // MaxSize bounds the number of subjects
	return index
}

// other finds a person of a kind that single fields of subject in are about; negative
// if the body tells of none.
func (d *Document) other(in, kind int) int {
	if in < 0 {
		return nobody
	}
	// No such person is the first of all subjects, so that 0 ends the list.
	for index := d.subjects[in].others; index > 0; index = d.subjects[index].next {
		if d.subjects[index].Kind == kind {
			return int(index)
		}
	}
	return nobody
}

// tells notes what the scalar at v, which stands at pl within subject in, says of other
// persons.
func (d *Document) tells(pl *place, in int, typ ScalarType, v span, escaped bool) {
	if in < 0 || typ == Null {
		return
	}
	var value Scalar
	for _, o := range pl.others {
		index := d.besides(v.from, in, o.kind)
		if index < 0 {
			return
		}
		if o.roles != 0 {
			if value.Type == Absent {
				value = d.scalar(typ, v, escaped)
			}
			d.subjects[index].decide(o.roles, value)
		}
		d.subjects[index].spoil(o.below, rules.MemberUnreachable) // they should stand in an object here
	}
}

// blocks notes that a container stands at i. open: it is an object whose members are
// named, so that what is below can still be read.
func (d *Document) blocks(i int, pl *place, in int, open bool) {
	if in < 0 {
		return
	}
	for _, o := range pl.others {
		unreachable := o.below
		if open {
			unreachable = 0
		}
		if o.roles|unreachable == 0 && (open || !o.field) {
			continue
		}
		if index := d.besides(i, in, o.kind); index >= 0 {
			d.subjects[index].spoil(o.roles, rules.TypeUnexpected)
			d.subjects[index].spoil(unreachable, rules.MemberUnreachable)
		}
	}
}

// again notes the key at i, whose member is at place child of an object. A second one
// spoils what it says of other persons: each reader picks its own. met holds the places
// of the object's members so far, from mark on.
func (d *Document) again(i, mark, child, in int) {
	c := &d.layout.places[child]
	if in < 0 || c.subject >= 0 {
		return
	}
	if !slices.Contains(d.met[mark:], child) {
		d.met = append(d.met, child)
		return
	}
	for _, o := range c.others {
		if spoilt := o.roles | o.below; spoilt != 0 {
			if index := d.besides(i, in, o.kind); index >= 0 {
				d.subjects[index].spoil(spoilt, rules.DuplicateMember)
			}
		}
	}
}

// aboutOther returns the index of the person that a field in the object of subject in is
// about besides it; negative for none.
func (d *Document) aboutOther(f, in int) int {
	if f < 0 || d.layout.fields[f].about == 0 {
		return nobody
	}
	return d.other(in, d.layout.fields[f].about)
}

// both is the action for a field that is about another person too: a is what the
// enclosing subject lets become of it.
func (e *emission) both(f int, a rules.Action) rules.Action {
	index := e.d.other(e.subject, e.d.layout.fields[f].about)
	if index < 0 {
		return rules.Action{}
	}
	actions := e.actions[index]
	if actions == nil || actions.Nothing || f >= len(actions.Fields) {
		return rules.Action{}
	}
	out := stricter(a, actions.Fields[f])
	if out.Cell && (e.d.outcomes[e.subject].small || e.d.outcomes[index].small) {
		return rules.Action{}
	}
	return out
}

// stricter is the one action that two persons let become of a value.
func stricter(a, b rules.Action) rules.Action {
	cell := a.Cell || b.Cell
	switch {
	case a.Verb == rules.Withhold || b.Verb == rules.Withhold:
		return rules.Action{}
	case a.Verb == rules.Allow:
		a = b
	case b.Verb == rules.Transform && !alike(a, b):
		return rules.Action{}
	}
	a.Cell = cell
	return a
}

// alike reports whether two transforms give the same value.
func alike(a, b rules.Action) bool {
	if a.Need != b.Need {
		return false
	}
	x, y := a.Generaliser, b.Generaliser
	return x == y || x != nil && y != nil && x.String() == y.String()
}

// personOf is whom a pseudonym for field f stands for: the value is about the other
// person.
func (e *emission) personOf(f int) int {
	if kind := e.d.layout.fields[f].about; kind > 0 && e.subject != nobody {
		return e.d.other(e.subject, kind)
	}
	return e.subject
}
